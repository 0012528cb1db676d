// The way to a peer's gateway over SSH: one connection of its own, with nothing on it but forwards to the gateway's port.
import { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { messageOf } from "../../../shared/errors.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { connect, resolveTarget } from "../../transports/ssh/client.ts";
import type { ConnectEnv } from "../../transports/ssh/connect/base/env.ts";
import { sever } from "../../transports/ssh/connect/bounds/guard.ts";
import type { OpenedLine, Road } from "./road.ts";
import { unreachable } from "./urlRoad.ts";

/** Silence is noticed after 6 to 9 s. */
const OPTIONS = {
  tcpTimeoutMs: 5_000,
  handshakeTimeoutMs: 10_000,
  keepaliveIntervalMs: 3_000,
  keepaliveCountMax: 2,
} as const;

export interface SshRoadOptions {
  /** For words. */
  readonly peer: string;
  /** Asked at each connection; null: there is none of that name any more. */
  readonly node: () => ConfiguredNode | null;
  /** Of the peer's gateway, on its loopback. */
  readonly port: number;
  readonly env: () => ConnectEnv;
}

type Reached = { readonly ok: true; readonly client: Client } | { readonly ok: false; readonly why: Refusal };

/** Connects at the first `open`, and again after a loss. */
export function sshRoad({ peer, node, port, env }: SshRoadOptions): Road {
  let reaching: Promise<Reached> | null = null;
  let given = new AbortController();

  const reach = async (signal: AbortSignal): Promise<Reached> => {
    const to = node();
    if (to === null) {
      const fact = `peer ${quote(peer)} is reached by a node that plugins.entries.node-router.config.nodes does not have`;
      return { ok: false, why: refusal("PEER_UNREACHABLE", fact, { advice: "mend its ssh" }) };
    }
    const here = env();
    const resolved = await resolveTarget(to, here, signal);
    if (!resolved.ok) return { ok: false, why: unreachable(peer, resolved) };
    const connected = await connect(resolved.target, here, { ...OPTIONS, signal });
    return connected.ok ? connected : { ok: false, why: unreachable(peer, connected) };
  };

  /** The one connection, for all who ask at the same time. */
  const client = (): Promise<Reached> => {
    if (reaching !== null) return reaching;
    const mine = reach(given.signal).catch(
      (error: unknown): Reached => ({ ok: false, why: lost(peer, messageOf(error)) }),
    );
    reaching = mine;
    const forget = (): void => {
      if (reaching === mine) reaching = null;
    };
    void mine.then((reached) => {
      if (!reached.ok) return forget();
      const end = (): void => {
        forget();
        sever(reached.client);
      };
      reached.client.on("error", end);
      reached.client.once("close", end);
    });
    return mine;
  };

  return {
    host: `127.0.0.1:${port}`,
    async open(signal) {
      const reached = await orGivenUp(client(), signal);
      if (reached === null) return { ok: false, why: lost(peer, "no connection in time") };
      return reached.ok ? forward(peer, reached.client, port, signal) : reached;
    },
    close() {
      const before = reaching;
      reaching = null;
      given.abort();
      given = new AbortController();
      void before?.then((reached) => {
        if (reached.ok) sever(reached.client);
      });
    },
  };
}

function lost(peer: string, fact: string): Refusal {
  return refusal("PEER_UNREACHABLE", `peer ${quote(peer)} cannot be reached: ${safe(fact.slice(0, 200))}`);
}

/** Null: aborted before. */
function orGivenUp<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value | null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(null);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

async function forward(peer: string, client: Client, port: number, signal: AbortSignal): Promise<OpenedLine> {
  const opening = new Promise<OpenedLine>((resolve) => {
    client.once("close", () => resolve({ ok: false, why: lost(peer, "its SSH connection was lost") }));
    try {
      client.forwardOut("127.0.0.1", 0, "127.0.0.1", port, (error, channel) => {
        if (error) {
          const fact = `peer ${quote(peer)} cannot be reached: its SSH server does not lead to 127.0.0.1:${port} (${safe(error.message.slice(0, 200))})`;
          const advice = "see whether its gateway is up, and whether its sshd allows forwarding to that port";
          resolve({ ok: false, why: refusal("PEER_UNREACHABLE", fact, { advice }) });
        } else resolve({ ok: true, stream: new Line(channel, client) });
      });
    } catch (error) {
      resolve({ ok: false, why: lost(peer, messageOf(error)) });
    }
  });
  const opened = await orGivenUp(opening, signal);
  if (opened !== null) return opened;
  // It comes too late for whoever asked.
  void opening.then((late) => {
    if (late.ok) late.stream.destroy();
  });
  return { ok: false, why: lost(peer, "no connection in time") };
}

/** A channel as the HTTP client wants a socket: it ends at once when it is destroyed, whatever the other side does. */
class Line extends Duplex {
  readonly #channel: ClientChannel;
  #idle: NodeJS.Timeout | undefined;

  constructor(channel: ClientChannel, client: Client) {
    super({ allowHalfOpen: false });
    this.#channel = channel;
    channel.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.once("end", () => this.push(null));
    channel.on("error", (error: Error) => this.destroy(error));
    const onClose = (): void => void this.destroy();
    channel.once("close", onClose);
    client.once("close", onClose);
    this.once("close", () => client.off("close", onClose));
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Read to its end, or else it never tells that it closed.
    this.#channel.resume();
    this.#channel.close();
    clearTimeout(this.#idle);
    done(error);
  }

  /** Of an idle one alone: the client ends it before the server does. */
  setTimeout(ms: number): this {
    clearTimeout(this.#idle);
    if (ms > 0) this.#idle = setTimeout(() => this.emit("timeout"), ms).unref();
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
