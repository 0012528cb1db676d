// The line that tells agent and human where a command ran. Pure.

import type { PlacedCall } from "../nodeRouter/calls.ts";
import { placeText } from "../nodeRouter/explain/message.ts";
import { STARTED } from "../nodeRouter/transports/node/job.ts";
import { safe } from "../safeText.ts";
import { GATE_VARIABLE } from "./execEnvGate.ts";

/** How the call ended, as far as its result says. */
export type CallEnd = "ran" | "unknown" | "failed";

/** The host's warning, on every call although nobody set pathPrepend; inside JSON its line ends are escaped. */
const PATH_WARNING =
  /Warning: tools\.exec\.pathPrepend is ignored for host=node\. Configure PATH on the node host\/service instead\.(?:\\n|\n){0,2}/g;

const STARTED_LINE = new RegExp(`${STARTED} (\\S+) (\\d+)(?:\\\\n|\\n)?`, "g");

/** Node's words for a start that the gate's variable made impossible; not every mention of its name. */
const GATE_ERROR = new RegExp(`${GATE_VARIABLE}'\\] must be a string without null bytes`);

export function endOf(details: Readonly<Record<string, unknown>> | null): CallEnd {
  if (details?.failureKind === "outcome-unknown") return "unknown";
  return typeof details?.exitCode === "number" ||
    details?.timedOut === true ||
    details?.status === "completed"
    ? "ran"
    : "failed";
}

/** `[node-router] ran on mac-sg (SG, declared) · rule singapore`, and what was dropped. */
export function resultLine(call: PlacedCall, end: CallEnd): string {
  const { decision } = call;
  const verb = { ran: "ran on", unknown: "may have run on", failed: "did not finish on" }[end];
  const node = `${safe(decision.node?.name ?? call.nodeId)} (${placeText(decision.node?.location ?? null)})`;
  const advice = end === "unknown" ? ["outcome unknown: do not run it again before you looked"] : [];
  return [
    `[node-router] ${verb} ${node}`,
    `rule ${safe(decision.rule ?? "none")}`,
    ...advice,
    ...call.notes,
  ].join(" · ");
}

/**
 * Removes the host's untrue warning, and says what a detached start means.
 * @param nested whether the text is JSON around the results of inner calls: what is put in is then escaped.
 */
export function cleanText(
  text: string,
  calls: readonly PlacedCall[],
  keepPathWarning: boolean,
  nested: boolean,
): string {
  const warned = keepPathWarning ? text : text.replace(PATH_WARNING, "");
  return warned.replace(STARTED_LINE, (line, jobId: string, pgid: string) => {
    const job = calls.find((call) => call.jobId === jobId);
    if (job === undefined) return line;
    const started = startedText(job, pgid);
    return nested ? JSON.stringify(started).slice(1, -1) : started;
  });
}

function startedText(call: PlacedCall, pgid: string): string {
  const node = safe(call.decision.node?.name ?? call.nodeId);
  return `Started in the background on ${node} as job ${call.jobId} (process group ${pgid}). It goes on without this call. Ask for its output and end with the tool node_process: action poll, jobId ${call.jobId}; end it with action kill. The tool process does not know it.`;
}

/** The host's words for a start that our gate made impossible, in ours. */
export function gateText(text: string, agent: string): string | null {
  if (!GATE_ERROR.test(text)) return null;
  return `RUN_NOT_ALLOWED: a command of agent "${agent}" was about to run on the gateway although a rule routes it to a node; nothing ran. Another plugin changed the call after it was placed: run "openclaw node-router doctor".`;
}
