// One TCP connection with a deadline and without Nagle's delay.
import { connect, isIP, type Socket } from "node:net";

export interface TcpRequest {
  readonly host: string;
  readonly port: number;
  /** 0 = either kind. */
  readonly family: 0 | 4 | 6;
  /** Null = the system chooses. */
  readonly localAddress: string | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly now: () => number;
}

export interface TcpTimes {
  /** Until the name was resolved; 0 for an address, null when it never was. */
  readonly lookupMs: number | null;
  /** In all. */
  readonly totalMs: number;
  /** Where it leads; null when the name was not resolved. */
  readonly address: string | null;
}

export type TcpResult =
  | (TcpTimes & { readonly ok: true; readonly socket: Socket })
  | (TcpTimes & {
      readonly ok: false;
      readonly why: "error" | "timeout" | "aborted";
      readonly error: Error | null;
    });

/** Never rejects. A socket that is not handed out is destroyed. */
export function openTcp(request: TcpRequest): Promise<TcpResult> {
  const { host, port, family, localAddress, timeoutMs, signal, now } = request;
  const startedMs = now();
  // An address is not looked up.
  let [lookupMs, address]: [number | null, string | null] = isIP(host) === 0 ? [null, null] : [0, host];
  const { promise, resolve } = Promise.withResolvers<TcpResult>();
  // ssh2 leaves Nagle's algorithm on, which costs every small packet a round trip.
  const socket = connect({
    host,
    port,
    noDelay: true,
    family,
    ...(localAddress === null ? {} : { localAddress }),
  });
  const times = (): TcpTimes => ({ lookupMs, totalMs: now() - startedMs, address });
  const fail = (why: "error" | "timeout" | "aborted", error: Error | null) => {
    socket.destroy();
    resolve({ ok: false, why, error, ...times() });
  };
  const timer = setTimeout(() => fail("timeout", null), timeoutMs);
  const onAbort = () => fail("aborted", null);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  // Stays for good: ssh2 adds its own, and none of them may be the last to go.
  socket.on("error", (error: Error) => fail("error", error));
  socket.once("lookup", (error: Error | null, found: string) => {
    if (error || lookupMs !== null) return;
    lookupMs = now() - startedMs;
    address = found;
  });
  socket.once("connect", () => {
    address = socket.remoteAddress ?? address;
    resolve({ ok: true, socket, ...times() });
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}
