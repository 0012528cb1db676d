// What a command is told that the pool does not run. Pure.
import { messageOf } from "../../../../shared/errors.ts";
import { type Refusal, refusal, refusalLine, refusalWords } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import { SENTENCE_END, withoutEnd } from "../../../../shared/withoutEnd.ts";
import { SessionRefused } from "../session/connection.ts";
import { SessionFault } from "../session/sessionFault.ts";
import type { Breaker } from "./breaker.ts";

/** No session of the login can be used, and none will be until somebody mends that; else it may pass. */
export function noSession(node: string, error: unknown, what = "session"): Refusal {
  const fact = `no ${what} could be opened: ${messageOf(error)}`;
  if (error instanceof SessionRefused) {
    const bare = fact.trimEnd().replace(/:$/, "");
    return mustBeMended(
      node,
      bare,
      "See MaxSessions in its sshd_config, and whether the login may run commands",
    );
  }
  return error instanceof SessionFault ? mustBeMended(node, fact, error.mend) : notStarted(node, fact);
}

function mustBeMended(node: string, fact: string, advice: string): Refusal {
  return refusal("NOT_STARTED", `on node ${quote(node)} ${fact}`, { nothingRan: "nothing ran", advice });
}

/** Proven not to have begun, for a reason that may pass. */
export function notStarted(node: string, fact: string): Refusal {
  const nothingRan = "nothing ran, and trying again is safe";
  return refusal("NOT_STARTED", `on node ${quote(node)} ${fact}`, { nothingRan, advice: null });
}

export function badRequest(node: string, problem: string): Refusal {
  const nothingRan = `on node ${quote(node)} nothing ran`;
  return refusal("NOT_STARTED", problem, { nothingRan, advice: "Change the command" });
}

export function closing(node: string): Refusal {
  const fact = `the connections to node ${quote(node)} are being closed, because its settings changed or the gateway stops`;
  return refusal("NOT_STARTED", fact);
}

export function cancelled(node: string): Refusal {
  return refusal("NOT_STARTED", `the command was cancelled before it began on node ${quote(node)}`, {
    advice: null,
  });
}

export function busy(node: string, fact: string): Refusal {
  return refusal("NODE_BUSY", `node ${quote(node)} takes no more commands now: ${fact}`);
}

/** The connection was ended here, for what came over it. */
export function misbehaved(node: string, fact: string): Refusal {
  return refusal("NODE_UNREACHABLE", `the connection to node ${quote(node)} was ended, because ${fact}`, {
    advice: "see the start files of the login's shell there, and whether the machine is what it should be",
  });
}

/** The breaker is open. */
export function notTried(node: string, { failures, lastError }: Breaker, waitMs: number): Refusal {
  const many = failures === 1 ? "a failure" : `${failures} failures in a row`;
  const why = lastError === null ? "it did not answer" : reasonOf(lastError);
  const fact = `node ${quote(node)} is not tried again for ${Math.ceil(waitMs / 1000)} s, after ${many}: ${why}`;
  return refusal("NODE_UNREACHABLE", fact);
}

/** Why it could not be connected, as a part of a sentence about the node. */
export function reasonOf(why: Refusal): string {
  return withoutEnd(why.code === "NODE_UNREACHABLE" ? refusalWords(why) : refusalLine(why), SENTENCE_END);
}
