// One measurement in a process of its own: what observing so many simulated nodes takes. Prints one line of JSON.
// Arguments: number of nodes, seconds.
import { resolveConfig } from "../src/config/resolve.ts";
import { buildSnapshot } from "../src/nodeRouter/inventory/inventory.ts";
import { presenceTargets } from "../src/nodeRouter/observe/sshTargets.ts";
import { type Collector, startCollector } from "../src/presence/collector.ts";
import { createHub } from "../src/presence/hub.ts";
import { inferredPlaces } from "../src/presence/location/inferred.ts";
import { locate } from "../src/presence/location/locate.ts";
import type { PresenceTarget } from "../src/presence/record.ts";
import { createGatewaySource } from "../src/presence/sources/gateway/hostFacts.ts";
import { readHostNode } from "../src/presence/sources/gateway/hostNode.ts";
import { createGatewayPing } from "../src/presence/sources/gateway/nodePing.ts";
import { createNodeReader } from "../src/presence/sources/gateway/nodeReader.ts";
import { createSshPing } from "../src/presence/sources/ssh/ping.ts";
import { createSshStats } from "../src/presence/sources/ssh/stats.ts";
import { createLogger } from "../src/shared/logger.ts";

const [count = 10, seconds = 60] = process.argv.slice(2).map(Number);
const quiet = () => undefined;
const log = createLogger({ debug: quiet, info: quiet, warn: quiet, error: console.error });
const names = Array.from({ length: count }, (_, at) => `node-${at}`);
const idOf = (at: number): string => at.toString(16).padStart(64, "0");

/** What the host would hand out: plain objects, made anew. */
const listNodes = () =>
  names.map((name, at) => ({
    nodeId: idOf(at),
    displayName: name,
    platform: "linux",
    remoteIp: `100.64.${at >> 8}.${at & 255}`,
    version: "2026.9.6",
    connected: true,
    approvalState: "approved",
    commands: ["system.run", "system.run.prepare", "system.which"],
    connectedAtMs: 1,
    hostStats: {
      cpuCount: 8,
      loadAverage: [at % 7, 1, 1],
      memoryTotalBytes: 16e9,
      memoryFreeBytes: 8e9,
      diskTotalBytes: 1e12,
      diskAvailableBytes: 5e11,
      updatedAtMs: Date.now() - 30_000,
    },
  }));
/** Half of them have SSH as well. */
const config = resolveConfig({
  nodes: Object.fromEntries(
    names.map((name, at) => [
      name,
      { location: { country: "SG" }, ...(at % 2 ? { ssh: {}, workspace: "/w" } : {}) },
    ]),
  ),
});
const reader = createNodeReader(Date.now);
const readNow = async () => ({
  nodes: listNodes().flatMap((node) => readHostNode(node) ?? []),
  takenAtMs: Date.now(),
});
const read = (maxAgeMs: number) => reader.read(maxAgeMs, readNow);
const answer = <Result>(result: Result) =>
  new Promise<Result>((resolve) => setImmediate(() => resolve(result)));
const NO_PLACE = { place: null, reason: "no file" } as const;
const STATS = ["node-router-stats 1", "os Linux", "arch x86_64", "cpus 8", "load 0.5"].join("\n");

const start = () => {
  let targets: readonly PresenceTarget[] = [];
  let collector: Collector | null = null;
  const hub = createHub({
    targets: () => (targets = presenceTargets(config, reader.last())),
    locate(declared, facts, places) {
      const inferred = inferredPlaces(facts, {
        geoip: { known: () => null, lookup: async () => NO_PLACE },
        derpMap: null,
      });
      const { location, others, contradictions } = locate({ declared, places: [...places, ...inferred] });
      return { location, otherPlaces: others, contradictions };
    },
    now: Date.now,
    log,
    health: () => collector?.health() ?? [],
    gatewayPlace: () => null,
    attributions: () => [],
  });
  collector = startCollector({
    sources: [
      createGatewaySource(read, () => reader.last()),
      createGatewayPing({
        read,
        invoke: () => answer({}),
        now: Date.now,
        monotonic: () => performance.now(),
      }),
      createSshPing({ ask: () => answer({ kind: "up", rttMs: 70 }), now: Date.now }),
      createSshStats({
        run: () => answer({ ok: true, stdout: STATS }),
        now: Date.now,
        monotonic: () => performance.now(),
        publicAddressUrl: () => null,
      }),
    ],
    targets: () => targets,
    sink: hub.sink,
    now: Date.now,
    random: Math.random,
    log,
  });
  const refresh = setInterval(() => hub.refresh(), 5_000);
  const stop = () => {
    collector.stop();
    clearInterval(refresh);
  };
  return { hub, stop };
};

const rssMb = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// The host has its list anyway, and every process that works has its nursery: V8 grows it to its full size with the
// first garbage and keeps it. What is counted begins with the plugin's own.
await read(0);
for (let at = 0; at < 300; at += 1) await readNow();
const beforeMb = rssMb();
const heapBefore = process.memoryUsage().heapUsed / 1e6;
const presence = start();
presence.hub.refresh();
await pause(15_000);
const cpu = process.cpuUsage();
const begun = performance.now();
await pause(seconds * 1_000);
const used = process.cpuUsage(cpu);
const minutes = (performance.now() - begun) / 60_000;
const afterMb = rssMb();
const afterHeap = process.memoryUsage().heapUsed / 1e6;

const records = presence.hub.current();
const times = [];
for (let at = 0; at < 60; at += 1) {
  const host = await readNow();
  const fresh = new Map([...records].map(([name, record]) => [name, { ...record }]));
  const from = performance.now();
  buildSnapshot(config.nodes, host, fresh);
  times.push(performance.now() - from);
}
presence.stop();
const sorted = times.slice(10).sort((a, b) => a - b);
console.log(
  JSON.stringify({
    nodes: count,
    ready: [...records.values()].filter(({ state }) => state === "ready").length,
    cpuSecondsPerMinute: (used.user + used.system) / 1e6 / minutes,
    corePercent: ((used.user + used.system) / 1e6 / minutes / 60) * 100,
    memoryMb: afterMb - beforeMb,
    keptMb: afterHeap - heapBefore,
    snapshotP50Ms: sorted[Math.floor(sorted.length / 2)],
    snapshotP90Ms: sorted[Math.floor(sorted.length * 0.9)],
  }),
);
process.exit(0);
