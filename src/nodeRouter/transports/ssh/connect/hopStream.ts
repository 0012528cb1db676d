// A stream to one machine: a TCP connection, or a channel through the jump host before it.
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { connectFailure, type Failure, forwardFailure } from "./failure.ts";
import type { HopRequest } from "./options.ts";
import { step } from "./steps.ts";
import { openTcp } from "./tcp.ts";

export type OpenedStream = { readonly ok: true; readonly stream: Duplex } | Failure;

/** Notes its steps. Never rejects. The stream has a listener for errors. */
export function openStream(request: HopRequest): Promise<OpenedStream> {
  return request.via === null ? openSocket(request) : openForward(request, request.via);
}

async function openSocket({ hop, place, env, limits, steps }: HopRequest): Promise<OpenedStream> {
  const { tcpTimeoutMs: timeoutMs, signal } = limits;
  const result = await openTcp({ host: hop.host, port: hop.port, timeoutMs, signal, now: env.now });
  const { lookupMs, totalMs } = result;
  const note = (name: "resolve" | "tcp", ok: boolean, ms: number, detail: string) =>
    void steps.push(step(hop.name, name, ok, ms, detail));
  if (result.ok) {
    note("resolve", true, lookupMs ?? 0, result.address ?? hop.host);
    note("tcp", true, totalMs - (lookupMs ?? 0), `port ${hop.port}`);
    return { ok: true, stream: result.socket };
  }
  const failure = connectFailure(place, result.why, result.error, timeoutMs);
  if (lookupMs === null) note("resolve", false, totalMs, failure.message);
  else {
    note("resolve", true, lookupMs, result.address ?? hop.host);
    note("tcp", false, totalMs - lookupMs, failure.message);
  }
  return { ...failure, tcpReached: false };
}

async function openForward(
  { hop, place, env, limits, steps }: HopRequest,
  via: { readonly client: Client; readonly name: string },
): Promise<OpenedStream> {
  const { tcpTimeoutMs: timeoutMs, signal } = limits;
  const startedMs = env.now();
  const { promise, resolve } = Promise.withResolvers<OpenedStream>();
  let isOver = false;
  const timer = setTimeout(() => resolve(connectFailure(place, "timeout", null, timeoutMs)), timeoutMs);
  const onAbort = () => resolve(connectFailure(place, "aborted", null, timeoutMs));
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    via.client.forwardOut("127.0.0.1", 0, hop.host, hop.port, (error, channel) => {
      if (error) {
        resolve(forwardFailure(place, via.name, error));
        return;
      }
      channel.on("error", () => undefined);
      if (isOver) channel.destroy();
      else resolve({ ok: true, stream: channel });
    });
  } catch (error) {
    resolve(forwardFailure(place, via.name, error instanceof Error ? error : new Error(String(error))));
  }
  const result = await promise;
  isOver = true;
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
  const detail = result.ok ? `port ${hop.port} through ${via.name}` : result.message;
  steps.push(step(hop.name, "tcp", result.ok, env.now() - startedMs, detail));
  return result;
}
