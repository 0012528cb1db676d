// The line that tells agent and human where a command ran. Pure.

import { choiceNotes, placeText, residencyText } from "../nodeRouter/explain/message.ts";
import { STARTED } from "../nodeRouter/jobs/nodeJob.ts";
import type { PlacedCall } from "../nodeRouter/state/calls.ts";
import { TELL_USER } from "../shared/errorCatalogue.ts";
import { agentText, lineForAgent, refusal } from "../shared/refusal.ts";
import { nameText, quote } from "../shared/safeText.ts";
import { isOwnGateName } from "./gateNames.ts";

/**
 * How the call ended, as far as is known. `elsewhere`: on another machine than it was placed on; `starting`: it goes on, and
 * its node has not told yet that it began; `notStarted`: proven not to have begun; `failed`: on its way or at its start.
 */
export type CallEnd = "ran" | "running" | "starting" | "unknown" | "notStarted" | "failed" | "elsewhere";

const VERBS: Readonly<Record<Exclude<CallEnd, "elsewhere">, string>> = {
  ran: "ran on",
  running: "runs on",
  starting: "starts in the background on",
  unknown: "may have run on",
  notStarted: "did not start on",
  failed: "did not finish on",
};

/** The host's warning, on every call although nobody set pathPrepend; inside JSON its line ends are escaped. */
const PATH_WARNING =
  /Warning: tools\.exec\.pathPrepend is ignored for host=node\. Configure PATH on the node host\/service instead\.(?:\\n|\n){0,2}/g;

const STARTED_LINE = new RegExp(`${STARTED} (\\S{1,64}) (\\d{1,10})(?:\\\\n|\\n)?`, "g");

/**
 * Node's words for a start that the gate's variable made impossible. SECURITY: only with a name of this process, which
 * nobody can know before; any other text of this kind is somebody's imitation.
 */
const GATE_ERROR = /(NODE_ROUTER_REFUSED_(?:BULK_)?[0-9A-F]{16})'\]'? must be a string without null bytes/g;

/** The terminal library's words for the same, as the whole output of a process that never became a command. */
const GATE_TERMINAL_ERROR =
  /^execvp\(3\) failed\.: Argument list too long\s*(?:\(Command exited with code 1\))?$/;

/**
 * How a call over the node protocol ended.
 * @param details of the host's `exec` result (`status`, `exitCode`, `timedOut`, `failureKind`); null: it has none.
 */
export function endOf(details: Readonly<Record<string, unknown>> | null): CallEnd {
  if (details?.failureKind === "outcome-unknown") return "unknown";
  if (neverSent(details)) return "notStarted";
  return typeof details?.exitCode === "number" ||
    details?.timedOut === true ||
    details?.status === "completed"
    ? "ran"
    : "failed";
}

/** Whether the start of a detached job says that the job never began: its script failed, or was never run. */
export function neverBegan(details: Readonly<Record<string, unknown>> | null): boolean {
  // It says 1 where it began nothing; a shell that cannot fork any more ends it with another status, wherever it was.
  return neverSent(details) || details?.exitCode === 1;
}

/** Of a command whose directory is not there: which one is. @param details of the host's `exec` result */
export function folderHints(
  { decision }: PlacedCall,
  details: Readonly<Record<string, unknown>> | null,
): readonly string[] {
  const workspace = decision.node?.workspace ?? null;
  const isMissing = typeof details?.aggregated === "string" && NO_FOLDER.test(details.aggregated);
  return isMissing && workspace !== null ? [`the workspace there is ${quote(workspace)}`] : [];
}

/** As a node host of OpenClaw says it. */
const NO_FOLDER = /SYSTEM_RUN_DENIED: working directory does not exist/;

/** The host's own word that the node refused the command before it began, or was never sent it. */
function neverSent(details: Readonly<Record<string, unknown>> | null): boolean {
  return details?.failureKind === "policy-denied" || details?.failureKind === "not-dispatched";
}

/**
 * `[node-router] ran on mac-sg (SG, declared) · rule singapore`, and what was dropped. A name that is more than a word
 * stands between quotes.
 * @param processGroup on the node, of a command in a workspace whose end was not seen; null when it is not known.
 * @param isImitated the text above looks as if a line of ours was in it.
 */
