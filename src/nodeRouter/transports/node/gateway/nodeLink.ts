// One paired node as its commands share it: which node host answers there, and when it is back after a silence.
import { within } from "../../../../shared/deadline.ts";
import { isRecord } from "../../../../shared/isRecord.ts";
import { readJson } from "../../../../shared/jsonParts.ts";
import type { HelloResult } from "../../nodeTransport.ts";
import { MAX_WAIT_MS, type Request, WORKSPACE_COMMAND } from "../wire.ts";
import { type Delivery, deliveryOfFault } from "./delivery.ts";
import type { NodeCalls } from "./nodeCalls.ts";
import { noAnswer, otherProtocol, unreadableNode, unsentRefusal } from "./nodeRefusals.ts";
import { readReply } from "./readReply.ts";

/** Beyond what a request waits for on the node: a round trip, and a gateway that is busy. */
const ANSWER_MS = 10_000;
/** A reload of the plugin leaves a gap of 0.3 to 1.6 s on two cores. */
const GAP_MS = 5_000;
/** A slow link carries so much in a second. */
const BYTES_PER_SECOND = 1 << 16;
/** From one question to a node that is away to the next; the first comes at once. */
const PAUSES_MS = [0, 1_000, 2_000];
const MAX_PAUSE_MS = 4_000;
const HELLO_MS = 5_000;

export interface AskOptions {
  /** ms that the node may wait before it answers. */
  readonly waitMs?: number;
  /** Bytes of input in it. */
  readonly bytes?: number;
  /** Bytes of output in the answer, at most. */
  readonly max?: number;
  readonly sessionKey?: string | undefined;
  /** Instead of what follows from the others. */
  readonly timeoutMs?: number;
}

export class NodeLink {
  /** Commands that are running or about to. */
  running = 0;
  readonly #nodeId: string;
  readonly #calls: NodeCalls;
  #boot: string | null = null;
  #asking: Promise<HelloResult> | null = null;
  #back: Promise<void> | null = null;
  #waiting = 0;

  constructor(nodeId: string, calls: NodeCalls) {
    this.#nodeId = nodeId;
    this.#calls = calls;
  }

  /** One request, once. Never rejects. */
  async ask(request: Request, options: AskOptions = {}): Promise<Delivery> {
    const { waitMs = 0, bytes = 0, max = 0, sessionKey } = options;
    const { timeoutMs = waitMs + ANSWER_MS + Math.ceil((bytes / BYTES_PER_SECOND) * 1_000) } = options;
    const invoke = await this.#calls.wait(Math.min(GAP_MS, timeoutMs));
    if (invoke === null) return { kind: "unsent", why: "passing", fact: "node-router is being reloaded" };
    const beganMs = performance.now();
    try {
      const answer: unknown = await within(
        invoke({
          nodeId: this.#nodeId,
          command: WORKSPACE_COMMAND,
          params: { ...request, nonce: this.#calls.nonce },
          timeoutMs,
          ...(sessionKey === undefined || sessionKey === "" ? {} : { sessionKey }),
        }),
        // The host's own limit comes first when it works.
        timeoutMs + 2_000,
        "the gateway gave no answer",
      );
      const reply = readReply(payloadOf(answer), max);
      return reply === null
        ? { kind: "garbled" }
        : { kind: "answer", reply, ms: performance.now() - beganMs };
    } catch (error) {
      return deliveryOfFault(error);
    }
  }

  /** Asks anew. Never rejects. */
  async hello(name: string, timeoutMs: number): Promise<HelloResult> {
    const delivery = await this.ask({ op: "hello" }, { timeoutMs });
    switch (delivery.kind) {
      case "unsent": {
        const isMissing = delivery.why === "missing" || delivery.why === "barred";
        return { kind: isMissing ? "none" : "unknown", ...unsentRefusal(name, delivery) };
      }
      case "lost":
        return { kind: "unknown", ...noAnswer(name, delivery.fact) };
      case "garbled":
        return { kind: "none", ...unreadableNode(name) };
      case "answer": {
        const { reply, ms } = delivery;
        if (reply.kind === "other") return { kind: "none", ...otherProtocol(name, reply) };
        if (reply.kind !== "hello") return { kind: "none", ...unreadableNode(name) };
        this.#boot = reply.boot;
        return { kind: "here", hello: reply, rttMs: ms };
      }
    }
  }

  /** From which public address the service at `url` sees the node; null: not known. Never rejects. */
  async publicAddress(url: string): Promise<string | null> {
    const delivery = await this.ask({ op: "address", url }, { waitMs: MAX_WAIT_MS });
    return delivery.kind === "answer" && delivery.reply.kind === "address" ? delivery.reply.address : null;
  }

  /** The node host that answers there, as it was last heard of; asked for where that was never, or is no more. */
  async host(name: string): Promise<NodeHost | Exclude<HelloResult, { kind: "here" }>> {
    if (this.#boot !== null) return { kind: "host", boot: this.#boot };
    this.#asking ??= this.hello(name, ANSWER_MS).finally(() => {
      this.#asking = null;
    });
    const said = await this.#asking;
    return said.kind === "here" ? { kind: "host", boot: said.hello.boot } : said;
  }

  /** Another one answers there now. */
  forgetHost(boot: string): void {
    if (this.#boot === boot) this.#boot = null;
  }

  /**
   * Resolves when the node answers again; false: it did not before `ms` had passed. All who wait share one question, as
   * the gateway writes lines into its log for each.
   */
  async back(ms: number): Promise<boolean> {
    this.#waiting += 1;
    this.#back ??= this.#untilBack().finally(() => {
      this.#back = null;
    });
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(resolve, Math.max(0, ms), false).unref();
    try {
      return await Promise.race([this.#back.then(() => true), late]);
    } finally {
      clearTimeout(timer);
      this.#waiting -= 1;
    }
  }

  /** Ends when nobody waits any more, too. */
  async #untilBack(): Promise<void> {
    let beganMs = 0;
    for (let tries = 0; this.#waiting > 0; tries++) {
      // One that was not answered for seconds has waited already.
      await pause(Math.max(0, beganMs + (PAUSES_MS[tries] ?? MAX_PAUSE_MS) - performance.now()));
      beganMs = performance.now();
      const { kind } = await this.ask({ op: "hello" }, { timeoutMs: HELLO_MS });
      if (kind === "answer" || kind === "garbled") return;
    }
  }
}

/** Who a command is meant for. */
export interface NodeHost {
  readonly kind: "host";
  readonly boot: string;
}

/** ms */
export function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** The host gives what the node answered as a value or as its text. */
function payloadOf(answer: unknown): unknown {
  if (!isRecord(answer)) return null;
  const { payload, payloadJSON } = answer;
  return payload ?? (typeof payloadJSON === "string" ? readJson(payloadJSON) : null);
}
