// What a command is told that the pool does not run. Pure.
import { messageOf } from "../../../../shared/errors.ts";
import { quote } from "../../../../shared/safeText.ts";
import { SENTENCE_END, withoutEnd } from "../../../../shared/withoutEnd.ts";
import { SessionRefused } from "../session/connection.ts";
import { SessionFault } from "../session/sessionFault.ts";
import type { Breaker } from "./breaker.ts";

/** No session of the login can be used, and none will be until somebody mends that; else it may pass. */
export function noSession(node: string, error: unknown, what = "session"): string {
  const fact = `no ${what} could be opened: ${messageOf(error)}`;
  if (error instanceof SessionRefused) {
    return `NOT_STARTED: on node ${quote(node)} ${fact.trimEnd().replace(/:$/, "")}; nothing ran. See MaxSessions in its sshd_config, and whether the login may run commands.`;
  }
  if (!(error instanceof SessionFault)) return notStarted(node, fact);
  return `NOT_STARTED: on node ${quote(node)} ${fact}; nothing ran. ${error.mend}.`;
}

/** Proven not to have begun, for a reason that may pass. */
export function notStarted(node: string, fact: string): string {
  return `NOT_STARTED: on node ${quote(node)} ${fact}; nothing ran, and trying again is safe.`;
}

export function badRequest(node: string, problem: string): string {
  return `NOT_STARTED: ${problem}; on node ${quote(node)} nothing ran. Change the command.`;
}

export function closing(node: string): string {
  return `NOT_STARTED: the connections to node ${quote(node)} are being closed, because its settings changed or the gateway stops; trying again is safe.`;
}

export function cancelled(node: string): string {
  return `NOT_STARTED: the command was cancelled before it began on node ${quote(node)}.`;
}

export function busy(node: string, fact: string): string {
  return `NODE_BUSY: node ${quote(node)} takes no more commands now: ${fact}; nothing ran. Wait for some to end, or end them with process kill.`;
}

/** The connection was ended here, for what came over it. */
export function misbehaved(node: string, fact: string): string {
  return `NODE_UNREACHABLE: the connection to node ${quote(node)} was ended, because ${fact}; see the start files of the login's shell there, and whether the machine is what it should be.`;
}

/** The breaker is open. */
export function notTried(node: string, { failures, lastError }: Breaker, waitMs: number): string {
  const fact = withoutEnd(
    (lastError ?? "it did not answer").replace(/^NODE_UNREACHABLE: /, ""),
    SENTENCE_END,
  );
  const many = failures === 1 ? "a failure" : `${failures} failures in a row`;
  return `NODE_UNREACHABLE: node ${quote(node)} is not tried again for ${Math.ceil(waitMs / 1000)} s, after ${many}: ${fact}.`;
}
