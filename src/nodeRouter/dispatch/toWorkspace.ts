// Carries a call of an agent whose workspace is on a node to its sandbox: the parameters, and the record of the call.
import { randomBytes } from "node:crypto";
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { type ApprovalText, approvalText, inputApprovalText } from "../approval/question.ts";
import { unshownRefusal } from "../approval/unshown.ts";
import { remember } from "../current/placeSession.ts";
import { idsOf, type ToolContext, type ToolEvent } from "../host/events.ts";
import { JOBS } from "../jobs/jobs.ts";
import type { Decision, WorkspacePlace } from "../policy/callDecision.ts";
import type { RouterDeps } from "../process/deps.ts";
import { CALLS, type Consent } from "../state/calls.ts";
import { newCallId, WORKSPACE_CALLS } from "../state/workspaceCalls.ts";
import { type Applied, applied, notApplied } from "./applied.ts";
import { sandboxedExec } from "./workspaceExecParams.ts";

/**
 * Carries one workspace tool's call. `exec` is led to the sandbox under an id by which the backend finds this
 * decision again; file tools go there by themselves.
 */
export async function applyWorkspace(
  deps: RouterDeps,
  decision: Extract<Decision, { kind: "workspace" }>,
  event: ToolEvent,
  context: ToolContext,
  waited: readonly string[] = [],
): Promise<Applied> {
  const { agent, placement, place } = decision;
  const sessionKey = context.sessionKey ?? "";
  const { movedFrom } = remember(deps.memory, agent, sessionKey, place);
  const moved =
    movedFrom === null
      ? []
      : [`this session's workspace was on ${quote(movedFrom)} until now; its files are there`];
  const notes: string[] = [...moved, ...waited];
  const who = { ...idsOf(event, context), sessionKey, agent };
  const call = {
    ...who,
    tool: event.toolName,
    decision: placement,
    notes,
    nodeId: null,
    jobId: null,
  };
  if (event.toolName !== "exec") {
    // A file tool's result has no line of ours, unless there is something to tell.
    if (notes.length > 0) deps.memory.part(CALLS).add({ ...call, workspaceCallId: null });
    return applied(null, { movedFrom });
  }

  const callId = newCallId();
  const exec = sandboxedExec(event.params, callId);
  if (!exec.ok) return notApplied(refusal("ENV_INVALID", exec.message));
  // Without a command the host refuses the call itself.
  const askedBy = event.params.command ? decision.askedBy : null;
  const question = askedBy === null ? null : questionOf(event, agent, place);
  const unshown =
    askedBy === null || question === null
      ? null
      : unshownRefusal(agent, askedBy, question, await deps.masks(question.description), event.params);
  if (unshown !== null) return notApplied(unshown);
  const consent = question === null ? null : consentTo(question);
  const { command, pty } = event.params;
  // A terminal ends with its connection.
  const jobId = command && isBackground(event.params) && pty !== true ? deps.memory.part(JOBS).newId() : null;
  if (jobId !== null) notes.push(jobNote(jobId));
  deps.memory.part(CALLS).add({ ...call, workspaceCallId: callId });
  const decisionId = randomBytes(8).toString("hex");
  deps.memory.part(WORKSPACE_CALLS).set(callId, {
    ...who,
    callId,
    rule: placement.rule ?? "",
    node: place.node.name,
    decisionId,
    pty: pty === true,
    jobId,
    ...(consent === null ? {} : { agreed: { consent, params: exec.params } }),
    claimed: false,
    outcome: null,
  });
  return applied(exec.params, { consent, movedFrom, recordId: decisionId });
}

/** Input to a command that runs: nothing is placed, and it goes where the command is. */
export async function applyInput(
  deps: Pick<RouterDeps, "masks">,
  { params }: ToolEvent,
  agent: string,
  askedBy: string,
): Promise<Applied> {
  const { action, sessionId, ...input } = params;
  const question = inputApprovalText({ agent, session: String(sessionId), action: String(action), input });
  const unshown = unshownRefusal(agent, askedBy, question, await deps.masks(question.description), null);
  if (unshown !== null) return notApplied(unshown);
  return applied({ ...params }, { consent: consentTo(question) });
}

function questionOf(
  { params }: ToolEvent,
  agent: string,
  { node, via, placement }: WorkspacePlace,
): ApprovalText {
  const { workdir, command, env, pty } = params;
  return approvalText({
    agent,
    node,
    over: via.over,
    rule: placement.rule ?? "",
    workdir: typeof workdir === "string" && workdir.trim() !== "" ? workdir : null,
    command: typeof command === "string" ? command : JSON.stringify(command),
    env,
    pty: pty === true,
    background: isBackground(params),
  });
}

/** In a sandbox OpenClaw gives `node_process` only to agents whose config lists it; `exec` they have. */
function jobNote(jobId: string): string {
  return `job ${jobId}: it outlives the gateway; after a restart ask node_process, or look into ~/.openclaw-node-router/jobs/${jobId} there`;
}

/** Whatever the host may take for a yes. */
function isBackground({ background }: ToolEvent["params"]): boolean {
  return background !== undefined && background !== null && background !== false;
}

function consentTo({ title, description }: ApprovalText): Consent {
  return { title, description, granted: false };
}
