// What went wrong while files were brought to a node, in words. Pure.
import { messageOf, NodeRouterError } from "../../../shared/errors.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { Collected } from "../../transports/transport.ts";
import { MIRROR_EXIT } from "./mirrorScripts.ts";

/** What an error is about. */
export interface MirrorSubject {
  readonly what: string;
  readonly node: string;
  /** On the node, absolute. */
  readonly directory: string;
}

const MAX_REASON_LENGTH = 300;

/** Null: the program ended well. */
export function mirrorFailure(
  subject: MirrorSubject,
  { outcome, stderr, givenUp = null }: Collected,
): NodeRouterError | null {
  switch (outcome.kind) {
    case "notStarted":
      return new NodeRouterError({ ...outcome, fact: `${about(subject)}: ${outcome.fact}` });
    case "unknown":
      return unseen(subject, givenUp);
    case "ran":
      if (outcome.exitCode === 0) return null;
      return failed(subject, `${reason(outcome, stderr)}; ${advice(outcome.exitCode)}`);
  }
}

/** Errors of nodes that did not come to an end, or sent more than they may. */
const hung = new WeakSet<NodeRouterError>();

/** Whether asking again would most likely only take as long again. */
export function isHung(error: unknown): error is NodeRouterError {
  return error instanceof NodeRouterError && hung.has(error);
}

/** An answer that is none of ours. */
export function strangeAnswer(subject: MirrorSubject): NodeRouterError {
  return failed(
    subject,
    "the node's answer is cut short or mixed with other output; the next call asks again",
  );
}

/** A folder or file of the gateway that cannot be read. */
export function unreadable(subject: MirrorSubject, cause: unknown): NodeRouterError {
  if (cause instanceof NodeRouterError) return cause;
  return failed(subject, `the gateway cannot read them: ${safe(messageOf(cause))}`, cause);
}

function unseen(subject: MirrorSubject, givenUp: string | null): NodeRouterError {
  const fact = givenUp ?? "the connection was lost while they were on their way";
  const error = failed(subject, `${fact}; they are brought again with the next call`);
  if (givenUp !== null) hung.add(error);
  return error;
}

function failed(subject: MirrorSubject, fact: string, cause?: unknown): NodeRouterError {
  const why = refusal("FILE_FAILED", `${about(subject)}: ${fact}`, { nothingRan: "nothing else was begun" });
  return new NodeRouterError(why, { cause });
}

function about({ what, node, directory }: MirrorSubject): string {
  return `${what} could not be brought to ${quote(directory)} on node ${quote(node)}`;
}

function reason(
  { exitCode, signal }: { exitCode: number | null; signal: string | null },
  stderr: Buffer,
): string {
  const lines = stderr
    .toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const [first] = lines;
  if (first !== undefined) return safe(first.slice(0, MAX_REASON_LENGTH));
  return signal === null ? `exit code ${exitCode}` : `ended by signal ${safe(signal)}`;
}

function advice(exitCode: number | null): string {
  switch (exitCode) {
    case MIRROR_EXIT.link:
      return "put a folder in its place";
    case MIRROR_EXIT.directory:
      return "move it away";
    case MIRROR_EXIT.unpack:
      return "make room there, or install tar";
    default:
      return "mend that on the node";
  }
}
