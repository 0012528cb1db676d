// A delegation under random faults: messages lost, late and twice, peers and this gateway that crash, time that passes.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Delegation } from "../../../../src/nodeRouter/delegation/model/delegation.ts";
import {
  advance,
  isEnded,
  nextAction,
  type OutgoingEvent,
  triedPeers,
} from "../../../../src/nodeRouter/delegation/model/outgoing.ts";
import { refusal } from "../../../../src/shared/refusal.ts";
import { makeDelegation } from "../../../support/delegation/makeDelegation.ts";
import { REASON, SimPeer, SimPeerNet, type Wire } from "../../../support/delegation/simPeers.ts";

const KEEP_MS = 7 * 86_400_000;

const WRITTEN_OFF = refusal("OUTCOME_UNKNOWN", "gw-sg was replaced, says alice");

type Step =
  | { readonly do: "act"; readonly wire: Wire }
  | { readonly do: "arrive"; readonly which: number }
  | { readonly do: "work" | "crash" | "down" | "up" | "full" | "room"; readonly peer: number }
  | { readonly do: "restart" | "cancel" | "write-off" }
  | { readonly do: "time"; readonly ms: number };

const wire = fc.constantFrom<Wire>("ok", "ok", "ok", "not-sent", "lost", "reply-lost", "late", "late-and-ok");
const peerStep = fc.constantFrom("work", "work", "work", "crash", "down", "up", "full", "room");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("act" as const), wire }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("arrive" as const), which: fc.nat(5) }) },
  { weight: 6, arbitrary: fc.record({ do: peerStep, peer: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("restart", "cancel", "write-off") }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.constantFrom(1_000, 16_000, 60_000) }),
  },
);

class Sim {
  readonly net = new SimPeerNet();
  readonly peers: readonly SimPeer[];
  record: Delegation = makeDelegation();
  nowMs = 0;
  readonly #acceptMs: number | null;
  readonly #which: "all" | "barred";

  constructor(plain: readonly boolean[], queues: boolean) {
    this.peers = plain.map((isPlain) => new SimPeer(isPlain));
    this.#acceptMs = queues ? null : 15_000;
    this.#which = queues ? "barred" : "all";
  }

  at(peer: string | number): SimPeer {
    const found = this.peers[Number(peer) % this.peers.length];
    if (found === undefined) throw new Error("no such peer");
    return found;
  }

  on(event: OutgoingEvent): void {
    const { state } = this.record;
    this.record = advance(this.record, event, this.nowMs);
    if (isEnded({ state })) expect(this.record.state, "an end stays").toBe(state);
  }

  act(wire: Wire): void {
    const action = nextAction(this.record, this.nowMs, KEEP_MS);
    switch (action.do) {
      case "nothing":
      case "wait":
        return;
      case "give-up":
        this.on({ is: "given-up", reason: REASON });
        return;
      case "choose": {
        const tried = triedPeers(this.record, this.#which);
        const free = this.peers.findIndex((_, index) => !tried.has(String(index)));
        if (free === -1) this.on({ is: "no-peer", reason: REASON, isFinal: true });
        else {
          const acceptBeforeMs = this.#acceptMs === null ? null : this.nowMs + this.#acceptMs;
          const { isPlain: weaker } = this.at(free);
          const chosen = { agent: "worker-sg", rule: "sg-work", gateway: null, clockOffsetMs: 0 };
          this.on({ is: "chosen", peer: String(free), weaker, acceptBeforeMs, ...chosen });
        }
        return;
      }
      default: {
        const asked = this.at(action.peer);
        const event = this.net.ask(action.do, asked, action.attempt, wire, () => this.nowMs);
        this.on(event);
      }
    }
  }

  do(one: Step): void {
    switch (one.do) {
      case "act":
        this.act(one.wire);
        break;
      case "arrive":
        this.net.arrive(one.which);
        break;
      case "work":
      case "crash":
        this.at(one.peer)[one.do]();
        break;
      case "down":
      case "up":
        if (one.do === "down") this.at(one.peer).crash();
        this.at(one.peer).isDown = one.do === "down";
        break;
      case "full":
      case "room":
        this.at(one.peer).isFull = one.do === "full";
        break;
      case "restart":
        this.on({ is: "recovered", keepMs: KEEP_MS });
        break;
      case "cancel":
        this.on({ is: "cancel" });
        break;
      case "write-off": {
        const { state } = this.record;
        this.on({ is: "written-off", reason: WRITTEN_OFF, isGone: false });
        if (state !== "unknown") expect(this.record.state, "what somebody has, or nobody").toBe(state);
        break;
      }
      case "time":
        this.nowMs += one.ms;
    }
    this.check();
  }

  executions(): number {
    return this.peers.reduce((sum, { executions }) => sum + executions, 0);
  }

  check(): void {
    expect(this.executions(), "over all peers").toBeLessThanOrEqual(1);
    const { mayHaveRun, state, peer } = this.record;
    if (!mayHaveRun) expect(this.executions(), `${state}: it says that nothing ran`).toBe(0);
    for (const [index, { task }] of this.peers.entries()) {
      if (String(index) !== peer) expect(task, "a peer that was left has none of it").toBeNull();
    }
  }

  /** All is well again, for as long as it takes. */
  heal(): void {
    for (const peer of this.peers) {
      peer.isDown = false;
      peer.isFull = false;
    }
    for (let round = 0; round < 40 && !isEnded(this.record); round += 1) {
      this.act("ok");
      for (const peer of this.peers) peer.work();
      this.nowMs += 1_000;
      this.check();
    }
    this.net.arriveAll();
    for (const peer of this.peers) for (let more = 0; more < 3; more += 1) peer.work();
    this.check();
  }
}

describe("a delegation to peers that keep to the protocol", () => {
  const runs = fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    queues: fc.boolean(),
    steps: fc.array(step, { maxLength: 60 }),
  });

  test("runs at most once over all of them, ends when they can be asked, and hands over the result that there is", () => {
    fc.assert(
      fc.property(runs, ({ count, queues, steps }) => {
        const sim = new Sim(
          Array.from({ length: count }, () => false),
          queues,
        );
        for (const one of steps) sim.do(one);
        sim.heal();
        expect(isEnded(sim.record), JSON.stringify(sim.record)).toBe(true);
        if (sim.record.reason === WRITTEN_OFF) {
          expect(sim.record).toMatchObject({ state: "lost", mayHaveRun: true });
          return;
        }
        expect(sim.record.state).not.toBe("lost");
        const done = sim.peers.find(({ task }) => task?.phase === "completed");
        if (done !== undefined)
          expect(sim.record).toMatchObject({ state: "completed", result: "the result" });
        else expect(sim.record.state).not.toBe("completed");
      }),
      { numRuns: 700 },
    );
  });
});

describe("a delegation to plain A2A peers", () => {
  test("is sent once to each, and never to a second one while the first may have it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, queues) => {
        const sim = new Sim([true, true], queues);
        // It would take a second copy for a second task, and TCP makes none.
        for (const one of steps)
          sim.do(one.do === "act" && one.wire === "late-and-ok" ? { do: "act", wire: "ok" } : one);
        sim.heal();
        if (!isEnded(sim.record)) expect(sim.record.state).toBe("unknown");
      }),
      { numRuns: 400 },
    );
  });
});
