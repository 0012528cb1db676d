// How long `plan` takes for a fleet: every agent and tool, before and after, with each node down once. Run directly it
// prints the row.
import { resolveConfig } from "../src/config/resolve.ts";
import { buildSnapshot } from "../src/nodeRouter/inventory/inventory.ts";
import { type PlanSide, planSteps } from "../src/nodeRouter/policy/configPlan.ts";
import { readHostNode } from "../src/presence/sources/gateway/hostNode.ts";
import { hostEntry } from "../test/support/fakeDeps.ts";

export interface PlanRow {
  readonly agents: number;
  readonly nodes: number;
  readonly changes: number;
  readonly ms: number;
  /** The longest step: so long the gateway does nothing else. */
  readonly longestMs: number;
}

const REGIONS = 50;

/** Every agent has a rule of its own, so that none is decided together with another; all move one region on. */
export function benchPlan(agents = 200, nodes = 500): PlanRow {
  const ids = Array.from({ length: agents }, (_, index) => `agent-${index}`);
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  const list = names.flatMap(
    (name, index) => readHostNode(hostEntry(name, index.toString(16).padStart(64, "0"))) ?? [],
  );
  const hostConfig = { agents: { entries: Object.fromEntries(ids.map((id) => [id, {}])) } };
  const side = (step: number): PlanSide => {
    const config = resolveConfig({
      nodes: Object.fromEntries(names.map((name, index) => [name, { tags: [`region=r${index % REGIONS}`] }])),
      rules: ids.map((id, index) => ({
        name: id,
        agents: [id],
        require: `region in (r${(index + step) % REGIONS}, r${(index + step + 7) % REGIONS})`,
      })),
    });
    if (config.problems.length > 0) throw new Error("the bench's own config is wrong");
    return { config, hostConfig, snapshot: buildSnapshot(config.nodes, { nodes: list, takenAtMs: 1 }) };
  };
  const steps = planSteps({
    before: side(0),
    after: side(1),
    agents: ids,
    known: { hostNodes: list, presence: new Map(), apiProblem: null },
    memory: { of: () => null },
    scenarios: names.map((name) => [name]),
    limit: 1_000,
  });
  const beganMs = performance.now();
  for (let longestMs = 0; ; ) {
    const stepMs = performance.now();
    const step = steps.next();
    longestMs = Math.max(longestMs, performance.now() - stepMs);
    if (step.done !== true) continue;
    const { changes, more } = step.value;
    return { agents, nodes, changes: changes.length + more, ms: performance.now() - beganMs, longestMs };
  }
}

if (import.meta.main) console.table([benchPlan()]);
