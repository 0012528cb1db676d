// What would become of a call of any tool, as a report: the decision that a real call would get, and each node's part. Pure.
import { type Refusal, refusalText } from "../../shared/refusal.ts";
import { roughDuration } from "../../shared/roughDuration.ts";
import { quote, safe } from "../../shared/safeText.ts";
import { cordonReport, cordonText } from "../explain/cordonText.ts";
import { decisionMessage } from "../explain/message.ts";
import { type CandidateReport, createReport, type ExplainReport } from "../explain/report.ts";
import { CORDONED, UNREADABLE_CORDON } from "../placement/filters/cordon.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import { classifyTool, ROUTABLE_TOOLS, WORKSPACE_TOOLS } from "../toolCatalog/catalog.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { Decision, LastNodesView, World } from "./callDecision.ts";
import { decide } from "./decide.ts";
import { refusedPart } from "./gatewayToolRefusal.ts";
import { toolPlacement } from "./toolPlacement.ts";

/**
 * The decision about a call of this tool without parameters, in the agent's main session, which has no node yet.
 * @param memory where the agents' calls ran until now.
 */
export function lookAhead(policy: AgentPolicy, asked: string, world: World, memory: LastNodesView): Decision {
  // In a workspace `process` has only what its exec started: it is where that is, and nobody needs to be asked.
  const tool = asked === "process" && policy.binding === "workspace" ? "exec" : asked;
  const session = { key: mainSession(policy.id), kept: null, facts: null, hostedOn: undefined };
  const rewritable = tool !== "exec" || policy.runtime === null;
  const decision = decide(policy, { tool, params: {}, rewritable, session }, world, memory);
  if (decision.kind !== "workspace") return decision;
  const { placement } = decision;
  return { ...decision, placement: { ...placement, request: { ...placement.request, tool: asked } } };
}

/** Key of the session that an agent begins with. */
export function mainSession(agent: string): string {
  return `agent:${agent}:main`;
}

/** Null unless refused. */
export function decisionRefusal(decision: Decision): Refusal | null {
  return decision.kind === "refuse" ? decision.refusal : null;
}

/** Name of the node that the call would run on; null: on none. */
export function nodeOf(decision: Decision): string | null {
  const isPlaced = decision.kind === "place" || decision.kind === "workspace";
  return isPlaced ? (decision.placement.node?.name ?? null) : null;
}

/**
 * What `explain`, `status` and `node_route` say about a tool. Outcome, node and the words of a refusal are those of a
 * real call.
 * @param nowMs epoch ms.
 * @param memory where the agents' calls ran until now.
 */
export function explainTool(
  policy: AgentPolicy,
  tool: string,
  world: World,
  nowMs: number,
  memory: LastNodesView,
): ExplainReport {
  const { binding } = policy;
  const { snapshot } = world;
  const decision = lookAhead(policy, tool, world, memory);
  // What the rules say of each node, also where something else refuses the call.
  const shown = decision.placement ?? toolPlacement(policy, tool, snapshot, memory);
  const cordons = new Map(
    snapshot.nodes.flatMap(({ name, cordon }) => {
      const told = cordonReport(cordon);
      return told === null ? [] : [[name, cordonText(told)] as const];
    }),
  );
  const context = { mode: policy.config.mode, takenAtMs: snapshot.takenAtMs, nowMs };
  // The binding is the agent's own, also for a node tool, which goes over the node protocol all the same.
  const made = createReport(shown, context);
  const candidates = made.candidates.map((candidate) => {
    const detail = isAboutCordon(candidate) ? cordons.get(candidate.node) : undefined;
    return detail === undefined ? candidate : { ...candidate, detail };
  });
  const report = { ...made, candidates, outcome: outcomeOf(decision), binding };
  const unplaced = { ...report, node: null, transport: null };
  switch (decision.kind) {
    case "place":
    case "workspace":
      return report;
    case "refuse": {
      // The rule that is broken may be the one that would decide, so no other is named.
      const isHidden = decision.refusal === policy.invalid;
      const isAboutNodes = placeable(binding).includes(tool) && !isHidden;
      return {
        ...unplaced,
        rule: isHidden ? null : report.rule,
        candidates: isAboutNodes ? report.candidates : [],
        message: `${refusalText(decision.refusal)}${waitWords(decision.waitMs)}`,
      };
    }
    case "leave":
    case "input": {
      const besides = policy.invalid === null ? {} : { besides: refusalText(policy.invalid) };
      return placeable(binding).includes(tool)
        ? { ...unplaced, message: decisionMessage(shown), ...besides }
        : { ...unplaced, rule: null, candidates: [], message: neverPlaced(policy, tool), ...besides };
    }
  }
}

function waitWords(waitMs: number | undefined): string {
  return waitMs === undefined ? "" : ` Before that, a call waits ${roughDuration(waitMs)} for it to change.`;
}

function isAboutCordon({ reason }: CandidateReport): boolean {
  return reason === CORDONED.one || reason === UNREADABLE_CORDON.one;
}

/** As a report says it. */
export function outcomeOf({ kind }: Decision): PlacementDecision["outcome"] {
  return kind === "refuse" ? "refused" : kind === "leave" || kind === "input" ? "unrouted" : "placed";
}

/** Tools that rules place; of an agent that has its workspace on a node, those are more. */
function placeable(binding: PlacementDecision["request"]["binding"]): readonly string[] {
  return binding === "workspace" ? [...ROUTABLE_TOOLS, ...WORKSPACE_TOOLS] : ROUTABLE_TOOLS;
}

function neverPlaced({ binding }: AgentPolicy, tool: string): string {
  const part = refusedPart(classifyTool(tool));
  const payloads = part === null ? "" : `; of a routed agent, ${part}`;
  return `${quote(tool)} is never placed on a node, OpenClaw runs it as it would without node-router${payloads}; rules place ${safe([...new Set(placeable(binding))].join(", "))}`;
}
