// The pool under random events: commands, pings, signals, lost connections, dead runners and keepers, bad servers, time.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NodePool } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import type { Outcome, RunningCommand } from "../../../../../src/nodeRouter/transports/transport.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { refused } from "../../../../support/refused.ts";
import { createSimNode, type SessionAnswer, type SimShell } from "../../../../support/ssh/simNode.ts";

const LIMITS = { queue: 8, queueMs: 30_000, readyMs: 15_000, idleMs: 600_000 };

interface World {
  readonly maxSessions: number;
  readonly connections: number;
  readonly warm: number;
  /** Turns for which a session that was closed still counts on the server. */
  readonly countsOn: number;
}

/** With one session in all, the keeper would leave none for commands. */
const world: fc.Arbitrary<World> = fc
  .record({
    maxSessions: fc.constantFrom(10, 1, 2, 3),
    connections: fc.integer({ min: 1, max: 3 }),
    warm: fc.integer({ min: 0, max: 4 }),
    countsOn: fc.constantFrom(0, 1),
  })
  .filter(({ maxSessions, connections }) => maxSessions * connections > 1);

type Action =
  | { readonly do: "start"; readonly pty: boolean; readonly code: number | null }
  /** Several commands at once, that end by themselves. */
  | { readonly do: "burst"; readonly commands: number }
  | { readonly do: "signal"; readonly which: number }
  | { readonly do: "end"; readonly which: number; readonly code: number }
  | { readonly do: "cut"; readonly which: number }
  | { readonly do: "freeze" }
  | { readonly do: "kill"; readonly kind: SimShell["kind"] }
  | { readonly do: "answer"; readonly answer: SessionAnswer }
  | { readonly do: "reach"; readonly reachable: boolean }
  | { readonly do: "turns"; readonly turns: number }
  | { readonly do: "time"; readonly ms: number }
  | { readonly do: "ping"; readonly connect: boolean }
  | { readonly do: "close" };

const which = fc.nat(9);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("start" as const),
      pty: fc.boolean(),
      code: fc.option(fc.nat(255)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("burst" as const), commands: fc.integer({ min: 2, max: 20 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("signal" as const), which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), which, code: fc.nat(255) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cut" as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("freeze" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("kill" as const),
      kind: fc.constantFrom<SimShell["kind"]>("keeper", "runner", "terminal"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      answer: fc.constantFrom<SessionAnswer>(
        "ready",
        "ready",
        "silent",
        "refused",
        "neverReady",
        "endsFirst",
        "endsReady",
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reach" as const), reachable: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("turns" as const), turns: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("time" as const),
      ms: fc.constantFrom(10, 1_000, 6_000, 16_000, 31_000, 700_000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("ping" as const), connect: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const) }) },
);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 1_000));
    await turns(4);
  }
  await turns(60);
}

interface Started {
  readonly id: string;
  readonly code: number | null;
  readonly command: RunningCommand;
  readonly signalled: { yes: boolean };
  outcome: Outcome | null;
}

