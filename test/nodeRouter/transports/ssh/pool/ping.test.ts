// Whether a node is there: pings of the pool against a server in memory, whose clock and faults the test decides.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Failure } from "../../../../../src/nodeRouter/transports/ssh/connect/failure.ts";
import { NodePool, type PoolLimits } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import type { Outcome, PingResult } from "../../../../../src/nodeRouter/transports/transport.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { refused } from "../../../../support/refused.ts";
import {
  createSimNode,
  type SimNode,
  type SimOptions,
  type SimShell,
} from "../../../../support/ssh/simNode.ts";

const TIMEOUT_MS = 2_500;
const REFUSED: Failure = {
  ok: false,
  ...refused("NODE_UNREACHABLE", 'node "sim" refused the connection (ECONNREFUSED); start its SSH server'),
  transportFailure: true,
  tcpReached: false,
};
const NO_KEY: Failure = {
  ok: false,
  ...refused("AUTH_FAILED", 'node "sim" takes none of the keys'),
  transportFailure: false,
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
  vi.useRealTimers();
});

interface Lab {
  readonly node: SimNode;
  readonly pool: NodePool;
  readonly logged: string[];
  tried: number;
  /** What connecting gives instead of a connection; `never`: no answer at all. */
  failure: (Failure & { readonly afterMs?: number }) | "never" | null;
}

function setUp(options: SimOptions = {}, limits: Partial<PoolLimits> = {}): Lab {
  const node = createSimNode(options);
  const logged: string[] = [];
  const log = (text: string) => void logged.push(text);
  const lab: Lab = {
    node,
    logged,
    tried: 0,
    failure: null,
    pool: new NodePool({
      node: "sim",
      loginShell: false,
      async connect() {
        lab.tried += 1;
        const { failure } = lab;
        if (failure === "never") return new Promise(() => {});
        if (failure?.afterMs !== undefined)
          await new Promise((resolve) => setTimeout(resolve, failure.afterMs));
        return failure ?? { ok: true, client: await node.connect() };
      },
      now: Date.now,
      monotonic: Date.now,
      log: createLogger({ debug: log, info: log, warn: log, error: log }),
      limits,
    }),
  };
  cleanUps.push(() => {
    lab.pool.destroy();
    node.cut();
  });
  return lab;
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let at = 0; at < 80; at += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= 500) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 500));
    await settle();
  }
}

/** Asks, and lets as much time pass as the answer may take. */
async function ping({ pool }: Lab, connect = true): Promise<PingResult> {
  let result: PingResult | null = null;
  void pool.ping(TIMEOUT_MS, { connect }).then((answer) => {
    result = answer;
  });
  await settle();
  if (result === null) await pass(TIMEOUT_MS);
  if (result === null) throw new Error("no result in time");
  return result;
}

function start({ pool }: Lab, isBackground = false) {
  const command = pool.start({ script: "true", isBackground });
  command.stdout.resume();
  command.stderr.resume();
  const followed: { readonly command: typeof command; outcome: Outcome | null } = { command, outcome: null };
  void command.outcome.then((outcome) => {
    followed.outcome = outcome;
  });
  return followed;
}

/** Commands that begin and go on until the test ends them. */
function holding() {
  const begun: SimShell[] = [];
  return {
    begun,
    onCommand(shell: SimShell) {
      begun.push(shell);
      shell.begin();
    },
  };
}

const UP = { kind: "up", rttMs: expect.any(Number) };

describe("a node that answers", () => {
  test("is up, over one connection with one keeper and no waiting shells", async () => {
    const lab = setUp();
    for (let at = 0; at < 5; at += 1) expect(await ping(lab)).toEqual(UP);
    expect(lab.tried).toBe(1);
    expect(lab.node.shells.map(({ kind }) => kind)).toEqual(["keeper"]);
  });

  test("is asked over the connection of the commands", async () => {
    const lab = setUp();
    await Promise.all([start(lab).command.outcome, settle()]);
    expect(await ping(lab, false)).toEqual(UP);
    expect(lab.tried).toBe(1);
  });

  test("keeps its connection while it is asked, and not longer", async () => {
    const lab = setUp({}, { idleMs: 10_000 });
    for (let at = 0; at < 15; at += 1) {
      expect(await ping(lab)).toEqual(UP);
      await pass(2_000);
    }
    expect(lab.tried).toBe(1);
    await pass(140_000);
    expect(lab.node.connections()).toBe(0);
  });

  test("gives up the shells that waited for commands, and keeps the connection", async () => {
    const lab = setUp({}, { idleMs: 10_000, warm: 2 });
    await Promise.all([start(lab).command.outcome, settle()]);
    expect(lab.pool.counters().free).toBe(2);
    for (let at = 0; at < 8; at += 1) {
      await ping(lab);
      await pass(2_000);
    }
    expect(lab.pool.counters()).toMatchObject({ connected: 1, free: 0 });
  });

  test("is up when its answer is late and something else comes from it", async () => {
    const { begun, onCommand } = holding();
    const lab = setUp({ answersPings: () => false, onCommand });
    start(lab);
    await settle();
    for (let at = 0; at < 3; at += 1) {
      const answer = lab.pool.ping(TIMEOUT_MS, { connect: true });
      await pass(1_000);
      begun[0]?.channel.write("a large output");
      await pass(1_500);
      expect(await answer).toEqual({ kind: "up", rttMs: null });
    }
    expect(lab.tried).toBe(1);
  });
});

