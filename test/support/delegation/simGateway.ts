// A peer's gateway as its client sees it: the protocol's own words over a simulated peer, and a wire that fails.
import type { ConfiguredPeer } from "../../../src/config/resolvePeers.ts";
import type { PeerAnswer, PeerClient } from "../../../src/nodeRouter/delegation/carrier/peerClient.ts";
import type { OutgoingEvent, SeenTask } from "../../../src/nodeRouter/delegation/model/outgoing.ts";
import { RPC } from "../../../src/nodeRouter/delegation/protocol/rpc.ts";
import { writeTask } from "../../../src/nodeRouter/delegation/protocol/task.ts";
import { EXTENSION } from "../../../src/nodeRouter/delegation/protocol/wire.ts";
import { fieldOf } from "../../../src/shared/jsonParts.ts";
import { REASON, SimPeer, type Wire } from "./simPeers.ts";

/** One peer, which keeps a task for each message. */
export class SimGateway {
  readonly name: string;
  readonly id: string;
  /** What the next requests meet, in order; then all is well. */
  readonly wires: Wire[] = [];
  /** Methods that came in, in order. */
  readonly asked: string[] = [];
  /** Params of each `SendMessage`. */
  readonly sent: unknown[] = [];
  readonly peers = new Map<string, SimPeer>();
  /** Copies that are still under way. */
  readonly late: (() => void)[] = [];
  /** Of all new peers. */
  readonly isPlain: boolean;
  /** Beyond `wires`, every request is lost. */
  isCut = false;
  isFull = false;
  isDown = false;
  /** Nothing goes on: tasks stay where they are. */
  isSlow = false;
  /** Since when it remembers. */
  sinceMs = 0;
  readonly #now: () => number;

  constructor(name: string, now: () => number, isPlain = false) {
    this.name = name;
    this.id = `gw-${name}`;
    this.#now = now;
    this.isPlain = isPlain;
  }

  executions(): number {
    return [...this.peers.values()].reduce((sum, { executions }) => sum + executions, 0);
  }

  config(): ConfiguredPeer {
    return {
      name: this.name,
      way: { kind: "url", url: "http://127.0.0.1" },
      token: "t".repeat(32),
      tags: new Map(),
      location: null,
      agents: null,
      protocol: this.isPlain ? "a2a" : "node-router",
      accept: null,
    };
  }

  readonly client: PeerClient = {
    call: async (method, params, { signal }) => {
      await new Promise((resolve) => setImmediate(resolve));
      const wire = this.wires.shift() ?? (this.isCut ? "lost" : "ok");
      if (this.isDown || wire === "not-sent") return { is: "not-sent", why: REASON };
      if (signal?.aborted) return { is: "no-answer", why: REASON };
      if (wire === "lost") return { is: "no-answer", why: REASON };
      if (wire === "late") {
        this.late.push(() => void this.#answer(method, params));
        return { is: "no-answer", why: REASON };
      }
      const answer = this.#answer(method, params);
      return wire === "reply-lost" ? { is: "no-answer", why: REASON } : answer;
    },
    close() {},
  };

  #answer(method: string, params: unknown): PeerAnswer {
    this.asked.push(method);
    if (method === "SendMessage") this.sent.push(params);
    const message = fieldOf(fieldOf(params, "message"), "messageId") ?? fieldOf(params, "messageId");
    const id = String(message ?? String(fieldOf(params, "id")).replace(/^task-/, ""));
    const peer = this.peers.get(id) ?? new SimPeer(this.isPlain);
    this.peers.set(id, peer);
    peer.isFull = this.isFull;
    const before = fieldOf(fieldOf(fieldOf(params, "metadata"), EXTENSION), "acceptBeforeMs");
    const answers: Readonly<Record<string, () => OutgoingEvent>> = {
      SendMessage: () => peer.send(typeof before === "number" ? before : null, this.#now()),
      GetTask: () => {
        if (!this.isSlow) peer.work();
        return peer.poll();
      },
      CancelTask: () => peer.cancel(),
      "node-router/FindTask": () => peer.find(),
      "node-router/FenceMessage": () => peer.fence(),
    };
    const event = answers[method]?.();
    const isSearch = method.includes("/");
    switch (event?.is) {
      case "task":
        return this.#result(
          isSearch ? { found: "task", task: this.#task(id, event.task) } : this.#task(id, event.task),
        );
      case "refused":
        return {
          is: "rejected",
          rpcCode: RPC.rejected,
          reason: event.isForEver ? "FENCED" : "FULL",
          message: "no",
        };
      case "gone":
        return { is: "rejected", rpcCode: RPC.taskNotFound, reason: "TASK_NOT_FOUND", message: "no" };
      case "never-seen":
      case "fenced": {
        const found = event.is === "fenced" ? "fenced" : "unknown";
        return this.#result({ found, gateway: this.id, sinceMs: this.sinceMs, nowMs: this.#now() });
      }
      default:
        return { is: "rejected", rpcCode: RPC.method, reason: null, message: "no such method" };
    }
  }

  #task(
    messageId: string,
    { phase, mayHaveRun, startedAtMs, result, reason, ran, tokens }: SeenTask,
  ): object {
    const nowMs = this.#now();
    const facts = {
      messageId,
      gateway: this.id,
      phase,
      mayHaveRun,
      acceptedAtMs: 1,
      startedAtMs,
      reason,
      ran,
      tokens,
    };
    const extension = { ...facts, endedAtMs: null, nowMs };
    return writeTask({ id: `task-${messageId}`, context: "c", extension, result, asked: null });
  }

  #result(result: unknown): PeerAnswer {
    return { is: "result", result, rttMs: 1 };
  }
}
