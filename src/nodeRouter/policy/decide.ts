// One call in, one decision out: the only place where it is decided what becomes of a call. Pure.
import { adviceOf, type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, shortened } from "../../shared/safeText.ts";
import { noNodeFits } from "../explain/message.ts";
import { namesAnotherGateway, reachesNoNode } from "../host/nodeToolCalls.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import { catalogEntry, classifyTool, type ToolClass } from "../toolCatalog/catalog.ts";
import { gatewayFileAt, gatewayFileIn } from "../toolCatalog/localPaths.ts";
import { isProcessInput } from "../toolCatalog/processInput.ts";
import { admitWorkspaceCall } from "./admission.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import { besideWorkspace } from "./besideWorkspace.ts";
import type { Call, Decision, LastNodesView, World } from "./callDecision.ts";
import { elsewhereRefusal } from "./elsewhere.ts";
import { gatewayToolRefusal } from "./gatewayToolRefusal.ts";
import { decideSession } from "./sessionNode.ts";
import { workspaceAdvice } from "./sshOnly.ts";
import { isNodeToolLeft, toolPlacement } from "./toolPlacement.ts";
import { closesNodes, untoleratedRefusal } from "./untolerated.ts";

/** Code points of a file's name in a message. */
const MAX_SHOWN = 200;

/**
 * What is known when a call comes: a fresh list of the nodes, or the last one. Everything that cannot concern a node is
 * decided without asking the host.
 * @param closes whether nodes may be closed to calls without a rule.
 */
export function needsFreshNodes(
  policy: AgentPolicy,
  { tool, session }: Pick<Call, "tool" | "session">,
  closes: boolean,
): boolean {
  const known = classifyTool(tool);
  // Nobody's tool may be a node's, and a session that is hosted starts others beside it.
  if (catalogEntry(tool) === null) return policy.mustBePlaced || closes;
  if (known?.kind === "spawn") return session.hostedOn !== undefined;
  if (policy.binding === "workspace" && known !== null && WORKSPACE_KINDS.includes(known.kind)) return true;
  if (known?.kind !== "exec" && known?.kind !== "node") return false;
  return policy.ruleFor(tool) !== null || closes;
}

const WORKSPACE_KINDS: readonly ToolClass["kind"][] = ["exec", "files", "localFiles"];

/**
 * Decides one call.
 *
 * What no parameter can move is judged first: sessions with a machine of their own, tools that nodes publish. Then the
 * tool's kind says whose call it is: OpenClaw's, the rules', the workspace's. A broken config refuses every call that
 * it may concern, for the rule that cannot be read may be the one that says no.
 * @param memory where the agents' calls ran until now.
 */
export function decide(policy: AgentPolicy, call: Call, world: World, memory: LastNodesView): Decision {
  const { binding, isRouted } = policy;
  const { tool, params } = call;
  const by = recorder(policy, tool);
  const refusedOrLeft = (why: Refusal | null) => (why === null ? by.leave() : by.refuse(why));

  const elsewhere = elsewhereRefusal(policy, call, world);
  if (elsewhere !== null) return by.refuse(elsewhere);
  const known = classifyTool(tool);
  if (known === null) return by.leave();
  const gatewayFile = known.kind === "localFiles" ? gatewayFileIn(params) : null;
  // The same tools send messages and look at what is on the web: without a file they are none of ours.
  if (known.kind === "localFiles" && gatewayFile === null && !namesAnotherGateway(params)) return by.leave();
  if (known.kind === "process" && !isProcessInput(params)) return by.leave();
  if (policy.invalid !== null) return by.refuse(policy.invalid);

  switch (known.kind) {
    case "files":
      return binding === "workspace"
        ? inWorkspace(policy, call, world, memory)
        : onGateway(policy, tool, null);
    case "localFiles":
      if (policy.mustBePlaced && namesAnotherGateway(params)) return by.refuse(otherGateway(tool));
      if (gatewayFile === null) return by.leave();
      return binding === "workspace"
        ? inWorkspace(policy, call, world, memory)
        : onGateway(policy, tool, gatewayFile);
    case "process":
      if (binding === "workspace") return toRunningCommand(policy, call, world);
      // Of an agent that may use the gateway there can be commands on it, and then they are its own.
      if (!isRouted || policy.mayUseGateway) return by.leave();
      return refusedOrLeft(gatewayToolRefusal(tool, known, params, policy.id));
    case "gatewayShell":
    case "automations":
    case "spawn":
    case "gatewayConfig":
    case "gatewayPort":
    case "otherMachine": {
      // A rule about its browser alone is one that it must not change either.
      const isConcerned = policy.mustBePlaced || (known.kind === "gatewayConfig" && policy.isUnderRule);
      if (!isConcerned) return by.leave();
      if (namesAnotherGateway(params)) return by.refuse(otherGateway(tool));
      return refusedOrLeft(gatewayToolRefusal(tool, known, params, policy.id));
    }
    case "exec":
      if (policy.execRule === null && binding === "exec")
        return refusedOrLeft(untoleratedBy(policy, call, world));
      if (namesAnotherGateway(params)) return by.refuse(otherGateway(tool));
      if (!call.rewritable) return by.refuse(foreignHarness(policy));
      return binding === "workspace"
        ? inWorkspace(policy, call, world, memory)
        : onNode(policy, call, world, memory);
    case "node": {
      if (reachesNoNode(known, params)) return by.leave();
      if (policy.ruleFor(tool) === null) return refusedOrLeft(untoleratedBy(policy, call, world));
      if (namesAnotherGateway(params)) return by.refuse(otherGateway(tool));
      const file = gatewayFileAt(params, known.gatewayFiles);
      const files = file === null ? by.leave() : onGateway(policy, tool, file);
      return files.kind === "refuse" ? files : onNode(policy, call, world, memory);
    }
  }
}

