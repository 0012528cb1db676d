// What another config would change: every agent and tool, decided before and after, also with nodes down. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { finish } from "../../shared/finishSteps.ts";
import { refusalLine } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import type { Transport } from "../../shared/types.ts";
import { decisionMessage } from "../explain/message.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { chainOf } from "../placement/ruleIndex.ts";
import { stickKey } from "../state/lastNodes.ts";
import { classifyTool, commandsFor, ROUTABLE_TOOLS } from "../toolCatalog/catalog.ts";
import { admitWorkspaceCall } from "./admission.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { Decision, LastNodesView, World } from "./callDecision.ts";
import { lookAhead, mainSession, nodeOf, outcomeOf } from "./explainTool.ts";
import { decideSession } from "./sessionNode.ts";
import { closedNodes } from "./untolerated.ts";
import { withDown } from "./whatIf.ts";
import { worldOf } from "./world.ts";

/** A config with the host's, and the nodes as it knows them. */
export interface PlanSide {
  readonly config: ResolvedConfig;
  readonly hostConfig: unknown;
  readonly snapshot: NodeSnapshot;
}

export interface Placed {
  readonly outcome: PlacementDecision["outcome"];
  /** Null unless placed. */
  readonly node: string | null;
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

/** What rules place, a file tool, and a shell of the gateway: the classes of tools that concern machines. */
export const PLANNED_TOOLS: readonly string[] = [...ROUTABLE_TOOLS, "read", "terminal"];

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
    members.flatMap((agent) => tools.map((tool) => ({ agent, tool, down, pair }))),
  );
  const changes: Change[] = [];
  for (const row of rows.slice(0, limit)) {
    changes.push(changeOf(row, input));
    yield;
  }
  return { changes, more: rows.length - changes.length };
}

/** Both sides of one scenario. */
type Pair<T> = readonly [before: T, after: T];

interface State extends Placed {
  readonly transport: Transport | null;
}

/** Tools that are decided alike. */
interface Together {
  readonly tools: [first: string, ...others: string[]];
  readonly pair: Pair<State>;
}

interface Group {
  readonly members: string[];
  /** The one that is decided for all. */
  readonly first: string;
  readonly base: readonly Together[];
  /** Names of the nodes whose going can change anything. */
  readonly on: ReadonlySet<string>;
}

interface Found extends Pick<Group, "members" | "first">, Together {
  readonly down: readonly string[];
}

function pairOf({ before, after, known }: PlanInput, down: readonly string[]): Pair<World> {
  const world = ({ config, hostConfig, snapshot }: PlanSide) =>
    worldOf(config, hostConfig, { ...known, snapshot: withDown(snapshot, down) });
  return [world(before), world(after)];
}

function* groupsOf(
  agents: readonly string[],
  now: Pair<World>,
  memory: LastNodesView,
  kinds: ReadonlyMap<string, string>,
): Generator<void, readonly Group[]> {
  const groups = new Map<string, Group>();
  for (const agent of agents) {
    const key = JSON.stringify(now.map((world) => kindOf(world.agent(agent), world, memory)));
    const group = groups.get(key) ?? groupOf(agent, now, memory, kinds);
    group.members.push(agent);
    groups.set(key, group);
    yield;
  }
  return [...groups.values()];
}

