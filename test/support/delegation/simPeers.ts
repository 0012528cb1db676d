// Peers and the network to them, as a model: copies that come late, gateways that crash, and how often the task ran.
import type { PeerAttempt } from "../../../src/nodeRouter/delegation/model/delegation.ts";
import type { OutgoingEvent, SeenTask } from "../../../src/nodeRouter/delegation/model/outgoing.ts";
import type { TaskPhase } from "../../../src/nodeRouter/delegation/protocol/wire.ts";
import { refusal } from "../../../src/shared/refusal.ts";

export const REASON = refusal("PEER_UNREACHABLE", "of the test", { advice: null });

/** What becomes of one request and its answer. */
export type Wire = "ok" | "not-sent" | "lost" | "reply-lost" | "late" | "late-and-ok";

interface Kept {
  phase: TaskPhase;
  mayHaveRun: boolean;
  executions: number;
}

/** One peer that keeps to the rules of the wire. */
export class SimPeer {
  task: Kept | null = null;
  isFenced = false;
  isFull = false;
  isDown = false;
  executions = 0;
  /** The gateway is plain A2A: it forgets with a crash, and cannot be asked for a message. */
  readonly isPlain: boolean;

  constructor(isPlain = false) {
    this.isPlain = isPlain;
  }

  send(acceptBeforeMs: number | null, nowMs: number): OutgoingEvent {
    if (this.task !== null && !this.isPlain) return this.#seen(this.task);
    if (this.isFenced || this.isFull || (acceptBeforeMs !== null && nowMs >= acceptBeforeMs))
      return { is: "refused", reason: REASON, isForEver: this.isFenced };
    this.task = { phase: "accepted", mayHaveRun: false, executions: 0 };
    return this.#seen(this.task);
  }

  find(): OutgoingEvent {
    if (this.task !== null) return this.#seen(this.task);
    return { is: this.isFenced ? "fenced" : "never-seen" };
  }

  fence(): OutgoingEvent {
    if (this.task === null) this.isFenced = true;
    return this.find();
  }

  poll(): OutgoingEvent {
    return this.task === null ? { is: "gone", reason: REASON } : this.#seen(this.task);
  }

  cancel(): OutgoingEvent {
    if (this.task !== null && !isOver(this.task.phase)) this.task.phase = "canceled";
    return this.poll();
  }

  /** One step of its own. */
  work(): void {
    const { task } = this;
    if (task === null || this.isDown || isOver(task.phase)) return;
    if (task.phase === "accepted") {
      task.phase = "working";
      task.mayHaveRun = true;
      this.executions += 1;
    } else task.phase = "completed";
  }

  crash(): void {
    if (this.isPlain) this.task = null;
    else if (this.task?.phase === "working") this.task.phase = "interrupted";
  }

  #seen({ phase, mayHaveRun }: Kept): OutgoingEvent {
    const result = phase === "completed" ? "the result" : null;
    const task: SeenTask = {
      taskId: "task",
      phase,
      mayHaveRun,
      startedAtMs: mayHaveRun ? 1 : null,
      result,
      reason: null,
      ran: [],
      tokens: null,
    };
    return { is: "task", task };
  }
}

function isOver(phase: TaskPhase): boolean {
  return phase !== "accepted" && phase !== "starting" && phase !== "working";
}

type Ask = "send" | "find" | "fence" | "poll" | "cancel";

/** The ways to all peers. Copies of requests that are under way wait here. */
export class SimPeerNet {
  readonly #late: (() => void)[] = [];

  ask(what: Ask, peer: SimPeer, attempt: PeerAttempt, wire: Wire, now: () => number): OutgoingEvent {
    const silent: OutgoingEvent = { is: "silent", reason: REASON };
    if (peer.isDown || wire === "not-sent") return { is: "not-sent", reason: REASON };
    const deliver = (): OutgoingEvent => {
      if (peer.isDown) return silent;
      return what === "send" ? peer.send(attempt.acceptBeforeMs, now()) : peer[what]();
    };
    switch (wire) {
      case "ok":
        return deliver();
      case "lost":
        return silent;
      case "reply-lost":
        deliver();
        return silent;
      case "late":
        this.#late.push(deliver);
        return silent;
      case "late-and-ok": {
        const answer = deliver();
        // One that was answered with a no has no second copy: TCP hands over once what it carries.
        if (answer.is === "task") this.#late.push(deliver);
        return answer;
      }
    }
  }

  /** A copy arrives after all; what it is answered with nobody hears. */
  arrive(which: number): void {
    this.#late.splice(which % Math.max(1, this.#late.length), 1)[0]?.();
  }

  arriveAll(): void {
    for (const deliver of this.#late.splice(0)) deliver();
  }
}