/** No rule speaks for it: only a cordon or a taint of the node can. */
function untoleratedBy({ id, config }: AgentPolicy, { tool, params }: Call, world: World): Refusal | null {
  // Another gateway's nodes are none of these.
  if (!closesNodes(config, world.snapshot) || namesAnotherGateway(params)) return null;
  return untoleratedRefusal(id, tool, params, config, world.snapshot);
}

/** A fault while deciding is a refusal too: nothing runs on a guess. */
export function faultDecision(policy: AgentPolicy, tool: string, fault: Refusal): Decision {
  return recorder(policy, tool).refuse(fault);
}

interface Recorder {
  leave(): Decision;
  refuse(why: Refusal, placement?: PlacementDecision | null, waitMs?: number): Decision;
}

function recorder(policy: AgentPolicy, tool: string): Recorder {
  const record = { agent: policy.id, tool, rule: policy.ruleFor(tool)?.name ?? null, placement: null };
  return {
    leave: () => ({ ...record, kind: "leave", clearHost: false }),
    refuse: (why, placement = null, waitMs) => ({
      ...record,
      kind: "refuse",
      refusal: why,
      placement,
      ...(waitMs === undefined ? {} : { waitMs }),
    }),
  };
}

/** OpenClaw carries it out on a node. */
function onNode(policy: AgentPolicy, call: Call, world: World, memory: LastNodesView): Decision {
  const { tool } = call;
  const by = recorder(policy, tool);
  const { kept, key: sessionKey } = call.session;
  const held = { kept: kept?.node ?? null, sessionKey };
  const placement = toolPlacement(policy, tool, world.snapshot, memory, held);
  const { rule } = placement;
  if (placement.outcome === "refused" || isNodeToolLeft(placement)) {
    const known = { presence: world.presence, nowMs: world.snapshot.takenAtMs };
    return by.refuse(noNodeFits(placement, workspaceAdvice(placement), known), placement, placement.waitMs);
  }
  if (placement.outcome === "unrouted")
    return { ...by.leave(), kind: "leave", clearHost: rule !== null, placement };
  const record = { agent: policy.id, tool, rule };
  if (policy.binding === "exec") return { ...record, kind: "place", placement, beside: null };
  const place = decideSession(policy, kept, world, memory, true);
  const beside = besideWorkspace(placement, place, world.snapshot);
  if (!beside.ok) return by.refuse(beside.refusal, placement, beside.waitMs);
  return { ...record, kind: "place", placement: beside.placement, beside: place.ok ? place : null };
}

/** It goes to the session's workspace by itself, once that is known to be on a node and the node fits. */
function inWorkspace(policy: AgentPolicy, call: Call, world: World, memory: LastNodesView): Decision {
  const { tool } = call;
  const by = recorder(policy, tool);
  const admission = admitWorkspaceCall(policy, call, world);
  if (!admission.ok) return by.refuse(admission.refusal);
  const place = decideSession(policy, call.session.kept, world, memory, tool !== "exec");
  if (!place.ok) return by.refuse(place.refusal, null, place.waitMs);
  const { placement } = place;
  const { askedBy } = admission;
  return { agent: policy.id, tool, rule: placement.rule, kind: "workspace", placement, place, askedBy };
}

/** Input goes where its command is, without anybody placing it. */
function toRunningCommand(policy: AgentPolicy, call: Call, world: World): Decision {
  const by = recorder(policy, call.tool);
  const admission = admitWorkspaceCall(policy, call, world);
  if (!admission.ok) return by.refuse(admission.refusal);
  return { ...by.leave(), kind: "input", askedBy: admission.askedBy };
}

/**
 * What works on the gateway's files, of an agent whose workspace stays there.
 * @param file that the call names; null for a tool that knows no other files.
 */
function onGateway(policy: AgentPolicy, tool: string, file: string | null): Decision {
  const by = recorder(policy, tool);
  const { execRule: rule } = policy;
  if (rule?.files !== "refuse") return by.leave();
  const does = file === null ? "works on" : `would take ${quote(shortened(file, MAX_SHOWN))} from`;
  const fact = `"${tool}" ${does} the gateway's files, and rule "${rule.name}" says files: "refuse"`;
  return by.refuse(refusal("FILES_REFUSED", fact));
}

function otherGateway(tool: string): Refusal {
  const fact = `"${tool}" names another gateway (gatewayUrl), where these rules do not hold`;
  return refusal("GATEWAY_URL_REFUSED", fact);
}

function foreignHarness({ id, execRule }: AgentPolicy): Refusal {
  const wayOut =
    execRule === null ? "switch its sandbox off" : `take the agent out of rule "${execRule.name}"`;
  const fact = `agent "${id}" runs in a harness whose shell OpenClaw cannot move to a node, so its commands would run on the gateway`;
  const advice = adviceOf("RUNTIME_NOT_ROUTABLE", { agent: id, wayOut });
  return refusal("RUNTIME_NOT_ROUTABLE", fact, { advice });
}
