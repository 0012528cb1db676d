// `noderouter.plan` with `cordon`: whose `exec` would go elsewhere, or be refused, were nodes cordoned. One answer for all agents.
import { resolveConfig } from "../../../config/resolve.ts";
import { testedNow } from "../../current/testedConfig.ts";
import { worldNow } from "../../current/worldNow.ts";
import type { ExplainReport } from "../../explain/report.ts";
import { agentIds } from "../../host/hostConfig.ts";
import { currentSnapshot } from "../../inventory/currentSnapshot.ts";
import type { LastNodesView, World } from "../../policy/callDecision.ts";
import { explainTool, lookAhead, nodeOf, outcomeOf } from "../../policy/explainTool.ts";
import { withCordoned } from "../../policy/whatIf.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { LAST_NODES } from "../../state/lastNodes.ts";
import { type Params, UsageError, unknownName } from "./params.ts";
import { inTurn, workedOut } from "./planMethods.ts";

type Outcome = Pick<ExplainReport, "outcome" | "node">;

export interface CordonPlan {
  /** Supposed to be cordoned, together. */
  readonly nodes: readonly string[];
  /** Of `exec`; those for which nothing would change are not among them. */
  readonly agents: readonly {
    readonly agent: string;
    readonly rule: string | null;
    readonly before: Outcome;
    readonly after: Outcome;
    /** Of what would be, for people. */
    readonly message: string;
  }[];
}

/**
 * @param params `{ cordon }`: names of nodes; any number, for a selector may mean many.
 * @throws UsageError; NodeRouterError INVENTORY_UNAVAILABLE, NOT_STARTED
 */
export async function planCordon(
  deps: Pick<RouterDeps, "memory" | "listNodes" | "now" | "hostConfig">,
  { cordon, document }: Params,
): Promise<CordonPlan> {
  if (document !== undefined) throw new UsageError("a plan is about a document or about cordon, not both");
  return inTurn(deps, async () => {
    const config = testedNow(deps) ?? resolveConfig({});
    const snapshot = await currentSnapshot(deps, config, 0);
    const known = new Set(snapshot.nodes.map(({ name }) => name));
    const nodes = (Array.isArray(cordon) ? cordon : [cordon]).map((name: unknown) => {
      if (typeof name === "string" && known.has(name)) return name;
      throw unknownName("node", String(name), known);
    });
    const now = worldNow(deps, config, snapshot);
    const then = worldNow(deps, config, withCordoned(snapshot, nodes));
    const agents = agentIds(deps.hostConfig());
    const steps = changes(agents, now, then, deps.memory.part(LAST_NODES), deps.now());
    return { nodes, agents: await workedOut(steps) };
  });
}

function* changes(
  agents: readonly string[],
  now: World,
  then: World,
  memory: LastNodesView,
  nowMs: number,
): Generator<void, CordonPlan["agents"]> {
  const changed: CordonPlan["agents"][number][] = [];
  for (const agent of agents) {
    const before = placed(now, agent, memory);
    const after = placed(then, agent, memory);
    if (before.outcome !== after.outcome || before.node !== after.node) {
      const { rule, message } = explainTool(then.agent(agent), "exec", then, nowMs, memory);
      changed.push({ agent, rule, before, after, message });
    }
    yield;
  }
  return changed;
}

function placed(world: World, agent: string, memory: LastNodesView): Outcome {
  const decision = lookAhead(world.agent(agent), "exec", world, memory);
  return { outcome: outcomeOf(decision), node: nodeOf(decision) };
}