describe("a node to which no connection is open", () => {
  test("gets none where that is not wanted, and is unknown rather than down", async () => {
    const lab = setUp();
    expect(await ping(lab, false)).toEqual({
      kind: "unknown",
      reason:
        "no SSH connection to it is open, and none is opened for it (plugins.entries.node-router.config.presence.connect)",
    });
    expect(lab.tried).toBe(0);
  });

  test("is down for as long as commands are refused because it is", async () => {
    const lab = setUp();
    lab.failure = REFUSED;
    start(lab);
    await settle();
    expect(await ping(lab, false)).toMatchObject({ kind: "down" });
    await pass(1_000);
    expect(await ping(lab, false)).toMatchObject({ kind: "unknown" });
    expect(lab.tried).toBe(1);
  });

  test("is not known while the first connection is made", async () => {
    const lab = setUp();
    lab.failure = "never";
    for (let at = 0; at < 3; at += 1) {
      expect(await ping(lab)).toEqual({ kind: "unknown", reason: "its SSH connection is still being made" });
    }
    expect(lab.tried).toBe(1);
  });
});

describe("a node that refuses", () => {
  test("the connection is down at once, and is tried again every 3 s, whatever commands are told", async () => {
    const lab = setUp();
    lab.failure = REFUSED;
    const answers: PingResult[] = [];
    // For a minute: the breaker has opened for longer and longer.
    for (let at = 0; at < 60; at += 1) {
      answers.push(await ping(lab));
      await pass(1_000);
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([
        JSON.stringify({
          kind: "down",
          reason: 'node "sim" refused the connection (ECONNREFUSED); start its SSH server',
        }),
      ]),
    );
    expect(lab.tried).toBe(20);
    expect(lab.logged.filter((line) => line.includes("no connection"))).toHaveLength(1);
    const refused = start(lab);
    await settle();
    expect(refused.outcome).toMatchObject({ kind: "notStarted", code: "NODE_UNREACHABLE" });
    expect(lab.tried).toBe(20);

    lab.failure = null;
    await pass(3_000);
    expect(await ping(lab)).toEqual(UP);
    const served = start(lab);
    await settle();
    expect(served.outcome).toEqual({ kind: "ran", exitCode: 0, signal: null });
  });

  test("nothing and answers nothing is tried again as soon as an attempt is given up", async () => {
    const lab = setUp();
    lab.failure = { ...REFUSED, afterMs: 5_000 };
    const asked = lab.pool.ping(TIMEOUT_MS, { connect: true });
    await pass(5_000);
    expect(await asked).toMatchObject({ kind: "unknown" });
    expect(lab.tried).toBe(2);
    await pass(5_000);
    expect(lab.tried).toBe(3);
    // Only while somebody asks.
    await pass(300_000);
    expect(lab.tried).toBeLessThan(30);
    expect(await ping(lab)).toMatchObject({ kind: "down" });
  });

  test("commands are refused at once also while presence tries it", async () => {
    const lab = setUp();
    lab.failure = REFUSED;
    for (let at = 0; at < 4; at += 1) {
      await ping(lab);
      await pass(3_000);
    }
    lab.failure = "never";
    void lab.pool.ping(TIMEOUT_MS, { connect: true });
    await settle();
    expect(lab.tried).toBe(5);
    const refused = start(lab);
    await settle();
    expect(refused.outcome).toMatchObject({ kind: "notStarted", code: "NODE_UNREACHABLE" });
    expect(await ping(lab)).toMatchObject({ kind: "down" });
    expect(lab.tried).toBe(5);
  });

  test("the login is unknown rather than down, and is tried less and less", async () => {
    const lab = setUp();
    lab.failure = NO_KEY;
    for (let at = 0; at < 300; at += 1) {
      expect(await ping(lab)).toEqual({
        kind: "unknown",
        reason: 'AUTH_FAILED: node "sim" takes none of the keys',
      });
      await pass(1_000);
    }
    // 3, 3, 4, 8, 16, 32, and then every 60 s.
    expect(lab.tried).toBeLessThan(12);
    const before = lab.tried;
    start(lab);
    await settle();
    expect(lab.tried).toBe(before + 1);
  });

  test("a shell is unknown rather than down, and is asked for less and less", async () => {
    const lab = setUp({ answer: () => "endsFirst" });
    for (let at = 0; at < 300; at += 1) {
      expect(await ping(lab)).toMatchObject({
        kind: "unknown",
        reason: expect.stringContaining("no session"),
      });
      await pass(1_000);
    }
    expect(lab.node.shells.length).toBeLessThan(12);
    expect(lab.tried).toBeLessThan(12);
  });

  test("what it let in at once is not let in every moment", async () => {
    const lab = setUp();
    for (let at = 0; at < 120; at += 1) {
      await ping(lab);
      lab.node.cut();
      await pass(1_000);
    }
    expect(lab.tried).toBeLessThan(12);
  });
});