function groupOf(
  first: string,
  now: Pair<World>,
  memory: LastNodesView,
  kinds: ReadonlyMap<string, string>,
): Group {
  const alike = new Map<string, Together>();
  for (const tool of PLANNED_TOOLS) {
    const rules = now.map((world) => world.agent(first).ruleFor(tool)?.name ?? null);
    const key = JSON.stringify([kinds.get(tool), rules]);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { tools: [tool], pair: decideBoth(first, tool, now, memory) });
    else known.tools.push(tool);
  }
  const base = [...alike.values()];
  const on = new Set(base.flatMap(({ pair }) => pair.flatMap(({ node }) => node ?? [])));
  for (const world of now) {
    const policy = world.agent(first);
    for (const name of currentsOf(policy, memory)) if (name !== null) on.add(name);
    // Without a rule a call is refused for a node that it might go to.
    if (PLANNED_TOOLS.some((tool) => policy.ruleFor(tool) === null))
      for (const name of closedNodes(policy.config, world.snapshot)) on.add(name);
    if (policy.binding !== "workspace") continue;
    const place = decideSession(policy, null, world, memory);
    if (place.ok) on.add(place.node.name);
  }
  return { members: [], first, base, on };
}

/** By tool: what it is, and which nodes offer what it needs. Tools of one kind and rule go the same way. */
function toolKinds(now: Pair<World>): ReadonlyMap<string, string> {
  const nodes = now.flatMap(({ snapshot }) => snapshot.nodes);
  return new Map(
    PLANNED_TOOLS.map((tool) => {
      const needed = commandsFor(tool);
      const offers = nodes.map(({ commands }) => (needed.every((one) => commands.has(one)) ? "1" : "0"));
      return [tool, JSON.stringify([{ ...classifyTool(tool), commands: null }, offers.join("")])];
    }),
  );
}

/** All that decides of an agent's calls, but for its name. */
function kindOf(policy: AgentPolicy, world: World, memory: LastNodesView): unknown {
  const session = { key: mainSession(policy.id), kept: null, facts: null, hostedOn: undefined };
  const isAdmitted = (tool: string) =>
    admitWorkspaceCall(policy, { tool, params: {}, rewritable: true, session }, world).ok;
  return [
    policy.binding,
    policy.invalid === null,
    policy.runtime === null,
    isAdmitted("exec"),
    isAdmitted("read"),
    // Rules of one name are an error, which is told above.
    PLANNED_TOOLS.map((tool) => policy.ruleFor(tool)?.name ?? null),
    currentsOf(policy, memory),
  ];
}

/** Where its calls ran until now, by the rules of its tools, and where their files are. */
function currentsOf({ id, config, ruleFor }: AgentPolicy, memory: LastNodesView): readonly (string | null)[] {
  return PLANNED_TOOLS.flatMap((tool) => {
    const rule = ruleFor(tool);
    if (rule === null) return [null];
    const stuck = stickKey(rule, id, mainSession(id));
    return [
      ...chainOf(config.rules, rule).map(({ name }) => memory.of(id, name)),
      stuck === null ? null : (memory.stuck?.get(stuck)?.node ?? null),
    ];
  });
}

function decideBoth(agent: string, tool: string, worlds: Pair<World>, memory: LastNodesView): Pair<State> {
  const [before, after] = worlds;
  const state = (world: World): State =>
    isIdle(agent, world, worlds) ? UNTOUCHED : stateOf(ahead(agent, tool, world, memory));
  return [state(before), state(after)];
}

const UNTOUCHED: State = { outcome: "unrouted", node: null, transport: null };

/** Where one side alone is in shadow mode, what that decides is not what happens; of two such sides it is all there is to tell. */
function isIdle(agent: string, world: World, [before, after]: Pair<World>): boolean {
  const policy = world.agent(agent);
  return (
    policy.config.mode === "shadow" &&
    policy.binding === "exec" &&
    before.agent(agent).config.mode !== after.agent(agent).config.mode
  );
}

function ahead(agent: string, tool: string, world: World, memory: LastNodesView): Decision {
  return lookAhead(world.agent(agent), tool, world, memory);
}

function stateOf(decision: Decision): State {
  const node = nodeOf(decision);
  return {
    outcome: outcomeOf(decision),
    node,
    transport: node === null ? null : (decision.placement?.transport ?? null),
  };
}

function isChange([before, after]: Pair<State>): boolean {
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
  const placed = ({ outcome, node }: State): Placed => ({ outcome, node });
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
