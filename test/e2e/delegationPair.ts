// Two gateways of which the first one gives tasks to the second one, through wires that can fail; marks count what ran.
import { DELEGATION_STATES } from "../../src/nodeRouter/delegation/model/delegation.ts";
import { isEnded } from "../../src/nodeRouter/delegation/model/outgoing.ts";
import type { DelegationReport } from "../../src/nodeRouter/surfaces/reports/delegationsReport.ts";
import type { PeersReport } from "../../src/nodeRouter/surfaces/reports/peersReport.ts";
import { messageOf } from "../../src/shared/errors.ts";
import type { JsonObject } from "../support/config.ts";
import { startWire, type Wire } from "../support/ssh/wire.ts";
import { waitFor } from "../support/wait.ts";
import { callAny, changeConfig, withRouter } from "./deployment.ts";
import { type MarkedTasks, markedTasks } from "./markedTasks.ts";
import { startTwoGateways, type TwoGateways } from "./twoGateways.ts";

export const TOKENS = {
  one: "first-token-of-gw-cn-at-gw-sg-with-32-characters-and-more",
  two: "second-token-of-gw-cn-at-gw-sg-with-32-characters-and-more",
  small: "third-token-of-gw-cn-at-gw-sg-with-32-characters-and-more",
} as const;

export interface DelegationPair extends TwoGateways, MarkedTasks {
  /** From A to B as peer `one`, which the rule prefers. */
  readonly wire: Wire;
  /** The same gateway as peer `two`: whoever gives a task to two peers runs it there twice. */
  readonly other: Wire;
  /**
   * Gives a task away without waiting for its end; resolves with its id. What `worker-cn` gives goes to peer `small`,
   * which is B, too, by the wire of `one`, and takes one at a time, or else to `two`; it is never queued.
   */
  give(task: string, more?: JsonObject, by?: "master" | "worker-cn"): Promise<string>;
  /** What an agent is told whose task no peer takes, at once or in the end; rejects where one did. */
  refused(task: string, more?: JsonObject): Promise<string>;
  /** Resolves when all peers are there: before that, tasks go past one that was cut off. */
  reached(): Promise<unknown>;
  report(id: string): Promise<DelegationReport>;
  ended(id: string, timeoutMs?: number): Promise<DelegationReport>;
  inState(id: string, ...states: readonly string[]): Promise<DelegationReport>;
}

const ENDED: readonly string[] = DELEGATION_STATES.filter((state) => isEnded({ state }));

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/;

export interface PairOptions {
  /** Keys of A's `delegation`. */
  readonly delegation?: JsonObject;
  /** Keys of what B accepts of every peer, and of one. */
  readonly accept?: JsonObject;
  readonly acceptOf?: { readonly [peer in keyof typeof TOKENS]?: JsonObject };
  /** Keys of both gateways' configs of the plugin. */
  readonly router?: JsonObject;
  /** Environment of B. */
  readonly env?: NodeJS.ProcessEnv;
}

export async function startDelegationPair(more: PairOptions = {}): Promise<DelegationPair> {
  const accept = (peer: keyof typeof TOKENS, limits: JsonObject = {}): JsonObject => ({
    accept: {
      token: TOKENS[peer],
      agents: ["worker-sg"],
      maxRunning: 20,
      maxQueued: 200,
      perMinute: 1_000,
      ...more.accept,
      ...limits,
      ...more.acceptOf?.[peer],
    },
  });
  const two = await startTwoGateways({
    b: {
      env: more.env ?? {},
      router: () => ({
        gatewayName: "gw-sg",
        ...more.router,
        peers: {
          one: accept("one"),
          two: accept("two"),
          small: accept("small", { maxRunning: 1, maxQueued: 0 }),
        },
      }),
    },
  });
  const { a, b } = two;
  const make = () => startWire({ target: b.port, delayMs: 0, misbehaviour: null });
  const [wire, other] = await Promise.all([make(), make()]);
  const peer = (name: keyof typeof TOKENS, port: number, tags: readonly string[]): JsonObject => ({
    url: `http://127.0.0.1:${port}`,
    token: TOKENS[name],
    tags: [name, ...tags],
  });
  await changeConfig(a, (config) =>
    withRouter(config, {
      gatewayName: "gw-cn",
      ...more.router,
      peers: {
        one: peer("one", wire.port, ["region=sg"]),
        two: peer("two", other.port, ["region=sg", "sized"]),
        small: peer("small", wire.port, ["sized"]),
      },
      delegation: {
        rules: [
          {
            name: "sg-work",
            agents: ["master"],
            require: "region=sg",
            prefer: [{ selector: "one", weight: 50 }],
            agent: "worker-sg",
            onUnavailable: "queue",
          },
          {
            name: "sized",
            agents: ["worker-cn"],
            require: "sized",
            prefer: [{ selector: "small", weight: 50 }],
            agent: "worker-sg",
          },
        ],
        ...more.delegation,
      },
    }),
  );
  const report = (id: string) => a.rpc<DelegationReport>("noderouter.delegation", { id });
  const inState = (id: string, states: readonly string[], timeoutMs = 120_000) =>
    waitFor(
      `delegation ${id} to be ${states.join(" or ")}`,
      async () => {
        // A gateway that is down tells nothing.
        const now = await report(id).catch(() => null);
        return now !== null && states.includes(now.state) ? now : false;
      },
      { timeoutMs },
    );
  const ask = async (task: string, args: JsonObject, by: string): Promise<string> => {
    // Right after a start OpenClaw may close an agent's database that a turn is about to open: then no turn began.
    const run = await waitFor("the agent's turn", () =>
      a.agent(by, callAny("delegate", { task, wait_seconds: 0, ...args })).catch((error: unknown): null => {
        if (messageOf(error).includes("database open was revoked")) return null;
        throw error;
      }),
    );
    return run.results[0] ?? "";
  };
  return {
    ...two,
    wire,
    other,
    async give(task, args = {}, by = "master") {
      const told = await ask(task, args, by);
      const id = ID.exec(told)?.[0];
      if (id === undefined) throw new Error(`no delegation: ${told}`);
      return id;
    },
    async refused(task, args = {}) {
      const told = await ask(task, args, "worker-cn");
      const id = ID.exec(told)?.[0];
      if (id === undefined) return told;
      const { state, mayHaveRun, reason, offers } = await inState(id, ENDED, 200_000);
      if (state !== "not-accepted" || mayHaveRun) throw new Error(`${id} is ${state}: ${reason}`);
      return [reason, ...offers.map((one) => one.reason)].join("\n");
    },
    reached: () =>
      waitFor("all peers to be there", async () => {
        const seen = await a.rpc<PeersReport>("noderouter.peers", {}).catch(() => null);
        return seen?.peers.every(({ state }) => state === "online");
      }),
    report,
    ended: (id, timeoutMs = 200_000) => inState(id, ENDED, timeoutMs),
    inState: (id, ...states) => inState(id, states),
    ...markedTasks(() => b),
    async stop() {
      await Promise.allSettled([wire.stop(), other.stop(), two.stop()]);
    },
  };
}
