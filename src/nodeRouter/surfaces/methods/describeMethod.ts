// The gateway method that says all that is known of one node, agent or rule, so that nobody has to ask five others.
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { formatPath } from "../../../config/problems/path.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import type { ConfiguredRule } from "../../../config/resolveRules.ts";
import type { NodeTags } from "../../../shared/types.ts";
import type { ExplainReport } from "../../explain/report.ts";
import { LEDGER } from "../../ledger/ledger.ts";
import type { Toleration } from "../../placement/model/taint.ts";
import { EVERY_TAINT } from "../../placement/model/taint.ts";
import { matchesAgent } from "../../placement/selector/agentGlob.ts";
import { matches, printSelector } from "../../placement/selector/selector.ts";
import { printTag } from "../../placement/selector/tags.ts";
import type { RouterDeps } from "../../process/deps.ts";
import type { EventsReport, NodeEvent } from "../reports/eventsReport.ts";
import type { NodeReport, NodesReport } from "../reports/nodesReport.ts";
import type { AgentStatus, StatusReport } from "../reports/statusReport.ts";
import { type DrainReport, drained } from "./cordonMethods.ts";
import { DESCRIBED } from "./described.ts";
import { type CallsReport, calls } from "./ledgerMethods.ts";
import { type Params, readTextParam, UsageError, unknownName } from "./params.ts";

/** A rule as it counts now, defaults filled in. */
export interface RuleReport {
  readonly name: string;
  /** Of it in the config. */
  readonly path: string;
  readonly agents: readonly string[];
  /** Null: every tool that can be routed. */
  readonly tools: readonly string[] | null;
  /** Null: every node. */
  readonly require: string | null;
  readonly prefer: readonly { readonly selector: string; readonly weight: number }[];
  readonly near: ConfiguredRule["near"];
  readonly minimum: ConfiguredRule["minimum"];
  readonly residency: { readonly allow: readonly string[]; readonly egress: boolean } | null;
  readonly tolerate: readonly string[];
  readonly onUnavailable: ConfiguredRule["onUnavailable"];
  readonly files: ConfiguredRule["files"];
  readonly stick: ConfiguredRule["stick"];
}

/** `calls`: the newest of its own, null where there is no ledger. */
export type DescribeReport =
  | {
      readonly kind: "node";
      readonly node: NodeReport;
      /** Names of the rules whose selector it matches. */
      readonly rules: readonly string[];
      /** What runs there and has its files there. */
      readonly holds: DrainReport;
      /** Newest last. */
      readonly events: readonly NodeEvent[];
      readonly calls: CallsReport["calls"] | null;
    }
  | {
      readonly kind: "agent";
      readonly agent: AgentStatus;
      /** Of its exec. */
      readonly explain: ExplainReport;
      /** Rules that speak for any of its tools, the first one first. */
      readonly rules: readonly RuleReport[];
      readonly calls: CallsReport["calls"] | null;
    }
  | {
      readonly kind: "rule";
      readonly rule: RuleReport;
      /** Whose exec it decides now. */
      readonly agents: readonly Pick<AgentStatus, "agent" | "outcome" | "node" | "message">[];
      /** That its selector matches. */
      readonly nodes: readonly Pick<NodeReport, "name" | "state" | "cordon">[];
      readonly calls: CallsReport["calls"] | null;
    };

/** The methods that it puts together. */
interface Reports {
  status(): Promise<StatusReport>;
  nodes(): Promise<NodesReport>;
  events(params: Params): Promise<EventsReport>;
  explain(params: Params): Promise<ExplainReport>;
}

type Deps = Pick<RouterDeps, "memory" | "listNodes" | "now" | "hostConfig">;

const NEWEST_CALLS = 10;
const NEWEST_EVENTS = 10;

/** @param params `{ kind, name }`. @throws UsageError; NodeRouterError AGENT_UNKNOWN */
export async function describeOne(deps: Deps, methods: Reports, params: Params): Promise<DescribeReport> {
  const [kind, name] = [readTextParam(params, "kind"), readTextParam(params, "name")];
  if (name === null) throw new UsageError("describe needs a name");
  if (kind === "node") return node(deps, methods, name);
  if (kind === "agent") return agent(deps, methods, name);
  if (kind === "rule") return rule(deps, methods, name);
  throw new UsageError(`describe takes ${DESCRIBED.join(", ")}`);
}

