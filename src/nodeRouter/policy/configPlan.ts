// What another config would change: every agent and tool, decided before and after, also with nodes down. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { finish } from "../../shared/finishSteps.ts";
import { refusalLine } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { decisionMessage } from "../explain/message.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { Decision, LastNodesView, World } from "./callDecision.ts";
import { decidedFor, groupsOf, type PlanGroup, type Together, toolKinds } from "./planGroups.ts";
import { ahead, decideBoth, isIdle, type Pair, type Placed, type PlanState } from "./planPair.ts";
import { withDown } from "./whatIf.ts";
import { worldOf } from "./world.ts";

/** A config with the host's, and the nodes as it knows them. */
export interface PlanSide {
  readonly config: ResolvedConfig;
  readonly hostConfig: unknown;
  readonly snapshot: NodeSnapshot;
}

export interface Change {
  readonly agent: string;
  readonly tool: string;
  /** `mac-sg down`; null: the nodes as they are now. */
  readonly scenario: string | null;
  readonly before: Placed;
  readonly after: Placed;
  readonly why: string;
}

export interface PlanInput {
  readonly before: PlanSide;
  readonly after: PlanSide;
  /** Ids of the agents of either side. */
  readonly agents: readonly string[];
  /** What is known of everything else, the same for both sides. */
  readonly known: Pick<World, "hostNodes" | "presence" | "apiProblem">;
  readonly memory: LastNodesView;
  /** Names of the nodes that are down, one list a scenario; the nodes as they are now come always and first. */
  readonly scenarios: readonly (readonly string[])[];
  /** Changes that are told in full; the others are counted. */
  readonly limit: number;
}

export interface ConfigPlan {
  readonly changes: readonly Change[];
  /** Changes beside those. */
  readonly more: number;
}

/**
 * Compares what becomes of each agent's calls. A scenario tells only what is not the same without it.
 *
 * Agents of whom everything is the same are decided once, and so are tools of one kind that the same nodes offer. And a node that is down changes only what would be on it, or
 * stays near it: to take away one that was not chosen leaves the choice as it is (`configPlan.prop.test.ts` holds this against
 * deciding everything).
 */
export function planConfig(input: PlanInput): ConfigPlan {
  return finish(planSteps(input));
}

/** The same in steps of a few milliseconds, so that whoever runs it can do something else in between. */
export function* planSteps(input: PlanInput): Generator<void, ConfigPlan> {
  const { agents, scenarios, memory, limit } = input;
  const now = pairOf(input, []);
  const groups = yield* groupsOf(agents, now, memory, toolKinds(now));
  const found: Found[] = [];
  for (const { members, first, base } of groups) {
    for (const { tools, pair } of base)
      if (isChange(pair)) found.push({ members, first, tools, down: [], pair });
  }
  for (const down of scenarios) {
    const concerned = groups.filter(({ on }) => down.some((name) => on.has(name)));
    if (concerned.length === 0) continue;
    const then = pairOf(input, down);
    for (const { members, first, base } of concerned) {
      for (const { tools, pair: before } of base) {
        const pair = decideBoth(first, tools[0], then, memory);
        if (isChange(pair) && JSON.stringify(pair) !== JSON.stringify(before))
          found.push({ members, first, tools, down, pair });
      }
      yield;
    }
  }
  const rows = found.flatMap(({ members, tools, down, pair }) =>
    members.flatMap((agent) => tools.flatMap(decidedFor).map((tool) => ({ agent, tool, down, pair }))),
  );
  const changes: Change[] = [];
  for (const row of rows.slice(0, limit)) {
    changes.push(changeOf(row, input));
    yield;
  }
  return { changes, more: rows.length - changes.length };
}

interface Found extends Pick<PlanGroup, "members" | "first">, Together {
  readonly down: readonly string[];
}

function pairOf({ before, after, known }: PlanInput, down: readonly string[]): Pair<World> {
  const world = ({ config, hostConfig, snapshot }: PlanSide) =>
    worldOf(config, hostConfig, { ...known, snapshot: withDown(snapshot, down) });
  return [world(before), world(after)];
}

function isChange([before, after]: Pair<PlanState>): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** With the agent's own words: those of its group's first name that one. */
function changeOf(
  { agent, tool, down, pair }: Pick<Change, "agent" | "tool"> & Pick<Found, "down" | "pair">,
  input: PlanInput,
): Change {
  const worlds = pairOf(input, down);
  const [before, after] = worlds.map((world) =>
    isIdle(agent, world, worlds)
      ? 'mode is "shadow", which changes nothing'
      : whyOf(ahead(agent, tool, world, input.memory)),
  );
  const placed = ({ outcome, node }: PlanState): Placed => ({ outcome, node });
  return {
    agent,
    tool,
    scenario: down.length === 0 ? null : `${down.join(", ")} down`,
    before: placed(pair[0]),
    after: placed(pair[1]),
    why: `before: ${before}; after: ${after}`,
  };
}

function whyOf(decision: Decision): string {
  const { kind, placement, rule } = decision;
  if (kind === "refuse") return refusalLine(decision.refusal);
  if (kind === "place" || kind === "workspace")
    return `rule ${quote(placement.rule ?? "")} over ${placement.transport}`;
  return placement === null || rule === null ? "no rule places it" : decisionMessage(placement);
}
