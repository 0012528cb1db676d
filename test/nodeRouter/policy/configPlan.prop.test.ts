// For any two configs: nothing changes between a config and itself, and what is said to change is what explain says.
import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import { PLUGIN_COMMAND } from "../../../src/nodeRouter/placement/filters/plugin.ts";
import type { NodeSnapshot } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { placeByRule } from "../../../src/nodeRouter/placement/place.ts";
import { agentPolicy } from "../../../src/nodeRouter/policy/agentPolicy.ts";
import { type PlanInput, type PlanSide, planConfig } from "../../../src/nodeRouter/policy/configPlan.ts";
import { lookAhead, nodeOf, outcomeOf } from "../../../src/nodeRouter/policy/explainTool.ts";
import { decidedFor, PLANNED_TOOLS } from "../../../src/nodeRouter/policy/planGroups.ts";
import { toolPlacement } from "../../../src/nodeRouter/policy/toolPlacement.ts";
import { withCordoned, withDown } from "../../../src/nodeRouter/policy/whatIf.ts";
import { worldOf } from "../../../src/nodeRouter/policy/world.ts";
import type { LastNodes } from "../../../src/nodeRouter/state/lastNodes.ts";
import { createSessionNodes } from "../../../src/nodeRouter/state/sessionNodes.ts";
import { classifyTool } from "../../../src/nodeRouter/toolCatalog/catalog.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { BOUND, hostEntry } from "../../support/fakeDeps.ts";

const NAMES = ["n1", "n2", "n3"];
const AGENTS = ["a1", "a2", "b1"];

const node = fc.record(
  {
    tags: fc.constantFrom(["region=sg"], ["region=cn", "gpu"], ["region=sg", "gpu"]),
    ssh: fc.constant({}),
    workspace: fc.constant("/node/ws"),
    transport: fc.constantFrom("auto", "node", "ssh"),
    taints: fc.constantFrom(["prod:NoSchedule"], ["prod:PreferNoSchedule"], ["gpu=a100:NoExecute"]),
    location: fc.constantFrom({ country: "SG" }, { country: "CN" }),
  },
  { requiredKeys: ["tags"] },
);
const rule = fc.record(
  {
    agents: fc.constantFrom(["a1"], ["a*"], ["b1"], ["*"], []),
    tools: fc.constantFrom(["exec"], ["browser"]),
    require: fc.constantFrom("region=sg", "region=cn", "gpu", "region=("),
    prefer: fc.constantFrom([{ selector: "gpu", weight: 50 }]),
    onUnavailable: fc.constantFrom("refuse", "gateway", { wait: "1s" }, { next: "r1" }, { next: "r2" }),
    stick: fc.constantFrom("session", "agent"),
    files: fc.constantFrom("gateway", "refuse"),
    tolerate: fc.constantFrom(["prod"], ["gpu=a100"], ["*"]),
    residency: fc.constantFrom({ allow: ["SG"] }, { allow: ["SG", "CN"] }),
  },
  { requiredKeys: ["agents"] },
);
const config = fc.record({
  untoleratedAgents: fc.constantFrom("leave", "refuse"),
  nodes: fc.dictionary(fc.constantFrom(...NAMES), node),
  rules: fc
    .array(rule, { maxLength: 3 })
    .map((rules) => rules.map((one, at) => ({ name: `r${at}`, ...one }))),
});
const agent = fc.constantFrom({}, { sandbox: BOUND }, { sandbox: BOUND, tools: { exec: { mode: "deny" } } });
const hostConfig = fc.record({ a1: agent, a2: agent, b1: agent }).map((entries) => ({ agents: { entries } }));

const machine = fc.record({
  connected: fc.boolean(),
  commands: fc.subarray(["system.run", "browser.proxy", PLUGIN_COMMAND]),
});

/** The same machines for both sides, some of them away. */
const machines = fc.tuple(machine, machine, machine).map((states) => ({
  takenAtMs: 1,
  nodes: states.flatMap(
    (state, at) => readHostNode(hostEntry(NAMES[at] ?? "", `${at}d`.repeat(32), state)) ?? [],
  ),
}));

/** As if something said of these nodes that they are elsewhere. */
function withDisputed(snapshot: NodeSnapshot, names: readonly string[]): NodeSnapshot {
  const disputes = [{ words: "endpoint 198.51.100.7 looks like JP Tokyo", atMs: 0 }];
  const nodes = snapshot.nodes.map((one) =>
    names.includes(one.name) ? { ...one, residence: { ...one.residence, disputes } } : one,
  );
  return { ...snapshot, nodes };
}
/** What agent `a1` ran has files on this node. */
function stuckOn(node: string | null): LastNodes["stuck"] {
  const stuck = createSessionNodes();
  if (node !== null)
    for (const rule of ["r0", "r1", "r2"]) {
      stuck.put(`agent:a1:main\0${rule}`, node, "node");
      stuck.put(`agent:a1:\0${rule}`, node, "node");
    }
  return stuck;
}

