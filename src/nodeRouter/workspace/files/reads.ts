// The reading half of the bridge: stat, read, list. A small file's content comes with its stat, in the same trip.
import type { CollectCommand } from "../../transports/transport.ts";
import { ask, type ScriptAnswer } from "./askNode.ts";
import type { CallMemories, SeenFile } from "./callMemory.ts";
import type { DirectoryEntry, FileParams, FileSource, FileStat, ReadParams } from "./fileBridge.ts";
import {
  type FileOperation,
  failure,
  type Subject,
  strangeReply,
  tooLarge,
  tooManyNames,
} from "./fileFailures.ts";
import { LIST_SCRIPT, LOOK_SCRIPT } from "./fileScripts.ts";
import type { NodePath, PathResolver } from "./paths.ts";
import {
  endedWell,
  hasTooManyEntries,
  MAX_ENTRIES,
  takeEntries,
  takeFacts,
  takeFields,
  takeSummary,
} from "./reply.ts";
import { FILE_EXIT } from "./scriptParts.ts";

/** Largest file that the file tools carry, either way. */
export const MAX_TOOL_FILE_BYTES = 64 * 1024 * 1024;

/** Largest file that comes along with its stat: as much as the host's write tool reads of the file it replaces. */
export const STAT_CONTENT_BYTES = 1024 * 1024;

/** How much of a file `dd` takes: blocks of one read each. One block more than fits, to see the end. */
const WITH_STAT = { keep: STAT_CONTENT_BYTES, blockSize: 4096, blocks: STAT_CONTENT_BYTES / 4096 + 1 };
/** For a stat after which nothing may be kept. */
const FACTS = { keep: -1, blockSize: 4096, blocks: 1 };
const WHOLE = { blockSize: 65_536, blocks: MAX_TOOL_FILE_BYTES / 65_536 + 1 };

/** Facts before the content. */
const HEADER_BYTES = 64 * 1024;

/** Of all names in a folder. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;

export interface ReadDeps {
  readonly node: string;
  readonly root: string;
  readonly run: CollectCommand;
  readonly paths: PathResolver;
  readonly memories: CallMemories;
}

export interface Reads {
  stat(params: FileParams): Promise<FileStat | null>;
  read(params: ReadParams): Promise<FileSource>;
  list(params: FileParams): Promise<readonly DirectoryEntry[]>;
}

/**
 * Every first look of a tool call asks the node; the steps after it may be answered from that look.
 * Errors: as `createFileBridge` has them.
 */
export function createReads({ node, root, run, paths, memories }: ReadDeps): Reads {
  const subjectOf = (operation: FileOperation, target: NodePath): Subject => ({
    operation,
    node,
    path: target.path,
    root,
  });

  const look = async (
    subject: Subject,
    target: NodePath,
    amount: { readonly keep: number; readonly blockSize: number; readonly blocks: number },
    signal: AbortSignal | undefined,
  ): Promise<{ readonly seen: SeenFile; readonly answer: ScriptAnswer }> => {
    const args = [
      ...[...placeArgs(target), `${amount.keep}`, `${amount.blockSize}`, `${amount.blocks}`],
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
    return { seen: readSeen(subject, answer, amount.blocks), answer };
  };

  return {
    async stat(params) {
      const target = paths.resolve(params.filePath, params.cwd, "read");
      const memory = memories.current();
      let seen = memory.seen(target.path);
      if (seen === null) {
        const amount = memory.answers ? WITH_STAT : FACTS;
        ({ seen } = await look(subjectOf("stat", target), target, amount, params.signal));
        memory.saw(target.path, seen);
      }
      if (seen.kind === "there") return seen.stat;
      memory.gave(target.path, seen);
      return null;
    },

    async read(params) {
      const { maxBytes } = params;
      if (maxBytes !== undefined && (!Number.isSafeInteger(maxBytes) || maxBytes < 0)) {
        throw new RangeError("maxBytes must be a whole number of bytes, 0 or more");
      }
      const limit = Math.min(maxBytes ?? MAX_TOOL_FILE_BYTES, MAX_TOOL_FILE_BYTES);
      const target = paths.resolve(params.filePath, params.cwd, "read");
      const subject = subjectOf("read", target);
      const memory = memories.current();
      let seen = memory.seen(target.path);
      let stderr = "";
      if (seen === null || (seen.kind === "there" && seen.content === null)) {
        const looked = await look(subject, target, { keep: limit, ...WHOLE }, params.signal);
        seen = looked.seen;
        stderr = looked.answer.stderr;
        memory.saw(target.path, seen);
      }

      if (seen.kind === "missing") {
        memory.gave(target.path, seen);
        throw failure(subject, FILE_EXIT.missing, "");
      }
      const { stat, content, physical } = seen;
      if (stat.type !== "file")
        throw failure(subject, stat.type === "directory" ? FILE_EXIT.isDirectory : FILE_EXIT.special, "");
      if (stat.size > limit) throw tooLarge(subject, stat.size, limit);
      if (content === null) {
        const { isWell, rest } = takeSummary(stderr);
        throw isWell ? tooLarge(subject, null, limit) : failure(subject, FILE_EXIT.stat, rest);
      }
      if (content.length > limit) throw tooLarge(subject, content.length, limit);
      memory.gave(target.path, seen);
      return {
        data: content,
        canonicalPath: physical,
        ...(target.isInWorkspace ? { workspaceRelativePath: target.relativePath } : {}),
      };
    },

    async list(params) {
      const target = paths.resolve(params.filePath, params.cwd, "read");
      const subject = subjectOf("list", target);
      const args = [...wholePlaceArgs(target), ...paths.marks];
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
export function placeArgs(target: NodePath, makesBase = false): readonly string[] {
  return [target.base, target.isInWorkspace || makesBase ? "1" : "0", target.dir, target.name];
}

/** The same for a directory that is meant itself: DIR is the whole way. */
export function wholePlaceArgs(target: NodePath, makesBase = false): readonly string[] {
  return [target.base, target.isInWorkspace || makesBase ? "1" : "0", target.below, "."];
}

/** What the node said of a file. @throws for every exit code but that of a missing file. */
function readSeen(subject: Subject, answer: ScriptAnswer, blocks: number): SeenFile {
  const { exitCode, stdout, stderr } = answer;
  // Below a file nothing can be: for a stat that is as missing.
  if (
    exitCode === FILE_EXIT.missing ||
    (exitCode === FILE_EXIT.notDirectory && subject.operation === "stat")
  ) {
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
    facts,
    physical: physicalPath(directory, name),
    content: kind === "f" && endedWell(stderr, blocks) ? reply.rest : null,
  };
}

/** Of a directory and a name in it, as scripts tell them. */
export function physicalPath(directory: string, name: string): string {
  if (name === ".") return directory;
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}
