// What becomes of one call before and after another config. Pure.
import type { Transport } from "../../shared/types.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { Decision, LastNodesView, World } from "./callDecision.ts";
import { lookAhead, nodeOf, outcomeOf } from "./explainTool.ts";

/** Where a call goes. */
export interface Placed {
  readonly outcome: PlacementDecision["outcome"];
  /** Null unless placed. */
  readonly node: string | null;
}

/** Both sides of one scenario. */
export type Pair<T> = readonly [before: T, after: T];

/** What must be the same where nothing changes. */
export interface PlanState extends Placed {
  readonly transport: Transport | null;
}

/** The state under each of both. */
export function decideBoth(
  agent: string,
  tool: string,
  worlds: Pair<World>,
  memory: LastNodesView,
): Pair<PlanState> {
  const [before, after] = worlds;
  const state = (world: World): PlanState =>
    isIdle(agent, world, worlds) ? UNTOUCHED : stateOf(ahead(agent, tool, world, memory));
  return [state(before), state(after)];
}

const UNTOUCHED: PlanState = { outcome: "unrouted", node: null, transport: null };

/** Where one side alone is in shadow mode, what that decides is not what happens; of two such sides it is all there is to tell. */
export function isIdle(agent: string, world: World, [before, after]: Pair<World>): boolean {
  const policy = world.agent(agent);
  return (
    policy.config.mode === "shadow" &&
    policy.binding === "exec" &&
    before.agent(agent).config.mode !== after.agent(agent).config.mode
  );
}

/** As `explain` decides it. */
export function ahead(agent: string, tool: string, world: World, memory: LastNodesView): Decision {
  return lookAhead(world.agent(agent), tool, world, memory);
}

function stateOf(decision: Decision): PlanState {
  const node = nodeOf(decision);
  return {
    outcome: outcomeOf(decision),
    node,
    transport: node === null ? null : (decision.placement?.transport ?? null),
  };
}
