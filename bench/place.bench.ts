// How long one placement takes, by number of nodes and rules. Run directly it prints the table.
import type { PlacementRequest } from "../src/nodeRouter/placement/model/decision.ts";
import { NO_RESIDENCE } from "../src/nodeRouter/placement/model/residence.ts";
import type { Rule } from "../src/nodeRouter/placement/model/rule.ts";
import {
  type NodeCapacity,
  type NodeSnapshot,
  type NodeState,
  UNKNOWN_CAPACITY,
} from "../src/nodeRouter/placement/model/snapshot.ts";
import { COMMAND_NEEDS } from "../src/nodeRouter/placement/model/way.ts";
import { place } from "../src/nodeRouter/placement/place.ts";
import { parseSelector } from "../src/nodeRouter/placement/selector/parser.ts";
import { matches, type Selector } from "../src/nodeRouter/placement/selector/selector.ts";

export interface Row {
  readonly nodes: number;
  readonly rules: number;
  /** Microseconds of one `place()` call, each on a snapshot that no call has seen: in use one lives a second. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly samples: number;
}

const NODE_COUNTS = [10, 100, 1000, 10_000];
const RULE_COUNTS = [10, 20, 100, 1000];
/** Fewer of the large ones: they are long enough to be measured well. */
const SAMPLES = 5_000;
const SAMPLED_NODES = 2_000_000;
const WARM_UP_CALLS = 500;
/** Rules whose winner is checked against the plain reading before anything is timed. */
const CHECKED_RULES = 40;
/** Prime, so that consecutive requests jump through the list and every rule is hit. */
const RULE_STRIDE = 7919;

const REGIONS = ["cn", "de", "hk", "jp", "nl", "sg", "us-east", "us-west"];
const SYSTEMS = ["linux", "macos", "windows"];

/** Measures every combination; throws when a winner is not the expected one. */
export async function benchPlace(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const nodes of NODE_COUNTS) {
    for (const rules of RULE_COUNTS) rows.push(measure(nodes, rules));
  }
  return rows;
}

function measure(nodeCount: number, ruleCount: number): Row {
  const rules = Array.from({ length: ruleCount }, (_, index) => makeRule(index));
  const requests = Array.from({ length: ruleCount }, (_, index) =>
    makeRequest((index * RULE_STRIDE) % ruleCount),
  );
  const requestAt = (call: number): PlacementRequest => requests[call % ruleCount] ?? makeRequest(0);

  const snapshot = makeSnapshot(nodeCount);
  assertWinners(requests, snapshot, rules);
  for (let call = 0; call < WARM_UP_CALLS; call++) place(requestAt(call), fresh(snapshot), rules);

  const samples = Math.min(SAMPLES, Math.max(200, SAMPLED_NODES / nodeCount));
  const timings = new Float64Array(samples);
  for (let call = 0; call < samples; call++) {
    const request = requestAt(call);
    const next = fresh(snapshot);
    timings[call] = elapsedUs(() => place(request, next, rules));
  }
  timings.sort();
  return {
    nodes: nodeCount,
    rules: ruleCount,
    p50Us: timings[Math.floor(samples * 0.5)] ?? Number.NaN,
    p99Us: timings[Math.floor(samples * 0.99)] ?? Number.NaN,
    maxUs: timings[samples - 1] ?? Number.NaN,
    samples,
  };
}

/** The same nodes as new objects: nothing that was worked out of the old ones helps. */
function fresh(snapshot: NodeSnapshot): NodeSnapshot {
  return { ...snapshot, nodes: snapshot.nodes.map((node) => ({ ...node })) };
}

function elapsedUs(work: () => unknown): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1000;
}

/** A benchmark of wrong answers measures nothing. */
function assertWinners(
  requests: readonly PlacementRequest[],
  snapshot: NodeSnapshot,
  rules: readonly Rule[],
): void {
  let placed = 0;
  for (const request of requests.slice(0, CHECKED_RULES)) {
    const decision = place(request, snapshot, rules);
    const rule = rules.find(({ agents }) => agents.some((pattern) => names(pattern, request.agent)));
    const expected = rule === undefined ? null : expectedWinner(rule, snapshot);
    if (decision.rule !== rule?.name || (decision.node?.name ?? null) !== expected) {
      throw new Error(
        `expected ${rule?.name} to place on ${expected}, got ${decision.rule} on ${decision.node?.name ?? null}`,
      );
    }
    if (expected !== null) placed++;
  }
  if (placed === 0)
    throw new Error(`no request of ${snapshot.nodes.length} nodes x ${rules.length} rules was placed`);
}

/** The only globs here end with their star. */
function names(pattern: string, agent: string): boolean {
  return pattern.endsWith("*") ? agent.startsWith(pattern.slice(0, -1)) : agent === pattern;
}

