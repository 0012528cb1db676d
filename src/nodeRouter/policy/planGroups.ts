// Agents and tools of whose calls the same becomes under both configs: one of them is decided for all. Pure.
import { chainOf } from "../placement/ruleIndex.ts";
import { stickKey } from "../state/lastNodes.ts";
import { classifyTool, commandsFor, FILE_TOOLS, ROUTABLE_TOOLS } from "../toolCatalog/catalog.ts";
import { admitWorkspaceCall } from "./admission.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { LastNodesView, World } from "./callDecision.ts";
import { mainSession } from "./explainTool.ts";
import { decideBoth, type Pair, type PlanState } from "./planPair.ts";
import { decideSession } from "./sessionNode.ts";
import { closedNodes } from "./untolerated.ts";

/** The file tool that is decided for all of them: nothing tells them apart. */
const FILE_TOOL = "read";

/** What rules place, a file tool, and a shell of the gateway: the classes of tools that concern machines. */
export const PLANNED_TOOLS: readonly string[] = [...ROUTABLE_TOOLS, FILE_TOOL, "terminal"];

/** Every tool for which this one was decided, itself first. */
export function decidedFor(tool: string): readonly string[] {
  return tool === FILE_TOOL ? FILE_TOOLS : [tool];
}

/** Tools that are decided alike. */
export interface Together {
  readonly tools: [first: string, ...others: string[]];
  readonly pair: Pair<PlanState>;
}

/** Agents of whom everything is the same. */
export interface PlanGroup {
  readonly members: string[];
  /** The one that is decided for all. */
  readonly first: string;
  readonly base: readonly Together[];
  /** Names of the nodes whose going can change anything. */
  readonly on: ReadonlySet<string>;
}

/** In steps of one agent. */
export function* groupsOf(
  agents: readonly string[],
  now: Pair<World>,
  memory: LastNodesView,
  kinds: ReadonlyMap<string, string>,
): Generator<void, readonly PlanGroup[]> {
  const groups = new Map<string, PlanGroup>();
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
): PlanGroup {
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
export function toolKinds(now: Pair<World>): ReadonlyMap<string, string> {
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
