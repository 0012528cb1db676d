// One tool call in, one verdict out: config errors, the tool's kind, placement. Pure; hooks carry it out.
import { configRefusal } from "../../config/problems/configRefusal.ts";
import { problemsForAgent } from "../../config/problems/problem.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { ErrorCode, NodeRouterError } from "../../shared/errors.ts";
import { quote } from "../../shared/safeText.ts";
import type { Binding } from "../../shared/types.ts";
import { refusal } from "../explain/message.ts";
import { namesAnotherGateway, reachesNoNode } from "../host/nodeToolCalls.ts";
import { spawnRefusal } from "../hostedSessions/spawnPlacement.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { firstRule } from "../placement/ruleIndex.ts";
import { type LastNodes, NO_LAST_NODES } from "../state/lastNodes.ts";
import { classifyTool, ROUTABLE_TOOLS, toolId } from "../toolCatalog/catalog.ts";
import { gatewayFileAt, gatewayFileIn } from "../toolCatalog/localPaths.ts";
import { isProcessInput } from "../toolCatalog/processInput.ts";
import { explainCall, isNodeToolLeft } from "./explainCall.ts";
import { gatewayToolRefusal } from "./gatewayToolRefusal.ts";
import { workspaceAdvice } from "./sshOnly.ts";

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
 * `place`: run it on `decision.node`. `workspace`: it belongs to the agent's workspace, wherever that is.
 */
export type Verdict =
  | { readonly kind: "leave"; readonly decision: PlacementDecision | null; readonly clearHost: boolean }
  | { readonly kind: "refuse"; readonly message: string; readonly decision: PlacementDecision | null }
  | { readonly kind: "place"; readonly decision: PlacementDecision }
  | { readonly kind: "workspace"; readonly decision: null };

/** Code points of a file's name in a message. */
const MAX_SHOWN = 200;

const LEAVE: Verdict = { kind: "leave", decision: null, clearHost: false };
const WORKSPACE: Verdict = { kind: "workspace", decision: null };

/** Whether a call of this tool needs the list of nodes; everything else is settled without asking the host. */
export function needsSnapshot(config: ResolvedConfig, agent: string, tool: string): boolean {
  const kind = classifyTool(tool)?.kind;
  return (kind === "exec" || kind === "node") && firstRule(config.rules, agent, tool) !== null;
}

/** Whether a rule or a config error speaks for this agent's `exec`: then nothing of it may run unplaced. */
export function isRouted(config: ResolvedConfig, agent: string, tool = "exec"): boolean {
  return firstRule(config.rules, agent, tool) !== null || problemsForAgent(config.problems, agent).length > 0;
}

/** Whether any rule speaks for any tool of this agent. */
function isUnderRule(config: ResolvedConfig, agent: string): boolean {
  return ROUTABLE_TOOLS.some((tool) => firstRule(config.rules, agent, tool) !== null);
}

/** Whether the host may be left to run this agent's exec on the gateway when no node fits. */
export function mayUseGateway(config: ResolvedConfig, agent: string): boolean {
  return (
    problemsForAgent(config.problems, agent).length === 0 &&
    firstRule(config.rules, agent, "exec")?.onUnavailable === "gateway"
  );
}

/**
 * Decides one call. `snapshot` is only read where `needsSnapshot` said so.
 * @param lastNodes where the agents' calls ran until now; without it as if none had run.
 */