/** A second reading of a rule: what the first must agree with. */
function expectedWinner(rule: Rule, snapshot: NodeSnapshot): string | null {
  const sum = (node: NodeState) =>
    rule.prefer.reduce(
      (total, { selector, weight }) => total + (matches(selector, node.tags) ? weight : 0),
      0,
    );
  const step = ({ rttMs }: NodeState) => {
    if (rule.near === null) return 0;
    if (rttMs === null) return Number.MAX_VALUE;
    return rttMs < 25 ? Math.floor(rttMs / 5) : 5 + Math.floor(Math.log(rttMs / 25) / Math.log(1.2));
  };
  const ms = ({ rttMs }: NodeState) => (rule.near === null ? 0 : (rttMs ?? Number.MAX_VALUE));
  const free = ({ capacity }: NodeState) => ((capacity.loadPerCpu ?? 0) > 4 ? -100 : 0);
  const [winner] = snapshot.nodes
    .filter((node) => rule.require === null || matches(rule.require, node.tags))
    .filter((node) => node.nodeId !== null && node.approval === "approved" && node.online === true)
    .filter((node) => node.transport !== "ssh" && node.commands.has("system.run"))
    .sort(
      (a, b) =>
        sum(b) - sum(a) ||
        step(a) - step(b) ||
        free(b) - free(a) ||
        ms(a) - ms(b) ||
        (a.name < b.name ? -1 : 1),
    );
  return winner?.name ?? null;
}

function makeSnapshot(count: number): NodeSnapshot {
  return {
    takenAtMs: 0,
    gatewayLocation: null,
    nodes: Array.from({ length: count }, (_, index) => makeNode(index)),
  };
}

/** Most are idle; some are overloaded, and of some nobody knows. */
function makeCapacity(index: number): NodeCapacity {
  if (index % 7 === 3) return UNKNOWN_CAPACITY;
  return { ...UNKNOWN_CAPACITY, idleCpus: 4, loadPerCpu: index % 11 === 5 ? 5 : 0.3 };
}

/** About ten tags each; a few nodes are offline, unknown, waiting, unpaired or SSH-only, as in a real fleet. */
function makeNode(index: number): NodeState {
  const tags = new Map([
    ["region", pick(REGIONS, index)],
    ["zone", `zone-${index % 24}`],
    ["team", `team-${index % 40}`],
    ["tier", pick(["dev", "staging", "prod"], index >> 2)],
    ["node.os", pick(SYSTEMS, index >> 1)],
    ["node.arch", pick(["arm64", "x64"], index >> 3)],
    ["node.country", pick(REGIONS, index).slice(0, 2)],
    ["serial", `sn-${index}`],
  ]);
  if (index % 4 === 1) tags.set("gpu", "");
  if (index % 5 === 2) tags.set("spot", "");
  const unpaired = index % 97 === 50;
  const online = index % 31 === 15 ? false : index % 101 === 60 ? null : true;
  return {
    // Scattered: no order of names helps.
    name: `node-${((index * 7907) % 99_991).toString().padStart(5, "0")}`,
    nodeId: unpaired ? null : index.toString(16).padStart(64, "0"),
    configured: true,
    tags,
    online,
    sshReachable: null,
    rttMs: index % 13 === 6 ? null : ((index * 37) % 400) / 2 + 0.5,
    capacity: makeCapacity(index),
    approval: unpaired ? "unpaired" : index % 53 === 20 ? "pending" : "approved",
    commands: new Set(
      index % 29 === 9 ? ["system.which"] : ["system.run", "system.run.prepare", "system.which"],
    ),
    ssh: index % 3 === 0,
    transport: index % 61 === 30 ? "ssh" : "auto",
    workspace: "/Users/claw/work",
    location: null,
    residence: NO_RESIDENCE,
    taints: [],
    ghostIds: [],
    awaitsReapproval: false,
    doubt: null,
    cordon: null,
  };
}

function makeRule(index: number): Rule {
  const region = pick(REGIONS, index);
  const other = pick(REGIONS, index + 3);
  const require = pick(
    [
      `region=${region}`,
      `region in (${region},${other}),!spot`,
      `node.os=${pick(SYSTEMS, index)},tier!=dev`,
      `region notin (${region},${other}),gpu`,
    ],
    index,
  );
  return {
    name: `rule-${index}`,
    agents: index % 10 === 9 ? [`group-${index}-*`] : [`agent-${index}`, `helper-${index}`],
    tools: null,
    require: selector(require),
    prefer: [
      { selector: selector("gpu"), weight: 50 },
      { selector: selector(`zone in (zone-${index % 24},zone-${(index + 8) % 24})`), weight: 30 },
      { selector: selector("spot"), weight: -20 },
    ],
    near: index % 4 === 2 ? { kind: "gateway" } : null,
    minimum: null,
    residency: null,
    tolerate: [],
    onUnavailable: "refuse",
    files: "gateway",
    stick: "none",
  };
}

function makeRequest(rule: number): PlacementRequest {
  const agent = rule % 10 === 9 ? `group-${rule}-worker` : `agent-${rule}`;
  return {
    agent,
    tool: "exec",
    commands: ["system.run"],
    needs: COMMAND_NEEDS,
    binding: "exec",
    current: null,
  };
}

function selector(text: string): Selector {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.selector;
}

function pick<T>(values: readonly [T, ...T[]] | readonly T[], index: number): T {
  const value = values[index % values.length];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

if (import.meta.main) {
  const round = (value: number) => Math.round(value * 100) / 100;
  console.table(
    (await benchPlace()).map((row) => ({
      ...row,
      p50Us: round(row.p50Us),
      p99Us: round(row.p99Us),
      maxUs: round(row.maxUs),
    })),
  );
}
