// The changing half of the bridge: write, create, mkdir, remove, rename, copy. One trip each.
import { ask, type ScriptAnswer } from "./askNode.ts";
import type { Base } from "./callMemory.ts";
import type { Changes } from "./changes.ts";
import { cksumInSlices } from "./cksum.ts";
import type { CopyParams, FileParams, RemoveParams, RenameParams, WriteParams } from "./fileBridge.ts";
import { changedMeanwhile, type FileOperation, failure, type Subject, tooLarge } from "./fileFailures.ts";
import { COPY_SCRIPT, MKDIR_SCRIPT, REMOVE_SCRIPT, RENAME_SCRIPT, WRITE_SCRIPT } from "./fileScripts.ts";
import { isBelow, type NodePath } from "./paths.ts";
import type { PendingDirectory } from "./pendingDirectory.ts";
import { MAX_TOOL_FILE_BYTES, physicalPath, placeArgs, type ReadDeps, wholePlaceArgs } from "./reads.ts";
import { takeFacts, takeFields } from "./reply.ts";
import { FILE_EXIT } from "./scriptParts.ts";

export interface WriteDeps extends ReadDeps {
  readonly changes: Changes;
  readonly pending: PendingDirectory;
  /** An unpredictable name, free in every directory. */
  readonly tempName: () => string;
}

export interface Writes {
  write(params: WriteParams): Promise<void>;
  create(params: WriteParams): Promise<"created" | "exists">;
  mkdir(params: FileParams): Promise<void>;
  remove(params: RemoveParams): Promise<void>;
  rename(params: RenameParams): Promise<void>;
  copy(params: CopyParams): Promise<void>;
}

/**
 * A write is a new file and one rename on the node, in one round trip; it looks there whether the old content is still
 * the one that the call was given. Errors: as `createFileBridge` has them.
 */
