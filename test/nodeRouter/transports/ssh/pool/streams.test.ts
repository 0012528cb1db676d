// Streams of commands back to back on a far node: how long each command takes, in a time of its own.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NodePool } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { createSimNode, type SimNode, type SimShell } from "../../../../support/ssh/simNode.ts";

const RTT_MS = 70;
/** So finely the time passes. */
const STEP_MS = 5;

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
  readonly tried: { count: number };
}

function setUp(onCommand?: (shell: SimShell) => void): Lab {
  const node = createSimNode({ oneWayMs: RTT_MS / 2, ...(onCommand === undefined ? {} : { onCommand }) });
  const quiet = () => {};
  const tried = { count: 0 };
  const pool = new NodePool({
    node: "sim",
    loginShell: false,
    async connect() {
      tried.count += 1;
      return { ok: true, client: await node.connect() };
    },
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
  });
  cleanUps.push(() => {
    pool.destroy();
    node.cut();
  });
  return { node, pool, tried };
}

async function pass(ms: number, stepMs = STEP_MS): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    await vi.advanceTimersByTimeAsync(Math.min(left, stepMs));
    for (let at = 0; at < 4; at += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Figures {
  readonly p50: number;
  readonly p90: number;
  readonly perSecond: number;
}

/** In round trips, of the commands that began after `leadMs`. */
async function stream({ pool }: Lab, streams: number, leadMs = 2_000, measuredMs = 2_000): Promise<Figures> {
  const times: number[] = [];
  const from = Date.now() + leadMs;
  const end = from + measuredMs;
  const run = async () => {
    for (let began = Date.now(); began < end; began = Date.now()) {
      const command = pool.start({ script: "true", input: Buffer.alloc(0) });
      command.stdout.resume();
      command.stderr.resume();
      const outcome = await command.outcome;
      if (outcome.kind !== "ran") throw new Error(JSON.stringify(outcome));
      if (began >= from && Date.now() <= end) times.push((Date.now() - began) / RTT_MS);
    }
  };
  const all = Promise.all(Array.from({ length: streams }, run));
  await pass(leadMs + measuredMs + 1_000);
  await all;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { p50: at(0.5), p90: at(0.9), perSecond: (times.length * 1_000) / measuredMs };
}

/** Without anything to do; nothing that happens then needs to be seen at its time. */
const rest = (ms: number) => pass(ms, 1_000);

async function burst({ pool }: Lab, commands: number): Promise<number> {
  const began = Date.now();
  const all = Promise.all(
    Array.from({ length: commands }, async () => {
      const command = pool.start({ script: "true", input: Buffer.alloc(0) });
      command.stdout.resume();
      command.stderr.resume();
      await command.outcome;
      return (Date.now() - began) / RTT_MS;
    }),
  );
  await pass(3_000);
  return Math.max(...(await all));
}

/** A new session for each command, as of ssh with ControlMaster, takes two round trips at best. */
const sessionEach = (streams: number) => (streams * 1_000) / (2 * RTT_MS);

describe("commands back to back, 70 ms away", () => {
  test("of one stream take a round trip each, over one connection with few shells", async () => {
    const lab = setUp();
    const { p50, p90 } = await stream(lab, 1);
    expect(p50).toBeLessThanOrEqual(1.25);
    expect(p90).toBeLessThanOrEqual(1.25);
    expect(lab.tried.count).toBe(1);
    expect(lab.pool.counters().free).toBeLessThanOrEqual(6);
  });

  test("of 8 streams take a round trip each: the shells that wait follow demand", async () => {
    const lab = setUp();
    const { p50, p90, perSecond } = await stream(lab, 8);
    expect(p50).toBeLessThanOrEqual(1.25);
    expect(p90).toBeLessThanOrEqual(1.25);
    expect(perSecond).toBeGreaterThan(1.85 * sessionEach(8));
    expect(lab.tried.count).toBeLessThanOrEqual(4);
  });

  test("of 32 streams use all sessions that there are, and wait evenly", async () => {
    const lab = setUp();
    const { p50, p90, perSecond } = await stream(lab, 32);
    expect(p50).toBeLessThanOrEqual(3);
    expect(p90).toBeLessThanOrEqual(4);
    // 39 sessions, of which each takes three round trips for a command.
    expect(perSecond).toBeGreaterThan(0.9 * (39 / (3 * RTT_MS)) * 1_000);
    expect(lab.tried.count).toBe(5);
    expect(lab.node.mostSessions).toBeLessThanOrEqual(8);
  });
});

describe("shells that were opened for a demand", () => {
  test("are ready for the next burst of the same size", async () => {
    const lab = setUp();
    await burst(lab, 1);
    expect(await burst(lab, 7)).toBeGreaterThan(1.5);
    expect(await burst(lab, 7)).toBeLessThanOrEqual(1.25);
  });

  test("are given back when it is gone, with the connections that held them", async () => {
    const lab = setUp();
    await stream(lab, 32, 1_000, 1_000);
    expect(lab.pool.counters()).toMatchObject({ connected: 5, running: 0 });
    expect(lab.pool.counters().free).toBeGreaterThan(30);
    await rest(240_000);
    expect(lab.pool.counters()).toEqual({
      connected: 1,
      free: 4,
      pending: 0,
      queued: 0,
      running: 0,
      size: 4,
    });
    // And a command finds its shell as ever.
    expect(await burst(lab, 1)).toBeLessThanOrEqual(1.25);
  });

  test("are given back around a command that runs, which goes on", async () => {
    const begun: SimShell[] = [];
    const lab = setUp((shell) => {
      shell.begin();
      if (shell.body?.includes("sleep") === true) begun.push(shell);
      else shell.exit(0);
    });
    // So it runs on one of the connections that came last.
    const all = stream(lab, 16, 1_000, 1_000);
    await pass(1_500);
    const command = lab.pool.start({ script: "sleep" });
    command.stdout.resume();
    command.stderr.resume();
    await all;
    await rest(240_000);
    expect(lab.pool.counters()).toMatchObject({ free: 4, running: 1 });
    expect(begun.map(({ signals, isOver }) => [signals, isOver])).toEqual([[[], false]]);
    begun[0]?.exit(7);
    await pass(200);
    expect(await command.outcome).toEqual({ kind: "ran", exitCode: 7, signal: null });
  });

  test("are not opened for commands that each find one ready, however long they run", async () => {
    const lab = setUp((shell) => shell.begin());
    const running = [];
    for (let at = 0; at < 7; at += 1) {
      const command = lab.pool.start({ script: "sleep 600" });
      command.stdout.resume();
      command.stderr.resume();
      running.push(command);
      await pass(2_000);
    }
    expect(lab.pool.counters()).toMatchObject({ running: 7, connected: 1 });
    expect(lab.pool.counters().free).toBeLessThanOrEqual(4);
    for (const command of running) command.signal("TERM");
    await pass(1_000);
  });
});
