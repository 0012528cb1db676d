// A stream to one machine: a TCP connection, a channel through the jump host before it, or a ProxyCommand.
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { refusalLine } from "../../../../shared/refusal.ts";
import { withMore } from "./base/hopRefusal.ts";
import { step } from "./base/steps.ts";
import { connectFailure, type Failure, forwardFailure } from "./failure.ts";
import { openProxy } from "./net/proxyCommand.ts";
import { openTcp } from "./net/tcp.ts";
import type { HopRequest } from "./options.ts";

export type OpenedStream =
  | {
      readonly ok: true;
      readonly stream: Duplex;
      /** What a ProxyCommand had to say, for a failure; absent without one. */
      readonly lastWords?: () => Promise<string>;
    }
  | Failure;

/** Notes its steps. Never rejects. The stream has a listener for errors. */
export function openStream(request: HopRequest): Promise<OpenedStream> {
  if (request.via !== null) return openForward(request, request.via);
  const { proxyCommand } = request.hop;
  return proxyCommand === null ? openSocket(request) : Promise.resolve(openCommand(request, proxyCommand));
}

/** That it runs says nothing yet of whether it connects. */
function openCommand({ hop, env, steps }: HopRequest, command: string): OpenedStream {
  const { stream, lastWords } = openProxy(command, env.variables);
  steps.push(step(hop.name, "tcp", true, 0, `ProxyCommand ${command}`));
  return { ok: true, stream, lastWords };
}

async function openSocket({ hop, place, env, limits, steps }: HopRequest): Promise<OpenedStream> {
  const { signal, redialMs } = limits;
  const timeoutMs = hop.network.connectTimeoutMs ?? limits.tcpTimeoutMs;
  const { family, localAddress } = hop.network;
  const { host, port } = hop;
  const result = await openTcp({
    host,
    port,
    family,
    localAddress,
    timeoutMs,
    redialMs,
    signal,
    now: env.now,
  });
  const { lookupMs, totalMs } = result;
  const note = (name: "resolve" | "tcp", ok: boolean, ms: number, detail: string) =>
    void steps.push(step(hop.name, name, ok, ms, detail));
  if (result.ok) {
    note("resolve", true, lookupMs ?? 0, result.address ?? hop.host);
    note("tcp", true, totalMs - (lookupMs ?? 0), `port ${hop.port}`);
    return { ok: true, stream: result.socket };
  }
  const failure = connectFailure(place, result.why, result.error, timeoutMs);
  if (lookupMs === null) note("resolve", false, totalMs, refusalLine(failure));
  else {
    note("resolve", true, lookupMs, result.address ?? hop.host);
    note("tcp", false, totalMs - lookupMs, refusalLine(failure));
  }
  return { ...failure, tcpReached: false };
}

async function openForward(
  { hop, place, env, limits, steps }: HopRequest,
  via: { readonly client: Client; readonly name: string },
): Promise<OpenedStream> {
  const { signal } = limits;
  const timeoutMs = hop.network.connectTimeoutMs ?? limits.tcpTimeoutMs;
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
  const detail = result.ok ? `port ${hop.port} through ${via.name}` : refusalLine(result);
  steps.push(step(hop.name, "tcp", result.ok, env.now() - startedMs, detail));
  return result;
}

/** The failure of what was tried over the stream, with what its ProxyCommand had to say. */
export async function withLastWords(failure: Failure, opened: OpenedStream): Promise<Failure> {
  if (!opened.ok || opened.lastWords === undefined) return failure;
  return withMore(failure, `; ${await opened.lastWords()}`);
}
