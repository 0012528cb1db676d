// Streams of commands back to back on a far node: how long each command takes, in a time of its own.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NodePool } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { createSimNode, type SimNode } from "../../../../support/ssh/simNode.ts";

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

function setUp(): Lab {
  const node = createSimNode({ oneWayMs: RTT_MS / 2 });
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
async function stream({ pool }: Lab, streams: number, leadMs = 3_000, measuredMs = 3_000): Promise<Figures> {
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

describe("streams", () => {
  test.each([1, 2, 8, 32])(
    "%i",
    async (streams) => {
      const lab = setUp();
      const figures = await stream(lab, streams);
      console.log(streams, figures, lab.tried.count, lab.pool.counters(), lab.node.mostSessions);
      expect(figures.p50).toBeGreaterThan(0);
    },
    100_000,
  );
});