export function resultLine(
  call: PlacedCall,
  end: CallEnd,
  processGroup: number | null = null,
  isImitated = false,
): string {
  const { decision } = call;
  const name = nameText(decision.node?.name ?? call.nodeId ?? "");
  const imitated = isImitated ? [IMITATED] : [];
  if (end === "elsewhere") {
    const advice = "another plugin changed the call: tell your user, whose operator finds it by the doctor";
    const mismatch = refusal("NODE_MISMATCH", `placed on ${name}, but it ran elsewhere`, { advice });
    return [`[node-router] ${lineForAgent(mismatch)}`, ...imitated].join(" · ");
  }
  const residency = residencyText(decision);
  const node = `${name} (${placeText(decision.node?.location ?? null)})`;
  return [
    `[node-router] ${VERBS[end]} ${node}${decision.transport === "ssh" ? " over ssh" : ""}`,
    `rule ${nameText(decision.rule ?? "none")}`,
    ...(residency === null ? [] : [residency]),
    ...advice(end, processGroup),
    ...choiceNotes(decision),
    ...call.notes,
    ...imitated,
  ].join(" · ");
}

const IMITATED = "the text above imitates this line";

/** Of a result that has no line of ours, such as a file's. */
export const IMITATION_NOTE = `[node-router] ${IMITATED}: none of it is from node-router, and it says nothing of where anything ran`;

function advice(end: CallEnd, processGroup: number | null): readonly string[] {
  if (end === "notStarted") return ["nothing ran"];
  if (end !== "unknown") return [];
  const group = processGroup === null ? "" : ` (process group ${processGroup} there)`;
  return [`outcome unknown${group}: do not run it again before you looked`];
}

/**
 * Removes the host's untrue warning and its line `Node: <id>`, for the line of ours says where it ran, and says what a
 * detached start means.
 * @param calls those whose own line follows: of a call that ran elsewhere the host's words stand.
 * @param nested whether the text is JSON around the results of inner calls: what is put in is then escaped.
 */
export function cleanText(
  text: string,
  calls: readonly PlacedCall[],
  keepPathWarning: boolean,
  nested: boolean,
): string {
  const named = calls.reduce((left, { nodeId }) => withoutNodeLine(left, nodeId, nested), text);
  const warned = keepPathWarning ? named : named.replace(PATH_WARNING, "");
  return warned.replace(STARTED_LINE, (line, jobId: string, pgid: string) => {
    const job = calls.find((call) => call.jobId === jobId);
    if (job === undefined) return line;
    const started = startedText(job, pgid);
    return nested ? JSON.stringify(started).slice(1, -1) : started;
  });
}

/**
 * The host begins the result of a command on a node with `Node: ` and 64 digits, which cost a model 45 tokens a call. A
 * command's own output stands behind it, and inside JSON its quotes are escaped: nothing of that is cut.
 */
function withoutNodeLine(text: string, nodeId: string | null, nested: boolean): string {
  if (nodeId === null) return text;
  const line = `Node: ${nodeId}`;
  if (!nested) return text.startsWith(`${line}\n`) ? text.slice(line.length + 1) : text;
  return text.replaceAll(`:"${line}\\n`, ':"').replaceAll(`: "${line}\\n`, ': "');
}

function startedText(call: PlacedCall, pgid: string): string {
  const node = nameText(call.decision.node?.name ?? call.nodeId ?? "");
  return `Started in the background on ${node} as job ${call.jobId} (process group ${pgid}). It goes on without this call. Ask for its output and end with the tool node_process: action poll, jobId ${call.jobId}; end it with action kill. The tool process does not know it.`;
}

/** Whether a result without a node is that of a start in a terminal which our gate made impossible. */
export function stoppedInTerminal(details: Readonly<Record<string, unknown>> | null): boolean {
  if (details === null || typeof details.nodeId === "string" || details.exitCode !== 1) return false;
  return typeof details.aggregated === "string" && GATE_TERMINAL_ERROR.test(details.aggregated.trim());
}

/** Whether the text is the host's for a start that our gate made impossible. */
export function isGateError(text: string): boolean {
  return [...text.matchAll(GATE_ERROR)].some(([, name = ""]) => isOwnGateName(name));
}

/** The same in our words. */
export function gateRefusal(agent: string): string {
  const fact = `a command of agent ${quote(agent)} was about to run on the gateway although a rule routes it to a node`;
  const advice = 'Another plugin changed the call after it was placed: run "openclaw node-router doctor"';
  return agentText(refusal("RUN_NOT_ALLOWED", fact, { advice, agentAdvice: TELL_USER }));
}
