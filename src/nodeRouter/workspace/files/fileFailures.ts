// What went wrong on the node, in words: from a script's exit code and what its tools said on stderr. Pure.
import { formatPath } from "../../../config/problems/path.ts";
import type { ErrorCode } from "../../../shared/errorCatalogue.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { type Refusal, refusal, refusalLine, refusalWords } from "../../../shared/refusal.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import type { Outcome } from "../../transports/transport.ts";
import type { Base } from "./callMemory.ts";
import type { ChangeOperation } from "./fileBridge.ts";
import { FILE_EXIT } from "./scriptParts.ts";

export type FileOperation = ChangeOperation | "read" | "stat" | "list";

/** What an error is about. */
export interface Subject {
  readonly operation: FileOperation;
  readonly node: string;
  /** Of the node, absolute. */
  readonly path: string;
  readonly to?: string;
  /** Of the node, absolute: for the advice. */
  readonly root: string;
}

/** A failure that the host tells from others by `code`, as it does with those of a file system. */
export class NodeFileError extends Error {
  readonly code: "ENOENT" | "ENOTDIR" | "EISDIR";

  constructor(code: "ENOENT" | "ENOTDIR" | "EISDIR", why: Refusal) {
    super(refusalLine(why));
    this.name = "NodeFileError";
    this.code = code;
  }
}

/** Words of strerror(3) that tools and shells print: some put it last, zsh puts it first and in small letters. */
const REASONS = [
  "No space left on device",
  "Disk quota exceeded",
  "Read-only file system",
  "Permission denied",
  "Operation not permitted",
  "File name too long",
  "Directory not empty",
  "Not a directory",
  "Is a directory",
  "File too large",
  "File size limit exceeded",
  "Too many levels of symbolic links",
  "Too many open files",
  "Device or resource busy",
  "Resource busy",
  "Input/output error",
  "Stale file handle",
  "No such file or directory",
  "File exists",
];

/** Of what tools say, as much as is looked at. */
const MAX_SEARCHED = 1 << 16;

/** Longest text of a tool that is shown when none of the known words is in it. */
const MAX_REASON = 300;

/** What holds after a change that did not happen. */
const UNTOUCHED: Readonly<Record<FileOperation, string | null>> = {
  write: "the file is as it was",
  create: "no file was made",
  copy: "the file is as it was",
  mkdir: "look which of its directories are there",
  rename: "look at both names before you do it again",
  remove: "what could be removed is gone: look before you do it again",
  read: null,
  stat: null,
  list: null,
};

/** What may hold after a connection was lost. */
const LOST: Readonly<Record<FileOperation, string>> = {
  write: "the file is either as before or complete, never half: read it before you write it again",
  create: "the file is either not there or complete, never half: look before you create it again",
  copy: "the file is either as before or complete, never half: look before you copy it again",
  mkdir: "the directory may or may not be there: look before you make it again",
  rename: "it may or may not be renamed: look at both names before you do it again",
  remove: "it may or may not be gone, a directory also in part: look before you remove it again",
  read: "nothing was changed: reading again is safe",
  stat: "nothing was changed: looking again is safe",
  list: "nothing was changed: listing again is safe",
};

/** The error for an exit code other than 0. */
export function failure(subject: Subject, exitCode: number, stderr: string): Error {
  const what = about(subject);
  const no = (code: ErrorCode, fact: string, advice: string | null = null) => fault(code, what, fact, advice);
  const { node, root, operation } = subject;
  switch (exitCode) {
    case FILE_EXIT.missing: {
      const fact = `${what}: it or a directory above it is not there`;
      return new NodeFileError("ENOENT", refusal("FILE_NOT_FOUND", fact));
    }
    case FILE_EXIT.notDirectory: {
      const fact = `${what}: a part of the path is not a directory`;
      return new NodeFileError("ENOTDIR", refusal("FILE_FAILED", fact));
    }
    case FILE_EXIT.isDirectory:
      return new NodeFileError("EISDIR", refusal("FILE_FAILED", `${what}: it is a directory`));
    case FILE_EXIT.special:
      return no("FILE_FAILED", "it is a device, a pipe or a socket, which file tools never open", "use exec");
    case FILE_EXIT.outside:
      return no(
        "PATH_NOT_ALLOWED",
        `it leads out of the workspace ${quote(root)} through a symlink`,
        `use a path inside it, or add the directory it leads to to ${formatPath(["nodes", node, "paths"])}`,
      );
    case FILE_EXIT.readOnly:
      return no(
        "PATH_NOT_ALLOWED",
        "it is in a folder copied from the gateway, which is read-only",
        "write elsewhere",
      );
    case FILE_EXIT.protected:
      return no("PATH_NOT_ALLOWED", "it is or holds a directory the agent works in", "name what is in it");
    case FILE_EXIT.root:
      return no(
        "WORKSPACE_UNAVAILABLE",
        `the directory of the node's config it is in cannot be made or entered: ${reason(stderr, exitCode)}`,
        `make it on the node, or change ${formatPath(["nodes", node, "workspace"])} or .paths`,
      );
    case FILE_EXIT.incomplete:
      return no("FILE_FAILED", "not all of it arrived", UNTOUCHED[operation]);
    case FILE_EXIT.exists:
      return no("FILE_EXISTS", "something has that name");
    case FILE_EXIT.manyLinks:
      return no("FILE_FAILED", "too many symlinks, maybe in a circle");
    default:
      return no("FILE_FAILED", reason(stderr, exitCode), UNTOUCHED[operation]);
  }
}

