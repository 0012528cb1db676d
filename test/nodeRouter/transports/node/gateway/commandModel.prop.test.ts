// Commands on a paired node under random faults: requests and replies lost, cuts, node hosts that end, overtaking, time.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createCommandJournal } from "../../../../../src/nodeRouter/transports/node/gateway/commandJournal.ts";
import { createNodeTransport } from "../../../../../src/nodeRouter/transports/node/gateway/createNodeTransport.ts";
import { createNodeCalls } from "../../../../../src/nodeRouter/transports/node/gateway/nodeCalls.ts";
import { LEASE_MS } from "../../../../../src/nodeRouter/transports/node/wire.ts";
import type { Outcome, RunningCommand } from "../../../../../src/nodeRouter/transports/transport.ts";
import { SimNodeHost, type SimPlan } from "../../../../support/node/simNodeHost.ts";
import { type Fate, SimNodeNet } from "../../../../support/node/simNodeNet.ts";

const NODE = { name: "mac-sg", nodeId: "5a" };
/** Shorter than the lease, whatever the gateway waits besides. */
const LONGEST_CUT_MS = LEASE_MS - 60_000;

type Action =
  | { readonly do: "start"; readonly prints: number; readonly endsAtMs: number; readonly code: number }
  /** Prints its input, which comes in so many pieces, at its end. */
  | { readonly do: "cat"; readonly pieces: number; readonly whole: boolean }
  | { readonly do: "fates"; readonly fates: readonly Fate[] }
  | { readonly do: "cut"; readonly ms: number; readonly noticed: boolean }
  | { readonly do: "restart" }
  | { readonly do: "reload"; readonly ms: number }
  | { readonly do: "signal"; readonly which: number }
  | { readonly do: "abandon"; readonly which: number }
  | { readonly do: "time"; readonly ms: number };

const fate = fc.constantFrom<Fate>(
  "ok",
  "ok",
  "loseRequest",
  "loseReply",
  "silence",
  "late",
  "passing",
  "serviceEnds",
);

function actions(extra: readonly fc.Arbitrary<Action>[]): fc.Arbitrary<Action[]> {
  const one = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("start" as const),
        prints: fc.nat(4),
        endsAtMs: fc.constantFrom(0, 100, 1_000, 4_000, 30_000),
        code: fc.nat(255),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("cat" as const),
        pieces: fc.nat(5),
        whole: fc.boolean(),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("fates" as const),
        fates: fc.array(fate, { minLength: 1, maxLength: 6 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("cut" as const),
        ms: fc.constantFrom(500, 15_000, 150_000, LONGEST_CUT_MS),
        noticed: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("reload" as const), ms: fc.constantFrom(300, 2_000, 8_000) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.constantFrom(10, 300, 3_000, 20_000) }),
    },
    ...extra.map((arbitrary) => ({ weight: 2, arbitrary })),
  );
  return fc.array(one, { minLength: 1, maxLength: 14 });
}

const restart = fc.record({ do: fc.constant("restart" as const) });
const signal = fc.record({ do: fc.constant("signal" as const), which: fc.nat(9) });
const abandon = fc.record({ do: fc.constant("abandon" as const), which: fc.nat(9) });

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
});
afterEach(() => void vi.useRealTimers());

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5_000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 5_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Started {
  readonly id: string;
  readonly command: RunningCommand;
  readonly plan: SimPlan;
  /** What it was sent; null: nothing. */
  readonly input: string | null;
  outcome: Outcome | null;
  isDisturbed: boolean;
  readonly stdout: string[];
  readonly stderr: string[];
}