describe("a connection that is lost", () => {
  test("is made again within the ping that finds it lost", async () => {
    const lab = setUp();
    await ping(lab);
    await pass(10_000);
    lab.node.cut();
    await settle();
    expect(await ping(lab)).toEqual(UP);
    expect(lab.tried).toBe(2);
  });

  test("and cannot be made again is silence first, and then what connecting says", async () => {
    const lab = setUp();
    await ping(lab);
    await pass(10_000);
    lab.failure = "never";
    lab.node.cut();
    await settle();
    expect(await ping(lab)).toEqual({ kind: "silent" });
    expect(await ping(lab)).toEqual({ kind: "silent" });
  });

  test("says nothing of the node where it was closed here", async () => {
    const lab = setUp({}, { idleMs: 1_000 });
    await Promise.all([start(lab).command.outcome, settle()]);
    await pass(2_000);
    expect(lab.node.connections()).toBe(0);
    expect(await ping(lab, false)).toMatchObject({ kind: "unknown" });
  });

  test("is unknown where it is not to be made again", async () => {
    const lab = setUp();
    await Promise.all([start(lab).command.outcome, settle()]);
    lab.node.cut();
    await settle();
    expect(await ping(lab, false)).toMatchObject({ kind: "unknown" });
    expect(lab.tried).toBe(1);
  });
});

describe("a keeper that ends", () => {
  test("is followed by another, and the node is not down", async () => {
    const lab = setUp();
    await ping(lab);
    await pass(10_000);
    lab.node.shells.find(({ kind }) => kind === "keeper")?.exit("KILL");
    await settle();
    expect(await ping(lab)).toEqual(UP);
    expect(lab.tried).toBe(1);
    expect(lab.node.shells.filter(({ kind }) => kind === "keeper")).toHaveLength(2);
  });

  test("in the middle of a ping is no answer, and no silence", async () => {
    let answers = true;
    const lab = setUp({ answersPings: () => answers });
    await ping(lab);
    await pass(10_000);
    answers = false;
    const answer = lab.pool.ping(TIMEOUT_MS, { connect: true });
    await settle();
    answers = true;
    lab.node.shells.find(({ kind }) => kind === "keeper")?.exit("KILL");
    await settle();
    expect(await answer).toEqual(UP);
  });
});