async function node(deps: Deps, methods: Reports, name: string): Promise<DescribeReport> {
  const { nodes } = await methods.nodes();
  const found = named("node", name, nodes, (one) => one.name);
  const [holds, { events }, newest] = await Promise.all([
    drained(deps, { node: name }),
    methods.events({ node: name }),
    callsOf(deps, { node: name }),
  ]);
  return {
    kind: "node",
    node: found,
    rules: rulesOf(deps)
      .filter((one) => isFor(one, found))
      .map((one) => one.name),
    holds,
    events: events.slice(-NEWEST_EVENTS),
    calls: newest,
  };
}

async function agent(deps: Deps, methods: Reports, name: string): Promise<DescribeReport> {
  // It knows an agent in any spelling, and says which one is meant.
  const explain = await methods.explain({ agent: name });
  const [status, newest] = await Promise.all([methods.status(), callsOf(deps, { agent: explain.agent })]);
  const found = named("agent", explain.agent, status.agents, (one) => one.agent);
  const rules = rulesOf(deps).filter((one) =>
    one.agents.some((pattern) => matchesAgent(pattern, found.agent)),
  );
  return { kind: "agent", agent: found, explain, rules: rules.map(ruleReport), calls: newest };
}

async function rule(deps: Deps, methods: Reports, name: string): Promise<DescribeReport> {
  const rules = rulesOf(deps);
  const found = named("rule", name, rules, (one) => one.name);
  const [{ agents }, { nodes }, newest] = await Promise.all([
    methods.status(),
    methods.nodes(),
    callsOf(deps, { rule: name }),
  ]);
  return {
    kind: "rule",
    rule: ruleReport(found),
    agents: agents
      .filter((one) => one.rule === name)
      .map(({ agent: id, outcome, node: at, message }) => ({ agent: id, outcome, node: at, message })),
    nodes: nodes
      .filter((one) => isFor(found, one))
      .map(({ name: called, state, cordon }) => ({ name: called, state, cordon })),
    calls: newest,
  };
}

/** @throws UsageError: none of them has this name */
function named<T>(
  kind: "node" | "agent" | "rule",
  name: string,
  all: readonly T[],
  nameOf: (one: T) => string,
): T {
  const found = all.find((one) => nameOf(one) === name);
  if (found === undefined)
    throw unknownName(kind, name, all.map(nameOf), kind === "node" ? "known" : "configured");
  return found;
}

function rulesOf({ memory }: Deps): readonly ConfiguredRule[] {
  return (memory.part(PLUGIN_CONFIG).current ?? resolveConfig({})).rules;
}

function isFor({ require }: ConfiguredRule, { tags }: NodeReport): boolean {
  const known: NodeTags = new Map(Object.entries(tags));
  return require === null || matches(require, known);
}

/** A rule or a machine that nothing was ever decided for has none. */
async function callsOf(deps: Deps, filter: Params): Promise<CallsReport["calls"] | null> {
  if (deps.memory.part(LEDGER).current === null) return null;
  return (await calls(deps, { ...filter, limit: NEWEST_CALLS, reasons: true })).calls;
}

/** As the config writes it. */
function printToleration({ key, value, effect }: Toleration): string {
  const tag = printTag(key ?? EVERY_TAINT, value ?? "");
  return effect === null ? tag : `${tag}:${effect}`;
}

function ruleReport(one: ConfiguredRule): RuleReport {
  const { name, agents, tools, near, minimum, residency, onUnavailable, files, stick } = one;
  return {
    name,
    path: formatPath(["rules", one.index]),
    agents,
    tools,
    require: one.require === null ? null : printSelector(one.require),
    prefer: one.prefer.map(({ selector, weight }) => ({ selector: printSelector(selector), weight })),
    near,
    minimum,
    residency: residency === null ? null : { allow: [...residency.allow], egress: residency.egress },
    tolerate: one.tolerate.map(printToleration),
    onUnavailable,
    files,
    stick,
  };
}