const current = fc.option(fc.constantFrom(...NAMES));

const input = fc
  .record({
    configs: fc.tuple(config, config),
    hosts: fc.tuple(hostConfig, hostConfig),
    machines,
    current,
    stuck: current,
    cordoned: fc.subarray(NAMES),
    disputed: fc.subarray(NAMES),
  })
  .map(({ configs, hosts, machines: list, current: last, stuck, cordoned, disputed }): PlanInput => {
    const side = (at: 0 | 1): PlanSide => {
      const resolved = resolveConfig(configs[at]);
      const snapshot = withCordoned(
        withDisputed(buildSnapshot(resolved.nodes, list), disputed),
        at === 1 ? cordoned : [],
      );
      return { config: resolved, hostConfig: hosts[at], snapshot };
    };
    return {
      before: side(0),
      after: side(1),
      agents: AGENTS,
      known: { hostNodes: [], presence: new Map(), apiProblem: null },
      memory: { of: () => last, stuck: stuckOn(stuck) },
      scenarios: [...NAMES.map((name) => [name]), ["n1", "n2"]],
      limit: 10_000,
    };
  });

test("a config and itself: nothing changes, whatever is down", () => {
  fc.assert(
    fc.property(input, (any) => {
      expect(planConfig({ ...any, after: any.before })).toEqual({ changes: [], more: 0 });
    }),
    { numRuns: 100 },
  );
});

test("what changes is what explain says before and after, for every agent, tool and scenario, and nothing else", () => {
  fc.assert(
    fc.property(input, (any) => {
      const { changes } = planConfig(any);
      const told = new Map(changes.map((one) => [JSON.stringify([one.scenario, one.agent, one.tool]), one]));
      for (const down of [[], ...any.scenarios]) {
        const scenario = down.length === 0 ? null : `${down.join(", ")} down`;
        for (const name of AGENTS) {
          for (const tool of PLANNED_TOOLS.flatMap(decidedFor)) {
            const at = (names: readonly string[]) =>
              [any.before, any.after].map((side) => stateOf(side, any, names, name, tool));
            const [before, after] = at(down);
            const isNews = down.length === 0 || JSON.stringify(at(down)) !== JSON.stringify(at([]));
            const change = told.get(JSON.stringify([scenario, name, tool]));
            if (JSON.stringify(before) === JSON.stringify(after) || !isNews) expect(change).toBe(undefined);
            else {
              expect(change?.before).toEqual({ outcome: before?.outcome, node: before?.node });
              expect(change?.after).toEqual({ outcome: after?.outcome, node: after?.node });
            }
          }
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("a cordon adds no node: nobody is placed on a cordoned one or on one that did not fit, and who is refused stays so unless the workspace beside moves", () => {
  fc.assert(
    fc.property(input, fc.subarray(NAMES), (any, cordoned) => {
      const side = { ...any.before, snapshot: withCordoned(any.before.snapshot, cordoned) };
      for (const name of AGENTS) {
        for (const tool of PLANNED_TOOLS) {
          const [free, kept] = [any.before, side].map((one) => stateOf(one, any, [], name, tool));
          const policy = agentPolicy(any.before.config, any.before.hostConfig, name);
          const isBeside = policy.binding === "workspace" && classifyTool(tool)?.kind === "node";
          if (free?.outcome === "refused" && !isBeside) expect(kept?.outcome).not.toBe("placed");
          if (kept?.node == null) continue;
          expect(cordoned).not.toContain(kept.node);
          const { node: on } = kept;
          const held = { sessionKey: `agent:${name}:main` };
          const { rule: by, request } = toolPlacement(policy, tool, side.snapshot, any.memory, held);
          const ruling = any.before.config.rules.find((one) => one.name === by);
          const fitted =
            ruling !== undefined &&
            placeByRule(ruling, request, any.before.snapshot)
              .candidates()
              .find((one) => one.node === on)?.fits;
          expect(fitted).toBe(true);
        }
      }
    }),
    { numRuns: 100 },
  );
});

function stateOf(
  side: PlanSide,
  { known, memory }: PlanInput,
  down: readonly string[],
  agentId: string,
  tool: string,
) {
  const world = worldOf(side.config, side.hostConfig, { ...known, snapshot: withDown(side.snapshot, down) });
  const decision = lookAhead(world.agent(agentId), tool, world, memory);
  const node = nodeOf(decision);
  return {
    outcome: outcomeOf(decision),
    node,
    transport: node === null ? null : (decision.placement?.transport ?? null),
  };
}
