// One process of the bench of hostile nodes: `serve <attack>` is a node, `gateway <port> <port> <attack>` measures.
// The gateway's one thread may stand still for as long as the bench lasts, so a second thread watches it.
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { collect } from "../src/nodeRouter/transports/collect.ts";
import { HOST_KEY_TYPES } from "../src/nodeRouter/transports/ssh/connect/base/algorithms.ts";
import { shakeHands } from "../src/nodeRouter/transports/ssh/connect/handshake.ts";
import { NodePool } from "../src/nodeRouter/transports/ssh/pool/pool.ts";
import { createLogger } from "../src/shared/logger.ts";
import { refused } from "../test/support/refused.ts";
import { type Attack, startHostileServer } from "../test/support/ssh/hostileServer.ts";

const QUIET_MS = 6_000;
const ATTACKED_MS = 15_000;
const MOST = 20_000;

/** Plain JavaScript for the second thread. */
const WATCH = `
const { workerData, parentPort } = require("node:worker_threads");
const { counts, times } = workerData;
const beganMs = performance.now();
let lastTicks = -1, lastMs = beganMs, before = { stall: 0, rss: 0 }, during = { stall: 0, rss: 0 };
const p99 = (from, to) => {
  const sorted = Array.from(times.subarray(from, to)).sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))];
};
setInterval(() => {
  const now = performance.now(), ticks = Atomics.load(counts, 0);
  const phase = Atomics.load(counts, 3) === 1 ? during : before;
  if (ticks !== lastTicks) { lastTicks = ticks; lastMs = now; }
  // The first second loads code.
  if (now - beganMs > 1000) phase.stall = Math.max(phase.stall, now - lastMs);
  phase.rss = Math.max(phase.rss, process.memoryUsage().rss);
  if (now - beganMs < ${QUIET_MS + ATTACKED_MS}) return;
  const all = Atomics.load(counts, 1), quiet = Atomics.load(counts, 2) || all;
  parentPort.postMessage({
    stallBeforeMs: before.stall, stallMs: during.stall,
    growthMb: (during.rss - before.rss) / 1e6,
    p99BeforeMs: p99(0, quiet), p99Ms: p99(quiet, all), commands: all - quiet,
  });
  // Nobody reads messages where the thread stands still.
  setTimeout(() => {
    require("node:fs").writeSync(1, JSON.stringify({
      stallBeforeMs: before.stall, stallMs: during.stall, growthMb: (during.rss - before.rss) / 1e6,
      p99BeforeMs: p99(0, quiet), p99Ms: p99(quiet, all), commands: all - quiet,
    }) + "\\n");
    process.kill(process.pid, "SIGKILL");
  }, 500);
}, 5);
`;

const [role, ...given] = process.argv.slice(2);
if (role === "serve") {
  const server = await startHostileServer();
  server.attack = given[0] === "none" ? null : (given[0] as Attack);
  console.log(server.port);
} else {
  const [evil = "", good = "", attack = ""] = given;
  await measure(Number(evil), Number(good), attack as Attack);
}

async function measure(evilPort: number, goodPort: number, attack: Attack): Promise<void> {
  /** Ticks; commands that ended; of these before the attack; whether it began. */
  const counts = new Int32Array(new SharedArrayBuffer(16));
  const times = new Float64Array(new SharedArrayBuffer(8 * MOST));
  const watcher = new Worker(WATCH, { eval: true, workerData: { counts, times } });
  watcher.once("message", (report) => {
    console.log(JSON.stringify(report));
    process.exit(0);
  });
  const tick = setInterval(() => Atomics.add(counts, 0, 1), 5);
  tick.ref();
  const good = poolOf("good", goodPort);
  const run = async (): Promise<void> => {
    const from = performance.now();
    const { outcome } = await collect(good.start({ script: "true", input: Buffer.alloc(0) }));
    const at = Atomics.load(counts, 1);
    if (outcome.kind === "ran" && at < MOST) {
      times[at] = performance.now() - from;
      Atomics.add(counts, 1, 1);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  for (const end = performance.now() + QUIET_MS; performance.now() < end; ) await run();
  Atomics.store(counts, 2, Atomics.load(counts, 1));
  Atomics.store(counts, 3, 1);
  begin(poolOf("evil", evilPort), attack);
  for (;;) await run();
}

/** What makes the node do it: presence alone, or a command. */
function begin(pool: NodePool, attack: Attack): void {
  pool.warm();
  setInterval(() => void pool.ping(1_500, { connect: true }), 2_000);
  const start = () => pool.start({ script: "true", input: attack === "window" ? null : Buffer.alloc(0) });
  if (attack === "window") {
    const again = () => {
      const command = start();
      command.stdout.pause();
      void command.outcome.then(() => setTimeout(again, 1_000));
    };
    again();
  } else if (attack === "file" || attack === "marker" || attack === "hang") {
    const again = async (): Promise<void> => {
      await collect(start());
      setTimeout(again, 1_000);
    };
    void again();
  }
}

function poolOf(node: string, port: number): NodePool {
  const quiet = () => {};
  return new NodePool({
    node,
    loginShell: false,
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
    async connect(signal) {
      const stream = connect({ host: "127.0.0.1", port, noDelay: true });
      stream.on("error", quiet);
      const result = await shakeHands({
        stream,
        user: "bench",
        types: HOST_KEY_TYPES,
        believes: () => true,
        identities: {
          attempts: [{ label: "none", method: { type: "none", username: "bench" } }],
          problems: [],
        },
        timeoutMs: 10_000,
        keepaliveIntervalMs: 5_000,
        keepaliveCountMax: 3,
        signal,
        now: () => performance.now(),
      });
      if (result.ok) return { ok: true, client: result.client };
      return { ok: false, ...refused("NODE_UNREACHABLE", "no"), transportFailure: true };
    },
  });
}