async function play(all: readonly Action[]): Promise<readonly Started[]> {
  const host = new SimNodeHost();
  const calls = createNodeCalls();
  const net = new SimNodeNet(host, { nonce: calls.nonce });
  let unpublish = calls.publish(net.invoke);
  const store = { read: async () => null, write: async () => {} };
  const journal = createCommandJournal(store, () => {});
  const transport = createNodeTransport({ calls, journal, onOrphan: () => {} });
  const started: Started[] = [];

  /** Two cuts are one where nothing was heard of a command in between. */
  const untilHeard = async (): Promise<void> => {
    const before = net.replies;
    const isAsked = () => (transport.counters(NODE.nodeId)?.running ?? 0) > 0;
    do await pass(12_000);
    while (net.replies === before && isAsked());
  };

  const start = (plan: Omit<SimPlan, "id">, input: string | null, whole: boolean): Started => {
    const id = `cmd-${started.length}`;
    const own = { ...plan, id };
    const sent = input === null ? Buffer.alloc(0) : Buffer.from(input);
    const command = transport.start(NODE, {
      script: JSON.stringify(own),
      input: whole ? sent : null,
      auditRecord: id,
    });
    const one: Started = {
      id,
      command,
      plan: own,
      input,
      outcome: null,
      isDisturbed: false,
      stdout: [],
      stderr: [],
    };
    command.stdout.on("data", (chunk: Buffer) => one.stdout.push(chunk.toString("latin1")));
    command.stderr.on("data", (chunk: Buffer) => one.stderr.push(chunk.toString("latin1")));
    void command.outcome.then((outcome) => {
      one.outcome = outcome;
    });
    started.push(one);
    return one;
  };

  const check = (): void => {
    for (const { id, outcome, plan, input, stdout, stderr, isDisturbed } of started) {
      const begun = host.begun.get(id) ?? [];
      expect([id, begun.length <= 1]).toEqual([id, true]);
      if (outcome?.kind === "notStarted") expect([id, begun.length]).toEqual([id, 0]);
      if (outcome?.kind !== "ran") continue;
      const [real] = begun;
      expect([id, outcome]).toEqual([id, { kind: "ran", ...real?.end }]);
      expect([id, stdout.join(""), stderr.join("")]).toEqual([id, real?.out, real?.err]);
      if (isDisturbed) continue;
      expect(outcome.exitCode).toBe(plan.exitCode);
      if (plan.endsAtMs === null) expect([id, stdout.join("")]).toEqual([id, input ?? ""]);
    }
  };

  for (const one of all) {
    switch (one.do) {
      case "start": {
        const { endsAtMs, code: exitCode } = one;
        const prints = Array.from({ length: one.prints }, (_, at) => ({
          atMs: (endsAtMs * at) / 5,
          out: `out ${started.length} ${at};`,
          err: at % 2 === 0 ? "" : `err ${at};`,
        }));
        start({ prints, endsAtMs, exitCode }, null, false);
        break;
      }
      case "cat": {
        const pieces = Array.from({ length: one.pieces }, (_, at) => `piece ${started.length} ${at};`);
        const plan = { prints: [], endsAtMs: null, exitCode: 0 };
        const { command } = start(plan, pieces.join(""), one.whole);
        if (one.whole) break;
        for (const piece of pieces) {
          command.stdin.write(piece);
          await pass(70);
        }
        command.stdin.end();
        break;
      }
      case "fates":
        net.fates.push(...one.fates);
        break;
      case "cut":
        net.cut();
        await pass(Math.min(one.ms, 20_000));
        if (one.noticed) net.disconnect();
        await pass(one.ms - Math.min(one.ms, 20_000));
        net.heal();
        await untilHeard();
        break;
      case "restart":
        net.disconnect();
        host.restart();
        await pass(3_000);
        net.heal();
        break;
      case "reload":
        unpublish();
        await pass(one.ms);
        unpublish = calls.publish(net.invoke);
        break;
      case "signal":
      case "abandon": {
        const target = started[one.which % Math.max(1, started.length)];
        if (target === undefined) break;
        target.isDisturbed = true;
        if (one.do === "signal") target.command.signal("TERM");
        else target.command.abandon("the call was given up", "end");
        break;
      }
      case "time":
        await pass(one.ms);
        break;
    }
    check();
  }
  // Whatever happened: every command comes to an end, and what was delayed arrives.
  await pass(120_000);
  check();
  expect(started.filter(({ outcome }) => outcome === null).map(({ id }) => id)).toEqual([]);
  expect(transport.counters(NODE.nodeId)?.running ?? 0).toBe(0);
  expect(host.running).toBe(0);
  // Sent to a node that was alive all the time: its end is known, but where it came late between two questions.
  const unknown = started.filter(({ id, outcome, isDisturbed }) => {
    if (outcome?.kind !== "unknown" || isDisturbed) return false;
    return !(host.forgotten.has(id) && outcome.fact.startsWith("it came late to node"));
  });
  // Faults one after the other can keep every answer away for as long as a cut that is too long.
  const isHeard = net.longestGapMs < LEASE_MS;
  if (isHeard && !all.some((one) => one.do === "restart"))
    expect(unknown.map(({ outcome }) => outcome)).toEqual([]);
  return started;
}

const RUNS = Number(process.env.RUNS ?? 300);

test("a node that stays alive: each command begins at most once, and its real end and all it printed are told", async () => {
  await fc.assert(
    fc.asyncProperty(actions([signal]), async (all) => void (await play(all))),
    {
      numRuns: RUNS,
    },
  );
}, 120_000);

test("a node host that ends in between, calls that are given up: nothing begins twice, and nothing that began is called not started", async () => {
  const all = actions([restart, restart, signal, abandon]);
  await fc.assert(
    fc.asyncProperty(all, async (one) => void (await play(one))),
    { numRuns: RUNS },
  );
}, 120_000);
