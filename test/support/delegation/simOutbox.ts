// An outbox over simulated gateways, with a disk that can fail and a clock that sleeps move.
import type { DelegationRule } from "../../../src/config/resolvePeers.ts";
import type { Delegation } from "../../../src/nodeRouter/delegation/model/delegation.ts";
import { createOutbox, type RunningOutbox } from "../../../src/nodeRouter/delegation/outbox/createOutbox.ts";
import type { DelegateAsk } from "../../../src/nodeRouter/delegation/outbox/outbox.ts";
import type { TaskRequest } from "../../../src/nodeRouter/delegation/peers/choosePeer.ts";
import { type KnownPeer, UNKNOWN_PEER } from "../../../src/nodeRouter/delegation/peers/knownPeers.ts";
import { refusal } from "../../../src/shared/refusal.ts";
import { SimGateway } from "./simGateway.ts";

const DAY_MS = 86_400_000;
const MAX_TURNS = 500_000;

export const RULE: DelegationRule = {
  index: 0,
  name: "sg-work",
  agents: ["master"],
  require: null,
  prefer: [],
  near: null,
  residency: null,
  agent: "worker-sg",
  onUnavailable: "refuse",
  isBroken: false,
};

/** What outlives a crash of the gateway: its disk, the peers, the time. */
export class SimWorld {
  nowMs = 1_000_000;
  readonly disk = new Map<string, Delegation>();
  readonly gateways: SimGateway[];
  /** In order: `begin`, `end`, `wake`, each with the id's state. */
  readonly log: string[] = [];
  readonly woken: Delegation[] = [];
  /** Called before each write with how many came before; may throw, and may never resolve. */
  onWrite: (count: number, value: Delegation) => Promise<void> | void = () => {};
  writes = 0;
  queues = false;
  maxHops = 1;
  isStrictFull = false;
  wakes = true;
  /** What is known of every peer. */
  known: KnownPeer = UNKNOWN_PEER;
  /** Peers that the rules do not let it go to. */
  readonly barred = new Set<string>();

  constructor(plain: readonly boolean[] = [false, false]) {
    this.gateways = plain.map((isPlain, index) => new SimGateway(`gw-${index}`, () => this.nowMs, isPlain));
  }

  at(index: number): SimGateway {
    const found = this.gateways[index];
    if (found === undefined) throw new Error("no such gateway");
    return found;
  }

  executions(): number {
    return this.gateways.reduce((sum, gateway) => sum + gateway.executions(), 0);
  }

  arriveAll(): void {
    for (const { late } of this.gateways) for (const deliver of late.splice(0)) deliver();
    for (const { peers } of this.gateways)
      for (const peer of peers.values()) for (let n = 0; n < 3; n += 1) peer.work();
  }

  /** Looks once a turn, so that nothing passes unseen: days pass here in a tenth of a second. */
  async until(what: string, look: () => boolean): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      if (look()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`gave up after ${MAX_TURNS} turns waiting for ${what}`);
  }

  /** A life of the gateway. `die`: nothing of it reaches the disk any more. */
  start(): RunningOutbox & { die(): void } {
    let isDead = false;
    const never = new Promise<never>(() => {});
    const outbox = createOutbox({
      gateway: "gateway-a",
      records: {
        kept: new Map(this.disk),
        put: async (name, value) => {
          if (isDead) return never;
          this.writes += 1;
          await this.onWrite(this.writes, value);
          if (isDead) return never;
          this.disk.set(name, value);
        },
        remove: async (name) => void this.disk.delete(name),
      },
      settings: () => ({
        rules: [{ ...RULE, onUnavailable: this.queues ? "queue" : "refuse" }],
        maxHops: this.maxHops,
        waitMs: 60_000,
        acceptWithinMs: 15_000,
        keepMs: 7 * DAY_MS,
        maxTaskBytes: 1_000,
        maxResultBytes: 1_000,
      }),
      choose: async (request) => this.#choose(request),
      peerOf: (name) => {
        const gateway = this.gateways.find((one) => one.name === name);
        return gateway === undefined ? null : { config: gateway.config(), client: gateway.client };
      },
      knownOf: () => this.known,
      saw: () => {},
      ledger: {
        begin: async ({ state }) => {
          if (this.isStrictFull) {
            const { NodeRouterError } = await import("../../../src/shared/errors.ts");
            throw new NodeRouterError(refusal("AUDIT_UNAVAILABLE", "the disk is full"));
          }
          this.log.push(`begin ${state}`);
        },
        end: ({ state }) => void this.log.push(`end ${state}`),
      },
      wake: async (delegation) => {
        if (!this.wakes) throw new Error("nobody is there");
        this.woken.push(delegation);
      },
      now: () => this.nowMs,
      chance: () => 0.5,
      sleep: async (ms, signal) => {
        // Long ones are ended by whoever changes something.
        if (ms > 72_000 && !signal.aborted)
          await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        else {
          await new Promise((resolve) => setImmediate(resolve));
          if (!isDead) this.nowMs += ms;
        }
      },
      log: { warn: () => {} },
    });
    return {
      ...outbox,
      die() {
        isDead = true;
        void outbox.stop();
      },
    };
  }

  #choose({ declined, heldBy }: TaskRequest) {
    const mayHave = ({ name }: SimGateway) => (heldBy === null || heldBy === name) && !this.barred.has(name);
    const free = this.gateways.find((one) => mayHave(one) && !declined.has(one.name) && !one.isDown);
    if (free !== undefined)
      return {
        kind: "chosen" as const,
        peer: free.name,
        agent: "worker-sg",
        rule: RULE.name,
        decision: NO_DECISION,
      };
    const mayQueue = this.queues && this.gateways.some((one) => mayHave(one) && !declined.has(one.name));
    const why = refusal("NO_NODE_FITS", "0/2 peers fit", { advice: null });
    return { kind: "refused" as const, refusal: why, mayQueue, rule: RULE.name, decision: null };
  }
}

/** Nobody here reads it. */
const NO_DECISION = {
  outcome: "placed",
  request: { agent: "master", tool: "delegate", commands: [], needs: [], binding: "exec", current: null },
  rule: RULE.name,
  node: null,
  transport: null,
  keptInsteadOf: null,
  total: 2,
  filtered: [],
  fitting: 1,
  candidates: () => [],
} as const;

export function makeAsk(given: Partial<DelegateAsk> = {}): DelegateAsk {
  return {
    requester: { agent: "master", session: "agent:master:main", run: "r", call: "c" },
    task: "count the files",
    agent: null,
    to: null,
    context: null,
    waitMs: 20_000,
    through: [],
    maxHops: null,
    ...given,
  };
}
