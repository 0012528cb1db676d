// Several small files of one workspace in one trip, each with its content or the error of its own.
import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import type { CollectCommand } from "../../transports/transport.ts";
import { ask } from "./askNode.ts";
import type { FileSource } from "./fileBridge.ts";
import { failure, type Subject, strangeReply, tooLarge } from "./fileFailures.ts";
import { nameOf } from "./fileNames.ts";
import { READ_MANY_SCRIPT } from "./fileScripts.ts";
import { isBelow, type PathResolver } from "./paths.ts";
import { physicalPath } from "./reads.ts";
import { takeFields } from "./reply.ts";
import { FILE_EXIT } from "./scriptParts.ts";

/** What `dd` takes at once. */
const BLOCK = 4096;

/** Directory and name in front of a content, and what stands between two. */
const FRAME_BYTES = 64 * 1024;

export interface ReadManyDeps {
  readonly node: string;
  readonly root: string;
  readonly run: CollectCommand;
  readonly paths: PathResolver;
}

export type ReadOutcome =
  | { readonly ok: true; readonly source: FileSource }
  | { readonly ok: false; readonly error: Error };

/**
 * @param files relative to the workspace, or any path that the resolver knows to be in it
 * @param maxBytes of each; a larger one is refused
 * @returns one outcome a file, in their order; errors are those of `createFileBridge`
 * @throws NodeRouterError when nothing was read, and for a path that may not be
 */
export async function readMany(
  { node, root, run, paths }: ReadManyDeps,
  files: readonly string[],
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<readonly ReadOutcome[]> {
  const targets = files.map((file) => paths.resolve(file, undefined, "read"));
  const subjects = targets.map(({ path, isInWorkspace, below }): Subject => {
    const subject: Subject = { operation: "read", node, path, root };
    // A newline would be two names, and outside of the workspace there is one base for each.
    if (!isInWorkspace || below === "" || below.includes("\n")) throw failure(subject, FILE_EXIT.outside, "");
    return subject;
  });
  const [first] = subjects;
  if (first === undefined) return [];
  const blocks = Math.floor(maxBytes / BLOCK) + 1;
  const mark = randomBytes(16).toString("hex");
  // What keeps all of them from being read is told of the folder.
  const all = subjects.length === 1 ? first : { ...first, path: root };
  const answer = await ask(run, {
    subject: all,
    script: READ_MANY_SCRIPT,
    args: [
      ...[root, `${maxBytes}`, `${BLOCK}`, `${blocks}`, mark],
      targets.map(({ below }) => `${below}\n`).join(""),
      ...paths.marks,
    ],
    signal,
    reply: { maxStdout: files.length * (blocks * BLOCK + FRAME_BYTES) + FRAME_BYTES, onExcess: "fail" },
  });
  if (answer.exitCode !== 0) throw failure(all, answer.exitCode, answer.stderr);
  const [base, ...frames] = framesOf(answer.stdout, mark);
  if (base === undefined || frames.length !== files.length) throw strangeReply(all);
  const physicalRoot = base.status === 0 ? nameOf(base.body) : null;
  return frames.map(({ body, status }, at): ReadOutcome => {
    const subject = subjects[at] ?? first;
    if (status === FILE_EXIT.large) return { ok: false, error: tooLarge(subject, null, maxBytes) };
    if (status !== 0) return { ok: false, error: failure(subject, status, answer.stderr) };
    const reply = takeFields(body, 2);
    if (reply === null || physicalRoot === null) return { ok: false, error: strangeReply(subject) };
    if (reply.rest.length > maxBytes) return { ok: false, error: tooLarge(subject, null, maxBytes) };
    const [directory = "", name = ""] = reply.fields;
    const canonicalPath = physicalPath(directory, name);
    const isInside = isBelow(physicalRoot, canonicalPath);
    return {
      ok: true,
      source: {
        data: reply.rest,
        canonicalPath,
        ...(isInside ? { workspaceRelativePath: posix.relative(physicalRoot, canonicalPath) } : {}),
      },
    };
  });
}

interface Frame {
  readonly body: Buffer;
  /** Exit code of its look. */
  readonly status: number;
}

/** What is behind the last mark is nobody's. */
function framesOf(reply: Buffer, mark: string): readonly Frame[] {
  const border = Buffer.from(`\0${mark} `);
  const frames: Frame[] = [];
  let start = 0;
  for (let at = reply.indexOf(border); at !== -1; at = reply.indexOf(border, start)) {
    const end = reply.indexOf(0, at + border.length);
    const status = reply.toString("latin1", at + border.length, end);
    if (end === -1 || !/^\d{1,3}$/.test(status)) return [];
    frames.push({ body: reply.subarray(start, at), status: Number(status) });
    start = end + 1;
  }
  return frames;
}
