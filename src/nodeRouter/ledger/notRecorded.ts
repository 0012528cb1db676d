// Why nothing ran of what could not be recorded, for whoever asked for it and for the operator.
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import type { LedgerSubject } from "./ledgerSubject.ts";
import { DAY_MS, MIB } from "./shares.ts";
import type { LedgerLimits } from "./usage.ts";

const RAISE_SHARE =
  'Let the operator look what the agent does, then raise plugins.entries.node-router.config.auditAgentMiB, or set plugins.entries.node-router.config.audit to "best-effort"';

/** AUDIT_UNAVAILABLE. @param error what the disk said */
export function notWritten(file: string, subject: LedgerSubject, error: unknown): NodeRouterError {
  return notRecorded(file, subject, safe(messageOf(error)), {}, { cause: error });
}

/** AUDIT_UNAVAILABLE: the share of the subject's agent has no room for it. */
export function shareUsedUp(file: string, subject: LedgerSubject, limits: LedgerLimits): NodeRouterError {
  return notRecorded(file, subject, shareText(subject.agent ?? "", limits), { advice: RAISE_SHARE });
}

/** `agent "worker-sg" has used up its share of the audit, 64 MiB in 30 days`. */
export function shareText(agent: string, { agentBytes, keepMs }: LedgerLimits): string {
  const who = agent === "" ? "what belongs to no agent" : `agent ${quote(agent)}`;
  const size = Math.round((agentBytes / MIB) * 100) / 100;
  const days = Math.round((keepMs / DAY_MS) * 100) / 100;
  return `${who} has used up its share of the audit, ${size} MiB in ${days} days`;
}

const WHAT: Readonly<Record<string, string>> = {
  command: "the command",
  call: "the call",
  delegation: "the task",
};

function notRecorded(
  file: string,
  { kind, operation }: LedgerSubject,
  reason: string,
  told: Partial<Pick<Refusal, "advice">>,
  options?: { readonly cause: unknown },
): NodeRouterError {
  const [what, nothingRan] =
    kind === "input"
      ? ["input to the running command", "neither it nor what follows was sent, end the command with kill"]
      : [WHAT[kind] ?? `${quote(operation)} of a file`, "nothing ran"];
  const fact = `${what} was not recorded in ${quote(file)}: ${reason}`;
  return new NodeRouterError(refusal("AUDIT_UNAVAILABLE", fact, { nothingRan, ...told }), options);
}
