// The reading half of the bridge: stat, read, list. A small file's content comes with its stat, in the same trip.
import { type Answer, ask } from "./ask.ts";
import type { DirectoryEntry, FileParams, FileSource, FileStat, ReadParams, RunScript } from "./contract.ts";
import {
  type FileOperation,
  failure,
  type Subject,
  strangeReply,
  tooLarge,
  tooManyNames,
} from "./failures.ts";
import type { PathResolver, Target } from "./paths.ts";
import { endedWell, hasTooManyEntries, MAX_ENTRIES, takeEntries, takeFacts, takeFields } from "./reply.ts";
import { EXIT } from "./scriptParts.ts";
import { LIST_SCRIPT, LOOK_SCRIPT } from "./scripts.ts";
import type { Seen, Snapshots } from "./snapshots.ts";

/** Largest file that the file tools carry, either way. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Largest file that comes along with its stat: as much as the host's write tool reads of the file it replaces. */
export const STAT_CONTENT_BYTES = 1024 * 1024;

/** How much of a file `dd` takes: blocks of one read each. One block more than fits, to see the end. */
const WITH_STAT = { keep: STAT_CONTENT_BYTES, blockSize: 4096, blocks: STAT_CONTENT_BYTES / 4096 + 1 };
const WHOLE = { blockSize: 65_536, blocks: MAX_FILE_BYTES / 65_536 + 1 };

/** Facts before the content. */
const HEADER_BYTES = 64 * 1024;

/** Of all names in a folder. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

export interface ReadDeps {
  readonly node: string;
  readonly root: string;
  readonly run: RunScript;
  readonly paths: PathResolver;
  readonly snapshots: Snapshots;
}

export interface Reads {
  stat(params: FileParams): Promise<FileStat | null>;
  read(params: ReadParams): Promise<FileSource>;
  list(params: FileParams): Promise<readonly DirectoryEntry[]>;
}

export function createReads({ node, root, run, paths, snapshots }: ReadDeps): Reads {
  const subjectOf = (operation: FileOperation, target: Target): Subject => ({
    operation,
    node,
    path: target.path,
    root,
  });

  const look = async (
    subject: Subject,
    target: Target,
    amount: { readonly keep: number; readonly blockSize: number; readonly blocks: number },
    signal: AbortSignal | undefined,
  ): Promise<{ readonly seen: Seen; readonly answer: Answer }> => {
    const pending = snapshots.begin(target.path);
    let seen: Seen | null = null;
    try {
      const args = [
        ...[...placeOf(target), `${amount.keep}`, `${amount.blockSize}`, `${amount.blocks}`],
        ...paths.marks,
      ];
      const answer = await ask(run, {
        subject,
        script: LOOK_SCRIPT,
        args,
        signal,
        // The script itself sends no more: who does is no honest node.
        reply: { maxStdout: amount.blockSize * amount.blocks + HEADER_BYTES, onExcess: "fail" },
      });
      seen = readSeen(subject, answer, amount.blocks);
      return { seen, answer };
    } finally {
      pending.settled(kept(seen), subject.operation === "read");
    }
  };

  return {
    async stat(params) {
      const target = paths.resolve(params.filePath, params.cwd, "read");
      const known = snapshots.statOf(target.path);
      if (known !== null) return known;
      const { seen } = await look(subjectOf("stat", target), target, WITH_STAT, params.signal);
      return seen.kind === "there" ? seen.stat : null;
    },

    async read(params) {
      const { maxBytes } = params;
      if (maxBytes !== undefined && (!Number.isSafeInteger(maxBytes) || maxBytes < 0)) {
        throw new RangeError("maxBytes must be a whole number of bytes, 0 or more");
      }
      const limit = Math.min(maxBytes ?? MAX_FILE_BYTES, MAX_FILE_BYTES);
      const target = paths.resolve(params.filePath, params.cwd, "read");
      const subject = subjectOf("read", target);
      const known = snapshots.read(target.path);
      const { seen, answer } =
        known === null
          ? await look(subject, target, { keep: limit, ...WHOLE }, params.signal)
          : { seen: known, answer: null };

      if (seen.kind === "missing") throw failure(subject, EXIT.missing, "");
      const { stat, content, physical } = seen;
      if (stat.type !== "file")
        throw failure(subject, stat.type === "directory" ? EXIT.isDirectory : EXIT.special, "");
      if (stat.size > limit) throw tooLarge(subject, stat.size, limit);
      if (content === null) {
        const stderr = answer?.stderr ?? "";
        throw stderr.split("\n").includes("end 0")
          ? tooLarge(subject, null, limit)
          : failure(subject, EXIT.stat, withoutSummary(stderr));
      }
      if (content.length > limit) throw tooLarge(subject, content.length, limit);
      return {
        data: content,
        canonicalPath: physical,
        ...(target.isInWorkspace ? { workspaceRelativePath: target.relativePath } : {}),
      };
    },

    async list(params) {
      const target = paths.resolve(params.filePath, params.cwd, "read");
      const subject = subjectOf("list", target);
      const args = [...wholePlaceOf(target), ...paths.marks];
      const answer = await ask(run, {
        subject,
        script: LIST_SCRIPT,
        args,
        signal: params.signal,
        reply: { maxStdout: MAX_LIST_BYTES },
      });
      if (answer.exitCode !== 0) throw failure(subject, answer.exitCode, answer.stderr);
      if (hasTooManyEntries(answer.stdout)) throw tooManyNames(subject, MAX_ENTRIES);
      const entries = takeEntries(answer.stdout);
      if (entries === null) throw strangeReply(subject);
      return entries;
    },
  };
}

/** BASE MAKE DIR NAME of a script. The workspace is made when it is missing; others only by what makes directories. */
export function placeOf(target: Target, makesBase = false): readonly string[] {
  return [target.base, target.isInWorkspace || makesBase ? "1" : "0", target.dir, target.name];
}