async function play(
  actions: readonly Action[],
  { maxSessions, connections, warm, countsOn }: World,
): Promise<void> {
  const begun = new Map<string, SimShell>();
  const wrong: string[] = [];
  let answer: SessionAnswer = "ready";
  let reachable = true;
  let isClosed = false;
  const started: Started[] = [];
  const node = createSimNode({
    maxSessions,
    countsOn,
    answer: () => answer,
    onCommand(shell) {
      const id = /cmd-\d+-end/.exec(shell.body ?? "")?.[0] ?? "";
      if (begun.has(id)) wrong.push(`${id} ran twice`);
      begun.set(id, shell);
      shell.begin();
      const code = started.find((one) => one.id === id)?.code ?? null;
      if (code !== null) shell.exit(code);
    },
  });
  const quiet = () => {};
  const pool = new NodePool({
    node: "sim",
    loginShell: false,
    connect: async () => {
      await turns(3);
      if (!reachable)
        return {
          ok: false,
          ...refused("NODE_UNREACHABLE", "no"),
          transportFailure: true,
        };
      return node.connect().then(
        (client) => ({ ok: true, client }) as const,
        (error: unknown) =>
          ({
            ok: false,
            ...refused("NODE_UNREACHABLE", `${error}`),
            transportFailure: true,
          }) as const,
      );
    },
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
    limits: { ...LIMITS, connections, warm },
  });

  const start = (pty: boolean, code: number | null): Started => {
    const id = `cmd-${started.length}-end`;
    const one: Started = { id, code, command: undefined as never, signalled: { yes: false }, outcome: null };
    started.push(one);
    const command = pool.start({ script: id, pty: pty ? { rows: 1, cols: 1, term: "x" } : null });
    Object.assign(one, { command });
    command.stdout.resume();
    command.stderr.resume();
    void command.outcome.then((outcome) => {
      one.outcome = outcome;
    });
    return one;
  };

  /** Pings that were asked, and those that got an answer. */
  const pings = { asked: 0, answered: 0 };
  const ping = (connect: boolean) => {
    pings.asked += 1;
    void pool.ping(2_500, { connect }).then(() => {
      pings.answered += 1;
    });
  };

  const check = () => {
    const { running, queued, size } = pool.counters();
    expect(running + queued).toBeLessThanOrEqual(started.length);
    // Beside those in use, there may be as many of which nothing is heard.
    expect(size).toBeLessThanOrEqual(connections * (pings.asked === 0 ? 8 : 16));
    expect(node.mostSessions).toBeLessThanOrEqual(8);
    expect(wrong).toEqual([]);
    for (const { id, outcome, code, signalled } of started) {
      const shell = begun.get(id);
      if (outcome?.kind === "notStarted") expect([id, shell?.body ?? null]).toEqual([id, null]);
      if (outcome?.kind === "ran") {
        expect(shell).toBeDefined();
        if (code !== null) expect(outcome).toEqual({ kind: "ran", exitCode: code, signal: null });
      }
      // Nobody asked for its end.
      if (shell !== undefined && !signalled.yes && outcome?.kind !== "unknown")
        expect([id, shell.signals]).toEqual([id, []]);
    }
  };

  for (const one of actions) {
    switch (one.do) {
      case "start":
        start(one.pty, one.code);
        break;
      case "burst":
        for (let at = 0; at < one.commands; at += 1) start(false, at);
        break;
      case "signal": {
        const target = started[one.which % Math.max(1, started.length)];
        if (target !== undefined) {
          target.signalled.yes = true;
          target.command.signal("TERM");
        }
        break;
      }
      case "end":
        [...begun.values()].filter(({ isOver }) => !isOver)[one.which]?.exit(one.code);
        break;
      case "cut": {
        const servers = [...new Set(node.shells.map(({ server }) => server))];
        node.cut(servers.at(-1 - one.which));
        break;
      }
      case "freeze":
        node.freeze();
        break;
      case "kill":
        node.shells
          .findLast(({ kind, isOver, body }) => kind === one.kind && !isOver && body === null)
          ?.exit("KILL");
        break;
      case "answer":
        ({ answer } = one);
        break;
      case "reach":
        ({ reachable } = one);
        break;
      case "turns":
        await turns(one.turns);
        break;
      case "time":
        await pass(one.ms);
        break;
      case "ping":
        ping(one.connect);
        break;
      case "close":
        isClosed = true;
        void pool.close();
        break;
    }
    check();
  }

  // Whatever happened: every command comes to an end.
  answer = "ready";
  reachable = true;
  await turns(60);
  for (const { command, signalled } of started) {
    signalled.yes = true;
    command.signal("TERM");
  }
  await pass(61_000);
  for (const { command } of started) command.signal("TERM");
  await pass(30_000);
  check();
  expect(started.filter(({ outcome }) => outcome === null).map(({ id }) => id)).toEqual([]);
  expect(pool.counters()).toMatchObject({ queued: 0, running: 0, pending: 0 });
  expect(pings.answered).toBe(pings.asked);

  // And the node is as good as new.
  if (!isClosed) {
    for (const pty of [false, true]) {
      const last = start(pty, 7);
      await pass(2_000);
      expect(last.outcome).toEqual({ kind: "ran", exitCode: 7, signal: null });
    }
    // What was opened for a burst is given back.
    await pass(200_000);
    expect(pool.counters().free).toBeLessThanOrEqual(warm);
    // Presence lets go of it.
    ping(false);
    await pass(2 * LIMITS.idleMs + 1_000);
  }
  expect(pool.counters()).toEqual({ connected: 0, free: 0, pending: 0, queued: 0, running: 0, size: 0 });
  expect(node.connections()).toBe(0);
  check();
  pool.destroy();
  node.cut();
}

/** Its shells that never got ready stayed on their way for ever, when the simulated node's clock lost a timer. */
const LOST_TIMER: [Action[], World] = [
  [
    { do: "start", pty: false, code: null },
    { do: "start", pty: true, code: null },
    { do: "turns", turns: 20 },
    { do: "start", pty: false, code: null },
    { do: "end", which: 4, code: 178 },
    { do: "answer", answer: "neverReady" },
    { do: "time", ms: 700_000 },
  ],
  { maxSessions: 3, connections: 3, warm: 2, countsOn: 0 },
];

test("whatever happens, each command ends once with what is true of it, and the node is usable after", async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 25 }), world, play), {
    numRuns: Number(process.env.RUNS ?? 25),
    examples: [LOST_TIMER],
    ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}),
  });
}, 600_000);