describe("a black hole", () => {
  test("is silence, and after the second one another connection is tried", async () => {
    const lab = setUp();
    await ping(lab);
    await pass(10_000);
    lab.node.freeze();
    expect(await ping(lab)).toEqual({ kind: "silent" });
    expect(lab.tried).toBe(1);
    lab.failure = "never";
    expect(await ping(lab)).toEqual({ kind: "silent" });
    expect(lab.tried).toBe(2);
    expect(await ping(lab)).toEqual({ kind: "silent" });
    expect(lab.node.connections()).toBe(0);
  });

  test("that took one answer only changes nothing", async () => {
    let answers = true;
    const lab = setUp({ answersPings: () => answers });
    await ping(lab);
    for (let at = 0; at < 4; at += 1) {
      answers = false;
      expect(await ping(lab)).toEqual({ kind: "silent" });
      answers = true;
      expect(await ping(lab)).toEqual(UP);
    }
    expect(lab.tried).toBe(1);
  });

  test("ends no command that runs, and takes no new one", async () => {
    const { begun, onCommand } = holding();
    const lab = setUp({ onCommand });
    const running = start(lab);
    await ping(lab);
    await settle();
    expect(begun).toHaveLength(1);
    lab.node.freeze();
    await ping(lab);
    await ping(lab);
    expect(running.outcome).toBeNull();
    expect(begun[0]?.signals).toEqual([]);

    const next = start(lab);
    await settle();
    expect(begun).toHaveLength(2);
    expect(begun[1]?.server).not.toBe(begun[0]?.server);
    begun[1]?.exit(4);
    await settle();
    expect(next.outcome).toEqual({ kind: "ran", exitCode: 4, signal: null });
    expect(await ping(lab)).toEqual(UP);

    // The keepalive finds the dead connection in its own time.
    expect(running.outcome).toBeNull();
    await pass(20_000);
    expect(running.outcome).toMatchObject({ kind: "unknown", code: "OUTCOME_UNKNOWN" });
  });

  test("in which a shell was being opened keeps no command waiting", async () => {
    const lab = setUp({
      answer: (kind) => (kind === "runner" ? "silent" : "ready"),
      answersPings: () => false,
    });
    void lab.pool.ping(TIMEOUT_MS, { connect: true });
    await settle();
    const waiting = start(lab);
    await settle();
    lab.node.freeze();
    await pass(TIMEOUT_MS);
    await ping(lab);
    await ping(lab);
    expect(lab.tried).toBeGreaterThan(1);
    expect(waiting.outcome).toBeNull();
    expect(lab.pool.counters().queued).toBe(1);
  });

  test("does not make the new keeper end what the old one still sees", async () => {
    const { begun, onCommand } = holding();
    let answers = true;
    const lab = setUp({ onCommand, answersPings: () => answers });
    const running = start(lab);
    await ping(lab);
    answers = false;
    await ping(lab);
    await ping(lab);
    answers = true;
    expect(await ping(lab)).toEqual(UP);
    const keepers = lab.node.shells.filter(({ kind }) => kind === "keeper");
    expect(keepers).toHaveLength(2);
    // It was only slow: the command ends, and both keepers let it go.
    begun[0]?.exit(0);
    await settle();
    expect(running.outcome).toEqual({ kind: "ran", exitCode: 0, signal: null });
    const group = begun[0]?.group;
    for (const { heard } of keepers) expect(heard).toContain(`- ${group}`);
    expect(keepers[1]?.heard).toContain(`+ ${group} ${begun[0]?.server}`);
  });
});

describe("work of the background", () => {
  test("runs where a connection is open, and keeps nothing warm", async () => {
    const lab = setUp();
    await ping(lab);
    const run = start(lab, true);
    await settle();
    expect(run.outcome).toEqual({ kind: "ran", exitCode: 0, signal: null });
    expect(lab.pool.counters()).toMatchObject({ connected: 1, free: 0, size: 0 });
  });

  test("is refused where none is open, and opens none", async () => {
    const lab = setUp();
    const run = start(lab, true);
    await settle();
    expect(run.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(lab.tried).toBe(0);
  });

  test("opens none where the connection is lost before it began", async () => {
    const lab = setUp({ answer: (kind) => (kind === "runner" ? "silent" : "ready") });
    await ping(lab, true);
    await ping(lab, false);
    const run = start(lab, true);
    await settle();
    lab.node.cut();
    await settle();
    expect(run.outcome).toMatchObject({ kind: "notStarted" });
    expect(lab.tried).toBe(1);
  });

  test("does not keep a connection open that nobody uses", async () => {
    const lab = setUp({}, { idleMs: 10_000 });
    await Promise.all([start(lab).command.outcome, settle()]);
    for (let at = 0; at < 6; at += 1) {
      start(lab, true);
      await pass(2_000);
    }
    expect(lab.node.connections()).toBe(0);
  });
});

test("thousands of pings leave nothing behind, answered or not", async () => {
  let answers = true;
  const lab = setUp({ answersPings: () => answers });
  await ping(lab);
  const before = vi.getTimerCount();
  for (let at = 0; at < 100; at += 1) {
    answers = at % 2 === 0;
    const all = Array.from({ length: 100 }, () => lab.pool.ping(1, { connect: true }));
    await settle();
    // Something is heard, or else the connection would be given up.
    lab.node.shells[0]?.channel.write("hello\n");
    await settle();
    await vi.advanceTimersByTimeAsync(1);
    for (const { kind } of await Promise.all(all)) expect(kind).toBe("up");
  }
  expect(vi.getTimerCount()).toBeLessThanOrEqual(before);
  expect(lab.tried).toBe(1);
}, 60_000);

test("a pool that closes says nothing of the node", async () => {
  const lab = setUp();
  await ping(lab);
  const asked = lab.pool.ping(TIMEOUT_MS, { connect: true });
  lab.pool.destroy();
  await settle();
  expect((await asked).kind).not.toBe("down");
  expect(await ping(lab)).toEqual({ kind: "unknown", reason: "its SSH connections are being closed" });
});