/** The same for a directory that is meant itself: DIR is the whole way. */
export function wholePlaceOf(target: Target, makesBase = false): readonly string[] {
  return [target.base, target.isInWorkspace || makesBase ? "1" : "0", target.below, "."];
}

/** What the node said of a file. @throws for every exit code but that of a missing file. */
function readSeen(subject: Subject, answer: Answer, blocks: number): Seen {
  const { exitCode, stdout, stderr } = answer;
  // Below a file nothing can be: for a stat that is as missing.
  if (exitCode === EXIT.missing || (exitCode === EXIT.notDirectory && subject.operation === "stat")) {
    const parent = takeFields(stdout, 1)?.fields[0];
    return {
      kind: "missing",
      parent: parent === "parent" ? "there" : parent === "makeable" ? "makeable" : "closed",
    };
  }
  if (exitCode !== 0) throw failure(subject, exitCode, stderr);
  const reply = takeFields(stdout, 4);
  const [kind = "", facts = "", directory = "", name = ""] = reply?.fields ?? [];
  const stat = takeFacts(kind, facts);
  if (reply === null || stat === null) throw strangeReply(subject);
  return {
    kind: "there",
    stat,
    physical: physicalPath(directory, name),
    content: kind === "f" && endedWell(stderr, blocks) ? reply.rest : null,
  };
}

/** Of a directory and a name in it, as scripts tell them. */
export function physicalPath(directory: string, name: string): string {
  if (name === ".") return directory;
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

/** Large content is not held: it is read once. */
function kept(seen: Seen | null): Seen | null {
  return seen?.kind === "there" && seen.content !== null && seen.content.length > STAT_CONTENT_BYTES
    ? { ...seen, content: null }
    : seen;
}

/** Of `dd`, and of the script. */
const RECORDS = /^(?:\d{1,20}\+\d{1,20} records (?:in|out)|end \d{1,5})$/;
const SUMMARIES = [["bytes", "copied"], ["bytes transferred"]];

/** Without the lines that every read has. */
function withoutSummary(stderr: string): string {
  return stderr
    .split("\n")
    .filter(
      (line) => !RECORDS.test(line) && !SUMMARIES.some((words) => words.every((word) => line.includes(word))),
    )
    .join("\n");
}