/** A regular file that file tools do not carry. */
export function tooLarge(subject: Subject, size: number | null, limit: number): NodeRouterError {
  const has =
    size === null || size <= limit
      ? `it grew past the limit of ${limit} bytes`
      : `it has ${size} bytes, and the limit is ${limit}`;
  const advice =
    subject.operation === "read"
      ? "look at a part of it with exec on the node (head, tail, sed -n, grep)"
      : "have a command on the node make or fetch it";
  return fault("FILE_TOO_LARGE", about(subject), has, advice);
}

/** What a name stands for now, by a script's letter. */
const NOW: ReadonlyMap<string, string> = new Map([
  ["", "nothing is there now"],
  ["d", "a directory now"],
  ["l", "a symlink now"],
  ["o", "a device, a pipe or a socket now"],
]);

const UNDONE: Readonly<
  Partial<Record<FileOperation, { readonly nothingRan: string; readonly advice: string }>>
> = {
  write: { nothingRan: "nothing was written", advice: "read it again and repeat the edit" },
  remove: { nothingRan: "it was not removed", advice: "read it again before you remove it" },
};

/**
 * The refusal to change a file that is another than the same call was given.
 * @param kind d, f, l, o, or empty when nothing is there
 * @param size of a file, in bytes
 */
export function changedMeanwhile(
  subject: Subject,
  base: Base | null,
  kind: string,
  size: string,
): NodeRouterError {
  const then =
    base === null || base.kind === "missing" ? "nothing was there then" : `${bytes(base.size)} then`;
  const isSame = base?.kind === "content" && `${base.size}` === size;
  const file = isSame
    ? "as many now, but others"
    : `${/^\d{1,16}$/.test(size) ? bytes(Number(size)) : "another file"} now`;
  const fact = `${quote(subject.path)} on node ${quote(subject.node)} changed since it was read (${then}, ${NOW.get(kind) ?? file})`;
  return new NodeRouterError(refusal("FILE_CHANGED", fact, UNDONE[subject.operation]));
}

function bytes(count: number): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? "byte" : "bytes"}`;
}

/** A folder that file tools do not list. */
export function tooManyNames(subject: Subject, limit: number): NodeRouterError {
  return fault(
    "FILE_TOO_LARGE",
    about(subject),
    `it holds more than ${limit} names`,
    "look at a part of it with exec on the node (ls, find)",
  );
}

/** The error for a script that never began, or whose own end was not seen: lost, or ended by a signal. */
export function outcomeError(subject: Subject, outcome: Outcome): NodeRouterError {
  const what = about(subject);
  if (outcome.kind === "ran") {
    const by =
      outcome.signal === null
        ? `exit code ${outcome.exitCode ?? "unknown"}`
        : `signal ${safe(outcome.signal)}`;
    return fault("OUTCOME_UNKNOWN", what, `it was ended from outside (${by})`, LOST[subject.operation]);
  }
  return outcome.kind === "notStarted"
    ? new NodeRouterError(
        { ...outcome, fact: `${what}: nothing was done: ${outcome.fact}` },
        { isForAgent: true },
      )
    : fault(outcome.code, what, refusalWords(outcome), LOST[subject.operation]);
}

/** A reply that is none of ours. */
export function strangeReply(subject: Subject): NodeRouterError {
  return fault("FILE_FAILED", about(subject), "the node's answer is cut short or mixed with other output");
}

function about({ operation, path, to, node }: Subject): string {
  const target = to === undefined ? quote(path) : `${quote(path)} to ${quote(to)}`;
  return `${operation} of ${target} on node ${quote(node)}`;
}

function fault(code: ErrorCode, what: string, fact: string, advice: string | null = null): NodeRouterError {
  return new NodeRouterError(refusal(code, `${what}: ${fact}`, { advice }));
}

function reason(stderr: string, exitCode: number): string {
  const small = stderr.slice(0, MAX_SEARCHED).toLowerCase();
  const known = REASONS.filter((words) => small.includes(words.toLowerCase())).sort(
    (one, other) => small.indexOf(one.toLowerCase()) - small.indexOf(other.toLowerCase()),
  )[0];
  if (known !== undefined) return known;
  const line = stderr
    .slice(0, MAX_SEARCHED)
    .split("\n")
    .find((text) => text.trim() !== "");
  return line === undefined
    ? `the node's tools failed without a word (exit code ${exitCode})`
    : safe(line.slice(0, MAX_REASON));
}