export function decideCall(
  config: ResolvedConfig,
  given: CallRequest,
  snapshot: NodeSnapshot,
  lastNodes: Pick<LastNodes, "of"> = NO_LAST_NODES,
): Verdict {
  const request = { ...given, tool: toolId(given.tool) };
  const spawn = spawnRefusal(request.tool, request.params, request.agent, (agent) => isRouted(config, agent));
  if (spawn !== null) return refuse(spawn);
  const tool = classifyTool(request.tool);
  if (tool === null) return LEAVE;
  const gatewayFile = tool.kind === "localFiles" ? gatewayFileIn(request.params) : null;
  // The same tools send messages and look at what is on the web: without a file they are none of ours.
  if (tool.kind === "localFiles" && gatewayFile === null && !namesAnotherGateway(request.params))
    return LEAVE;
  if (tool.kind === "process" && !isProcessInput(request.params)) return LEAVE;

  const problems = problemsForAgent(config.problems, request.agent);
  const invalid = configRefusal(problems);
  // The files too: the rule that cannot be read may be the one that says files: "refuse".
  if (invalid !== null) return refuse(invalid);

  const { agent, params, binding } = request;
  const rule = firstRule(config.rules, agent, request.tool);
  const routed = binding === "workspace" || isRouted(config, agent);
  switch (tool.kind) {
    case "files":
      return binding === "workspace" ? WORKSPACE : gatewayFiles(config, request, null);
    case "localFiles":
      if (routed && namesAnotherGateway(params)) return otherGateway(request.tool);
      if (gatewayFile === null) return LEAVE;
      return binding === "workspace" ? WORKSPACE : gatewayFiles(config, request, gatewayFile);
    case "process": {
      if (binding === "workspace") return WORKSPACE;
      // Of an agent that may use the gateway there can be commands on it, and then they are its own.
      if (!routed || mayUseGateway(config, agent)) return LEAVE;
      return refuse(gatewayToolRefusal(request.tool, tool, params, agent) ?? "");
    }
    case "gatewayShell":
    case "automations":
    case "spawn":
    case "gatewayConfig":
    case "gatewayPort":
    case "otherMachine": {
      // A rule about its browser alone is one that it must not change either.
      const concerned = tool.kind === "gatewayConfig" ? routed || isUnderRule(config, agent) : routed;
      if (!concerned) return LEAVE;
      if (namesAnotherGateway(params)) return otherGateway(request.tool);
      const refusal = gatewayToolRefusal(request.tool, tool, params, agent);
      return refusal === null ? LEAVE : refuse(refusal);
    }
    case "exec": {
      if (rule === null && binding === "exec") return LEAVE;
      if (namesAnotherGateway(params)) return otherGateway(request.tool);
      if (!request.rewritable)
        return refuse(coded("RUNTIME_NOT_ROUTABLE", foreignHarness(agent, rule?.name)));
      return binding === "workspace" ? WORKSPACE : placed(config, request, snapshot, lastNodes);
    }
    case "node": {
      if (rule === null || reachesNoNode(tool, params)) return LEAVE;
      if (namesAnotherGateway(params)) return otherGateway(request.tool);
      const file = gatewayFileAt(params, tool.gatewayFiles);
      const filesVerdict = file === null ? LEAVE : gatewayFiles(config, request, file);
      return filesVerdict.kind === "refuse" ? filesVerdict : placed(config, request, snapshot, lastNodes);
    }
  }
}

/**
 * What works on the gateway's files, of an agent whose workspace stays there.
 * @param file that the call names; null for a tool that knows no other files.
 */
function gatewayFiles(config: ResolvedConfig, { agent, tool }: CallRequest, file: string | null): Verdict {
  const rule = firstRule(config.rules, agent, "exec");
  if (rule?.files !== "refuse") return LEAVE;
  const what =
    file === null
      ? `"${tool}" works on the gateway's files`
      : `"${tool}" would take ${quote(shorten(file))} from the gateway's files`;
  const fact = `${what}, and rule "${rule.name}" says files: "refuse"`;
  return refuse(coded("FILES_REFUSED", `${fact}; use exec on the node`));
}

function shorten(text: string): string {
  const points = [...text];
  return points.length <= MAX_SHOWN ? text : `${points.slice(0, MAX_SHOWN - 1).join("")}…`;
}

function placed(
  config: ResolvedConfig,
  request: CallRequest,
  snapshot: NodeSnapshot,
  lastNodes: Pick<LastNodes, "of">,
): Verdict {
  const decision = explainCall(config, request.agent, request.tool, request.binding, snapshot, lastNodes);
  if (decision.outcome === "placed") return { kind: "place", decision };
  if (decision.outcome === "refused" || isNodeToolLeft(decision)) {
    const advice = workspaceAdvice(decision);
    const message = advice === null ? refusal(decision) : `${refusal(decision)} ${advice}`;
    return { kind: "refuse", message, decision };
  }
  return { kind: "leave", decision, clearHost: decision.rule !== null };
}

function otherGateway(tool: string): Verdict {
  const fact = `"${tool}" names another gateway (gatewayUrl), where these rules do not hold`;
  return refuse(coded("GATEWAY_URL_REFUSED", `${fact}; leave gatewayUrl and gatewayToken out`));
}

function foreignHarness(agent: string, rule: string | undefined): string {
  const wayOut = rule === undefined ? "switch its sandbox off" : `take the agent out of rule "${rule}"`;
  return `agent "${agent}" runs in a harness whose shell OpenClaw cannot move to a node, so its commands would run on the gateway; set agentRuntime: { id: "openclaw" } for its model in agents.entries.${agent}.models, or ${wayOut}`;
}

function coded(code: ErrorCode, text: string): string {
  return `${code}: ${text}.`;
}

function refuse(message: string): Verdict {
  return { kind: "refuse", message, decision: null };
}

/** A fault while deciding is a refusal too: nothing runs on a guess. */
export function faultVerdict(error: NodeRouterError): Extract<Verdict, { kind: "refuse" }> {
  return { kind: "refuse", message: `${error.message}.`, decision: null };
}
