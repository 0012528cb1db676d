// One tool call in, one verdict out: config errors, the tool's kind, placement. Pure; hooks carry it out.
import { configRefusal } from "../config/message.ts";
import { problemsForAgent } from "../config/problem.ts";
import type { ResolvedConfig } from "../config/resolve.ts";
import type { ErrorCode, NodeRouterError } from "../errors.ts";
import type { Binding } from "../types.ts";
import { refusal } from "./explain/message.ts";
import { createReport, type ExplainReport } from "./explain/report.ts";
import type { PlacementDecision } from "./placement/decision.ts";
import { place } from "./placement/place.ts";
import { firstRule } from "./placement/ruleIndex.ts";
import type { NodeSnapshot, NodeState } from "./placement/snapshot.ts";
import { classifyTool, commandsFor, type NodeTool, startsGatewayProcess } from "./toolCatalog.ts";

/** Who wants to run what, in plain values. */
export interface CallRequest {
  readonly agent: string;
  readonly tool: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly binding: Binding;
  /** False when the call comes from a harness that would not honour a rewrite. */
  readonly rewritable: boolean;
}

/**
 * `leave`: not ours, or the rule says so. `refuse`: run it nowhere; `message` is what the agent reads.
 * `place`: run it on `decision.node`.
 */
export type Verdict =
  | { readonly kind: "leave"; readonly decision: PlacementDecision | null; readonly clearHost: boolean }
  | { readonly kind: "refuse"; readonly message: string; readonly decision: PlacementDecision | null }
  | { readonly kind: "place"; readonly decision: PlacementDecision };

const LEAVE: Verdict = { kind: "leave", decision: null, clearHost: false };

/** Whether a call of this tool needs the list of nodes; everything else is settled without asking the host. */
export function needsSnapshot(config: ResolvedConfig, agent: string, tool: string): boolean {
  const kind = classifyTool(tool)?.kind;
  return (kind === "exec" || kind === "node") && firstRule(config.rules, agent, tool) !== null;
}

/** Whether a rule or a config error speaks for this agent's `exec`: then nothing of it may run unplaced. */
export function isRouted(config: ResolvedConfig, agent: string, tool = "exec"): boolean {
  return firstRule(config.rules, agent, tool) !== null || problemsForAgent(config.problems, agent).length > 0;
}

/** Whether the host may be left to run this agent's exec on the gateway when no node fits. */
export function mayUseGateway(config: ResolvedConfig, agent: string): boolean {
  return (
    problemsForAgent(config.problems, agent).length === 0 &&
    firstRule(config.rules, agent, "exec")?.onUnavailable === "gateway"
  );
}

/** Decides one call. `snapshot` is only read where `needsSnapshot` said so. */
export function decideCall(config: ResolvedConfig, request: CallRequest, snapshot: NodeSnapshot): Verdict {
  const tool = classifyTool(request.tool);
  if (tool === null) return LEAVE;

  const problems = problemsForAgent(config.problems, request.agent);
  const invalid = configRefusal(problems);
  // The files too: the rule that cannot be read may be the one that says files: "refuse".
  if (invalid !== null) return refuse(invalid);

  const rule = firstRule(config.rules, request.agent, request.tool);
  switch (tool.kind) {
    case "files": {
      const execRule = firstRule(config.rules, request.agent, "exec");
      if (request.binding === "workspace" || execRule?.files !== "refuse") return LEAVE;
      return refuse(
        coded(
          "FILES_REFUSED",
          `"${request.tool}" works on the gateway's files, and rule "${execRule.name}" says files: "refuse"; use exec on the node`,
        ),
      );
    }
    case "gatewayShell":
    case "automations": {
      const shell = tool.kind === "gatewayShell" || startsGatewayProcess(request.params);
      if (!shell || !isRouted(config, request.agent)) return LEAVE;
      return refuse(
        coded(
          "GATEWAY_SHELL_REFUSED",
          `"${request.tool}" would run a command on the gateway, and agent "${request.agent}" is routed to nodes; use exec`,
        ),
      );
    }
    case "exec":
    case "node": {
      if (rule === null || (tool.kind === "node" && reachesNoNode(tool, request.params))) return LEAVE;
      if (hasGatewayUrl(request.params)) {
        return refuse(
          coded(
            "GATEWAY_URL_REFUSED",
            `"${request.tool}" names another gateway (gatewayUrl), where these rules do not hold; leave gatewayUrl and gatewayToken out`,
          ),
        );
      }
      if (tool.kind === "exec" && !request.rewritable) {
        return refuse(
          coded(
            "RUNTIME_NOT_ROUTABLE",
            `agent "${request.agent}" runs in a harness whose shell OpenClaw cannot move to a node, so its commands would run on the gateway; set agentRuntime: { id: "openclaw" } for its model in agents.entries.${request.agent}.models, or take the agent out of rule "${rule.name}"`,
          ),
        );
      }
      return placed(config, request, snapshot);
    }
  }
}

