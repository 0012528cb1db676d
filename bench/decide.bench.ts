// How long the hook needs for one decision on a snapshot that no call has seen: since the last one the host's list was
// read anew and every node was heard of. What keeping the snapshot up takes of the gateway's time between two calls stands
// beside it. Run directly it prints the table.

import { PLUGIN_CONFIG } from "../src/config/currentConfig.ts";
import { carry } from "../src/nodeRouter/dispatch/dispatch.ts";
import { currentSnapshot } from "../src/nodeRouter/inventory/currentSnapshot.ts";
import { RUNNING } from "../src/nodeRouter/state/running.ts";
import { PRESENCE } from "../src/presence/presence.ts";
import type { NodePresence, PlaceWitness } from "../src/presence/record.ts";
import { execEvent, fakeDeps, RUN, START_MS } from "../test/support/fakeDeps.ts";
import { fakePresence, makePlace, makePresence } from "../test/support/makePresence.ts";

export interface DecisionRow {
  readonly nodes: number;
  readonly rules: number;
  /** Whether nodes have taints and are full, and rules a residency, tolerations, a wait and `stick`. */
  readonly policies: boolean;
  /** Microseconds from the hook's call to the parameters that the host is told. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Microseconds to read the list into the plugin and to make the snapshot, between two calls. */
  readonly upkeepP50Us: number;
  readonly upkeepP99Us: number;
  readonly samples: number;
}

const NODE_COUNTS = [50, 500, 10_000];
const RULES = 100;
const REGIONS = ["cn", "de", "hk", "jp", "nl", "sg", "us-east", "us-west"];

const nameOf = (index: number): string => `node-${index}`;
const idOf = (index: number): string => index.toString(16).padStart(64, "0");

/** Most of them are in an allowed country. */
const locationOf = (index: number): object => ({ country: index % 10 === 0 ? "DE" : "SG" });

/** Every third has a taint. */
function policiesOf(index: number): object {
  return index % 3 === 0
    ? { taints: [index % 6 === 0 ? "prod:NoSchedule" : "gpu=a100:PreferNoSchedule"] }
    : {};
}

const WITNESSES: readonly PlaceWitness[] = [
  { by: "endpoint", place: makePlace(), atMs: START_MS, stale: false },
  { by: "timezone", place: makePlace({ source: "timezone" }), atMs: START_MS, stale: false },
];

/** One entry of the host's list as it is read anew: a new object each time, and now and then other numbers. */
function rowOf(index: number, round: number): object {
  return {
    nodeId: idOf(index),
    displayName: nameOf(index),
    platform: "linux",
    connected: true,
    approvalState: "approved",
    commands: ["system.run", "system.run.prepare", "browser.proxy"],
    connectedAtMs: START_MS - 60_000,
    version: "2026.9.6",
    hostStats: {
      updatedAtMs: START_MS + Math.floor((round + index) / 60),
      cpuCount: 8,
      loadAverage: [0.5],
      memoryTotalBytes: 2 ** 34,
      memoryFreeBytes: 2 ** 33,
    },
  };
}

/** Measures every number of nodes. */
export async function benchDecide(): Promise<DecisionRow[]> {
  const rows: DecisionRow[] = [];
  for (const nodes of NODE_COUNTS) {
    for (const policies of [false, true]) rows.push(await measure(nodes, policies));
  }
  return rows;
}

async function measure(count: number, policies: boolean): Promise<DecisionRow> {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const config = {
    nodes: Object.fromEntries(
      indexes.map((index) => [
        nameOf(index),
        {
          ...(policies ? { maxRunning: 8 } : {}),
          tags: [`region=${REGIONS[index % REGIONS.length]}`],
          // In both rows: distance to a place costs more than any policy.
          location: locationOf(index),
          ...(policies ? policiesOf(index) : {}),
        },
      ]),
    ),
    rules: Array.from({ length: RULES }, (_, index) => ({
      name: `rule-${index}`,
      agents: [`agent-${index}`],
      require: `region in (${REGIONS[index % REGIONS.length]},${REGIONS[(index + 3) % REGIONS.length]})`,
      near: "gateway",
      ...(policies
        ? {
            residency: { allow: ["SG", "CN"] },
            tolerate: [index === 0 ? "prod" : "gpu=a100"],
            stick: "agent",
            onUnavailable: { wait: "20s" },
          }
        : {}),
    })),
  };
  const deps = fakeDeps({ config, hostConfig: { agents: { entries: { "agent-42": {} } } } });
  const resolved = deps.memory.part(PLUGIN_CONFIG).current;
  if (resolved === null || resolved.problems.length > 0) throw new Error("the bench's own config is wrong");
  // Every tenth node is full.
  if (policies)
    // By the very names of the config, as a decision hands them over.
    for (const [index, name] of [...resolved.nodes.keys()]
      .filter((_, at) => at % 10 === 3)
      .slice(0, 500)
      .entries()) {
      for (let call = 0; call < 8; call++) deps.memory.part(RUNNING).take(`${index} ${call}`, name, "x");
    }
  let records: ReadonlyMap<string, NodePresence> = new Map();
  deps.memory.part(PRESENCE).current = fakePresence(() => records);

  const samples = Math.max(200, Math.min(2_000, Math.floor(400_000 / count)));
  const calls = new Float64Array(samples);
  const upkeeps = new Float64Array(samples);
  for (let round = -50; round < samples; round++) {
    deps.nodes = { nodes: indexes.map((index) => rowOf(index, round)) };
    records = new Map(
      indexes.map((index) => [
        nameOf(index),
        makePresence({
          node: nameOf(index),
          rttMs: 20 + ((index + round) % 7),
          ...(policies ? { witnesses: WITNESSES } : {}),
        }),
      ]),
    );
    deps.clockMs += 1_500;
    const began = performance.now();
    await currentSnapshot(deps, resolved);
    const kept = performance.now();
    const event = execEvent(deps, { command: "hostname" }, { toolCallId: `call-${round}` });
    const start = performance.now();
    const carried = await carry(deps, resolved, "agent-42", event, { runId: RUN, agentId: "agent-42" });
    const ended = performance.now();
    if (carried.outcome !== "placed") throw new Error(`not placed: ${carried.refusal}`);
    deps.memory.part(RUNNING).releaseRun(RUN);
    if (round < 0) continue;
    calls[round] = (ended - start) * 1_000;
    upkeeps[round] = (kept - began) * 1_000;
  }
  const [call, upkeep] = [quantiles(calls), quantiles(upkeeps)];
  return {
    nodes: count,
    policies,
    rules: RULES,
    p50Us: call(0.5),
    p99Us: call(0.99),
    maxUs: call(1),
    upkeepP50Us: upkeep(0.5),
    upkeepP99Us: upkeep(0.99),
    samples,
  };
}

function quantiles(timings: Float64Array): (share: number) => number {
  timings.sort();
  return (share) => timings[Math.min(timings.length - 1, Math.floor(timings.length * share))] ?? 0;
}

if (import.meta.url === `file://${process.argv[1]}`) console.table(await benchDecide());