export function createWrites(deps: WriteDeps): Writes {
  const { node, root, run, paths, memories, changes, pending, tempName } = deps;

  const subjectOf = (operation: FileOperation, target: NodePath, to?: NodePath): Subject => ({
    operation,
    node,
    path: target.path,
    ...(to === undefined ? {} : { to: to.path }),
    root,
  });

  /** Sends the content. `exists`: it was to be created, and something has the name. */
  const store = async (
    subject: Subject,
    target: NodePath,
    params: WriteParams,
    data: Buffer,
  ): Promise<"stored" | "exists"> => {
    const makesParents = params.mkdir !== false;
    const isNew = subject.operation === "create";
    const memory = memories.current();
    const base = isNew ? null : memory.base(target.path);
    if (makesParents) pending.take((directory) => isBelow(directory, target.path));
    await pending.settle();
    const sum = await cksumInSlices(data);
    const args = [
      ...placeArgs(target, makesParents),
      ...[
        makesParents ? "1" : "0",
        `${data.length}`,
        `${sum}`,
        tempName(),
        isNew ? "new" : await expected(base),
      ],
      ...paths.marks,
    ];
    memory.forget(target.path);
    const answer = await ask(run, {
      subject,
      script: WRITE_SCRIPT,
      args,
      input: data,
      signal: params.signal,
    });
    if (isNew && answer.exitCode === FILE_EXIT.exists) return "exists";
    if (answer.exitCode !== 0) throw refusal(subject, target, base, answer);
    const [verified, facts = "", directory = "", name = ""] = takeFields(answer.stdout, 4)?.fields ?? [];
    const stat = takeFacts("f", facts);
    // A buffer of the caller's may change after this; text was turned into our own.
    const isSure = verified === "1" && stat?.size === data.length && typeof params.data === "string";
    const content = isSure ? data : null;
    const written = { physical: physicalPath(directory, name), facts, sum, content };
    memory.wrote(target.path, stat === null ? null : { ...written, stat });
    return "stored";
  };

  /** The error for a script that failed; one that found another file is kept for the rest of the call. */
  const refusal = (subject: Subject, target: NodePath, base: Base | null, answer: ScriptAnswer): Error => {
    if (answer.exitCode !== FILE_EXIT.changed) return failure(subject, answer.exitCode, answer.stderr);
    const [kind = "", size = ""] = takeFields(answer.stdout, 2)?.fields ?? [];
    const error = changedMeanwhile(subject, base, kind, size);
    memories.current().refused(target.path, error);
    return error;
  };

  const content = (subject: Subject, params: WriteParams): Buffer => {
    const { data, encoding = "utf8" } = params;
    const size = typeof data === "string" ? Buffer.byteLength(data, encoding) : data.length;
    if (size > MAX_TOOL_FILE_BYTES) throw tooLarge(subject, size, MAX_TOOL_FILE_BYTES);
    return typeof data === "string" ? Buffer.from(data, encoding) : data;
  };

  /** Sends a script that changes more than one file's content. */
  const send = async (
    subject: Subject,
    script: string,
    args: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ScriptAnswer> => {
    const answer = await ask(run, { subject, script, args: [...args, ...paths.marks], signal });
    if (![0, FILE_EXIT.missing, FILE_EXIT.changed].includes(answer.exitCode)) {
      throw failure(subject, answer.exitCode, answer.stderr);
    }
    return answer;
  };

  const makeDirectory = (
    subject: Subject,
    target: NodePath,
    signal: AbortSignal | undefined,
  ): Promise<void> =>
    changes({ operation: "mkdir", path: target.path, bytes: 0 }, async () => {
      const { exitCode } = await send(subject, MKDIR_SCRIPT, wholePlaceArgs(target, true), signal);
      if (exitCode !== 0) throw failure(subject, exitCode, "");
      return { value: undefined };
    });

  return {
    async write(params) {
      const target = paths.resolve(params.filePath, params.cwd, "write");
      const subject = subjectOf("write", target);
      const data = content(subject, params);
      await changes({ operation: "write", path: target.path, bytes: data.length }, async () => {
        await store(subject, target, params, data);
        return { value: undefined };
      });
    },

    async create(params) {
      const target = paths.resolve(params.filePath, params.cwd, "write");
      const subject = subjectOf("create", target);
      const data = content(subject, params);
      return await changes<"created" | "exists">(
        { operation: "create", path: target.path, bytes: data.length },
        async () => {
          const stored = await store(subject, target, params, data);
          return stored === "stored"
            ? { value: "created" }
            : { value: "exists", refused: failure(subject, FILE_EXIT.exists, "").message };
        },
      );
    },

    async mkdir(params) {
      const target = paths.resolve(params.filePath, params.cwd, "write");
      const subject = subjectOf("mkdir", target);
      const known = memories.current().directory(target.path);
      if (known === "there") return;
      const make = (): Promise<void> => makeDirectory(subject, target, params.signal);
      if (known === "makeable") {
        pending.leave(target.path, make);
        return;
      }
      await pending.settle();
      await make();
    },

    async remove(params) {
      const target = paths.resolve(params.filePath, params.cwd, "tree");
      const subject = subjectOf("remove", target);
      await pending.settle();
      await changes({ operation: "remove", path: target.path, bytes: 0 }, async () => {
        const memory = memories.current();
        const base = memory.base(target.path);
        const find = base?.kind === "content" ? base : null;
        const args = [...placeArgs(target), params.recursive === true ? "1" : "0", await expected(find)];
        memory.forget(target.path);
        const answer = await send(subject, REMOVE_SCRIPT, args, params.signal);
        if (answer.exitCode === FILE_EXIT.changed) throw refusal(subject, target, base, answer);
        memory.clear();
        if (answer.exitCode !== 0 && params.force === false) throw failure(subject, answer.exitCode, "");
        return { value: undefined };
      });
    },

    async rename(params) {
      const from = paths.resolve(params.from, params.cwd, "tree");
      const to = paths.resolve(params.to, params.cwd, "tree");
      const subject = subjectOf("rename", from, to);
      await pending.settle();
      await changes({ operation: "rename", path: from.path, to: to.path, bytes: 0 }, async () => {
        const args = [...placeArgs(from), ...placeArgs(to, true)];
        memories.current().clear();
        const { exitCode } = await send(subject, RENAME_SCRIPT, args, params.signal);
        if (exitCode !== 0) throw failure(subject, exitCode, "");
        return { value: undefined };
      });
    },

    async copy(params) {
      const from = paths.resolve(params.sourcePath, params.cwd, "read");
      const to = paths.resolve(params.destinationPath, params.cwd, "write");
      const subject = subjectOf("copy", from, to);
      const makesParents = params.mkdir !== false;
      await pending.settle();
      await changes({ operation: "copy", path: from.path, to: to.path, bytes: 0 }, async () => {
        const args = [
          ...placeArgs(from),
          ...placeArgs(to, makesParents),
          makesParents ? "1" : "0",
          tempName(),
        ];
        memories.current().clear();
        const { exitCode, stdout } = await send(subject, COPY_SCRIPT, args, params.signal);
        if (exitCode !== 0) throw failure(subject, exitCode, "");
        const stat = takeFacts("f", takeFields(stdout, 2)?.fields[1] ?? "");
        return { value: undefined, bytes: stat?.size ?? 0 };
      });
    },
  };
}

/** EXPECT of a script: what the file must still be. */
async function expected(base: Base | null): Promise<string> {
  if (base === null) return "any";
  return base.kind === "missing" ? "missing" : `${await base.sum()} ${base.size} ${base.facts}`;
}