function placed(config: ResolvedConfig, request: CallRequest, snapshot: NodeSnapshot): Verdict {
  const decision = explainCall(config, request.agent, request.tool, request.binding, snapshot);
  if (decision.outcome === "placed") return { kind: "place", decision };
  if (decision.outcome === "refused" || isNodeToolLeft(decision)) {
    return { kind: "refuse", message: refusal(decision), decision };
  }
  return { kind: "leave", decision, clearHost: decision.rule !== null };
}

/** onUnavailable: "gateway" speaks of commands; a node tool left alone could name any node, so it is refused. */
function isNodeToolLeft({ outcome, rule, request }: PlacementDecision): boolean {
  return outcome === "unrouted" && rule !== null && request.tool !== "exec";
}

/** The placement record alone, as `explain` shows it. */
export function explainCall(
  config: ResolvedConfig,
  agent: string,
  tool: string,
  binding: Binding,
  snapshot: NodeSnapshot,
): PlacementDecision {
  return place({ agent, tool, commands: commandsFor(tool), binding }, snapshot, config.rules);
}

/**
 * `explain`'s report: the placement, with the refusal of a broken config in its place where one stands.
 * @param nowMs epoch ms.
 */
export function explainReport(
  config: ResolvedConfig,
  request: { agent: string; tool: string; binding: Binding },
  snapshot: NodeSnapshot,
  nowMs: number,
): ExplainReport {
  const decision = explainCall(config, request.agent, request.tool, request.binding, snapshot);
  const report = createReport(decision, { mode: config.mode, takenAtMs: snapshot.takenAtMs, nowMs });
  const invalid = configRefusal(problemsForAgent(config.problems, request.agent));
  if (invalid === null) {
    return isNodeToolLeft(decision) ? { ...report, outcome: "refused", message: refusal(decision) } : report;
  }
  // The rule that is broken may be the one that would decide, so no other is named.
  return {
    ...report,
    rule: null,
    outcome: "refused",
    node: null,
    transport: null,
    message: invalid,
    candidates: [],
  };
}

/** The nodes that the rule of this agent's exec may choose when they are up: those that its `require` matches. */
export function allowedNodes(
  config: ResolvedConfig,
  agent: string,
  snapshot: NodeSnapshot,
): readonly NodeState[] {
  const decision = place({ agent, tool: "exec", commands: [], binding: "exec" }, snapshot, config.rules);
  const excluded = new Set(
    decision.candidates().flatMap(({ node, reason }) => (reason?.filter === "selector" ? [node] : [])),
  );
  return decision.rule === null ? [] : snapshot.nodes.filter((node) => !excluded.has(node.name));
}

/** Whether that rule allows the node with this id, connected or not. */
export function ruleAllows(
  config: ResolvedConfig,
  agent: string,
  nodeId: string,
  snapshot: NodeSnapshot,
): boolean {
  return allowedNodes(config, agent, snapshot).some((node) => node.nodeId === nodeId);
}

/** `nodes status` and the like, without a node: about pairing, not about one machine. */
function reachesNoNode(tool: NodeTool, params: Readonly<Record<string, unknown>>): boolean {
  const named = typeof params.node === "string" && params.node.trim() !== "";
  return (
    !named &&
    !hasGatewayUrl(params) &&
    typeof params.action === "string" &&
    tool.nodeless.includes(params.action)
  );
}

function hasGatewayUrl(params: Readonly<Record<string, unknown>>): boolean {
  return [params.gatewayUrl, params.gatewayToken].some(
    (value) => value !== undefined && value !== null && value !== "",
  );
}

function coded(code: ErrorCode, text: string): string {
  return `${code}: ${text}.`;
}

function refuse(message: string): Verdict {
  return { kind: "refuse", message, decision: null };
}

/** A fault while deciding is a refusal too: nothing runs on a guess. */
export function faultVerdict(error: NodeRouterError): Verdict {
  return { kind: "refuse", message: `${error.message}.`, decision: null };
}
