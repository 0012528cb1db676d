// The host's way from a plugin's service to a node host, with its errors, and with faults that are put in.
import type { NodeCall } from "../../../src/nodeRouter/transports/node/gateway/nodeCalls.ts";
import { ownCall } from "../../../src/nodeRouter/transports/node/gateway/ownCalls.ts";
import type { Reply, Request } from "../../../src/nodeRouter/transports/node/wire.ts";
import type { SimNodeHost } from "./simNodeHost.ts";

/** What becomes of one call. */
export type Fate =
  | "ok"
  /** The connection ends before it arrives. */
  | "loseRequest"
  /** The connection ends when it has arrived. */
  | "loseReply"
  /** The gateway hears nothing in time; the node gets it. */
  | "silence"
  /** The gateway hears nothing in time; the node gets it later than that. */
  | "late"
  /** Something changed before it was sent. */
  | "passing"
  /** The service ends: what became of it, the error does not say. */
  | "serviceEnds";

export interface NetOptions {
  readonly nonce: string;
  readonly delayMs?: number;
}

export class SimNodeNet {
  readonly host: SimNodeHost;
  isConnected = true;
  /** Of the next calls; then all are `ok`. */
  fates: Fate[] = [];
  /** While it is set, what is sent waits. */
  #cut: Promise<void> | null = null;
  #heal: () => void = () => {};
  /** Calls under way: they end with the connection. */
  readonly #pending = new Set<(error: Error) => void>();
  readonly #nonce: string;
  readonly #delayMs: number;
  calls = 0;
  /** Of a command, that the gateway has got. */
  replies = 0;
  /** Of the longest time, so far, in which it got none. */
  longestGapMs = 0;
  #lastReplyMs = performance.now();
  /** Who answers; default: the host. */
  handle: (request: Request) => Promise<Reply> = (request) => this.host.handle(request);

  constructor(host: SimNodeHost, { nonce, delayMs = 35 }: NetOptions) {
    this.host = host;
    this.#nonce = nonce;
    this.#delayMs = delayMs;
  }

  /** Packets wait until it heals; the gateway notices nothing. */
  cut(): void {
    this.#cut ??= new Promise((resolve) => {
      this.#heal = resolve;
    });
  }

  heal(): void {
    this.#heal();
    this.#cut = null;
    this.isConnected = true;
  }

  /** The gateway notices that the connection has ended. */
  disconnect(): void {
    this.isConnected = false;
    for (const fail of [...this.#pending]) fail(disconnected());
  }

  invoke = async (call: NodeCall): Promise<unknown> => {
    this.calls += 1;
    const own = ownCall({ nonce: this.#nonce }, call.nodeId, call.params);
    if (!own.isOwn) throw hostError("no", { code: own.refusal.code, nodeCommandDispatched: false });
    if (!this.isConnected) throw notConnected();
    // The wire's own shapes: what the node gets is JSON.
    const request: Request = JSON.parse(JSON.stringify(own.params));
    const fate = this.fates.shift() ?? "ok";
    if (fate === "passing")
      throw hostError("changed", { code: "ROUTE_CHANGED", nodeCommandDispatched: false });
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#pending.delete(fail);
      };
      const fail = (error: Error): void => {
        settle();
        reject(error);
      };
      const timer = setTimeout(() => fail(timedOut()), call.timeoutMs);
      this.#pending.add(fail);
      void this.#carry(request, fate, call.timeoutMs).then((reply) => {
        if (reply === "ended") fail(fate === "serviceEnds" ? new Error("access stopped") : disconnected());
        else if (reply !== "nothing") {
          if (this.#pending.has(fail) && request.op !== "hello") this.#heard();
          settle();
          resolve({ ok: true, payload: JSON.parse(reply), payloadJSON: reply });
        }
      });
    });
  };

  #heard(): void {
    this.longestGapMs = Math.max(this.longestGapMs, performance.now() - this.#lastReplyMs);
    this.#lastReplyMs = performance.now();
    this.replies += 1;
  }

  async #carry(request: Request, fate: Fate, timeoutMs: number): Promise<string> {
    await this.#way();
    if (fate === "loseRequest") return "ended";
    if (fate === "late") {
      await sleep(timeoutMs + 500);
      void this.handle(request);
      return "nothing";
    }
    if (fate === "loseReply" || fate === "serviceEnds") {
      void this.handle(request);
      return "ended";
    }
    const reply = JSON.stringify(await this.handle(request));
    await this.#way();
    return fate === "silence" ? "nothing" : reply;
  }

  async #way(): Promise<void> {
    await sleep(this.#delayMs);
    while (this.#cut !== null) await this.#cut;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** As the host throws them (OpenClaw 2026.9.6). */
export function hostError(message: string, details: object): Error {
  return Object.assign(new Error(message), { code: "UNAVAILABLE", details });
}

export const notConnected = (): Error =>
  hostError("node not connected", {
    code: "NOT_CONNECTED",
    nodeError: { code: "NOT_CONNECTED" },
    nodeCommandDispatched: false,
  });

export const timedOut = (): Error =>
  hostError("TIMEOUT: node invoke timed out", {
    nodeError: { code: "TIMEOUT" },
    nodeCommandDispatched: true,
  });

const disconnected = (): Error =>
  hostError("node disconnected", { nodeError: { code: "DISCONNECTED" }, nodeCommandDispatched: true });
