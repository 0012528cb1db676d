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
  /**
   * Dials once more after each so many ms, and takes whichever connects first; null: dials once. TCP itself asks again
   * after a second: too late where a link that heals is waited for.
   */
  readonly redialMs?: number | null;
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
  const { host, port, family, localAddress, timeoutMs, redialMs = null, signal, now } = request;
  const startedMs = now();
  // An address is not looked up.
  let [lookupMs, address]: [number | null, string | null] = isIP(host) === 0 ? [null, null] : [0, host];
  const { promise, resolve } = Promise.withResolvers<TcpResult>();
  const dials: Socket[] = [];
  const times = (): TcpTimes => ({ lookupMs, totalMs: now() - startedMs, address });
  const fail = (why: "error" | "timeout" | "aborted", error: Error | null) => {
    for (const socket of dials) socket.destroy();
    resolve({ ok: false, why, error, ...times() });
  };
  const dial = (to: string): void => {
    // ssh2 leaves Nagle's algorithm on, which costs every small packet a round trip.
    const socket = connect({
      host: to,
      port,
      noDelay: true,
      family,
      ...(localAddress === null ? {} : { localAddress }),
    });
    dials.push(socket);
    // Stays for good: ssh2 adds its own, and none of them may be the last to go.
    socket.on("error", (error: Error) => fail("error", error));
    socket.once("lookup", (error: Error | null, found: string) => {
      if (error || lookupMs !== null) return;
      lookupMs = now() - startedMs;
      address = found;
    });
    socket.once("connect", () => {
      for (const other of dials) if (other !== socket) other.destroy();
      address = socket.remoteAddress ?? address;
      resolve({ ok: true, socket, ...times() });
    });
  };
  dial(host);
  const timer = setTimeout(() => fail("timeout", null), timeoutMs);
  // A name that takes its time is not asked for again: each question holds one of the process' few threads.
  const redial =
    redialMs === null ? undefined : setInterval(() => address !== null && dial(address), redialMs);
  const onAbort = () => fail("aborted", null);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    clearInterval(redial);
    signal?.removeEventListener("abort", onAbort);
  });
}
