// Brings folders of the gateway to a node before they are needed there: by hash, only what changed.
import { posix } from "node:path";
import { wholeLines } from "../../transports/ssh/session/lines.ts";
import type { CollectLimits } from "../../transports/transport.ts";
import { loadFile } from "./content.ts";
import { type LocalFile, markOf, readLocalFolder } from "./localFiles.ts";
import { type Manifest, manifestName, ownerId, readManifest, writeManifest } from "./manifest.ts";
import { isHung, type MirrorSubject, mirrorFailure, strangeAnswer, unreadable } from "./mirrorFailures.ts";
import type { FolderMemory } from "./mirrorMemory.ts";
import type { Mirror, MirrorOptions } from "./mirrorOptions.ts";
import { filesByLists, type MirrorPlan, PRESENT, planAdd, planMirror } from "./mirrorPlan.ts";
import { ASK, END, PUT } from "./mirrorScripts.ts";
import type { MirrorSource, SkippedFile } from "./mirrorSource.ts";
import { type TarEntry, tar } from "./tar.ts";

/**
 * After this long the node is asked again whether a mirrored folder is as it was left: somebody may have removed
 * or changed it. One round trip; what was only added once is not asked for.
 */
export const ASK_AGAIN_MS = 10 * 60_000;

/** One command carries at most this, so that neither side holds much more at a time. A larger file goes alone. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const MAX_BATCH_FILES = 500;

/** What a node answers: an agent can leave lists of its own there, so more than that is no crime. */
const ANSWER: CollectLimits = { maxStdout: 4 * 1024 * 1024, onExcess: "end" };
const MAX_LISTS = 1_000;
/** A position among the paths that were asked for. */
const POSITION = /^\d{1,7}$/;

/** A place on the node: where the programs start, and the folder from there. */
interface Place {
  readonly base: string;
  readonly below: string;
  readonly directory: string;
}

/** For one run. `ensure` sends only what the node does not have by now. */
export function createMirror(options: MirrorOptions): Mirror {
  const { node, run, memory, now } = options;
  const owner = ownerId(options.owner);
  let skipped: readonly SkippedFile[] = [];
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  return {
    ensure() {
      // A run that is under way may have looked already where something is new since.
      if (running === null) return begin();
      next ??= running
        .catch(() => {})
        .then(() => {
          next = null;
          return begin();
        });
      return next;
    },
    forget: () => memory.forget(node),
    skipped: () => skipped,
  };

  function begin(): Promise<void> {
    const started = bringAll().finally(() => {
      if (running === started) running = null;
    });
    running = started;
    return started;
  }

  async function bringAll(): Promise<void> {
    const sources = options.sources();
    const left: SkippedFile[] = [];
    const results = await Promise.allSettled(
      sources.map(async (source) => {
        const place = placeOf(source, options.root);
        const folder = memory.folder(node, place.directory);
        await alone(folder, () => bring(source, place, folder, left));
      }),
    );
    skipped = left;
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  }

  async function bring(
    source: MirrorSource,
    place: Place,
    folder: FolderMemory,
    left: SkippedFile[],
  ): Promise<void> {
    const subject: MirrorSubject = { what: source.what, node, directory: place.directory };
    const isStale =
      source.mode === "mirror" ? now() - folder.askedMs >= ASK_AGAIN_MS : !folder.asked.has(source.localDir);
    const isKnown = folder.files !== null && !isStale;
    const key = JSON.stringify([owner, source.localDir]);
    const mark = await markOf(source).catch(() => null);
    const settled = folder.settled.get(key);
    if (isKnown && mark !== null && settled?.mark === mark) {
      left.push(...settled.skipped);
      return;
    }
    const local = await readLocalFolder(source).catch((error: unknown) => {
      throw unreadable(subject, error);
    });
    left.push(...local.skipped);
    if (local.files.length === 0 && source.mode === "add") return;
    if (!isKnown) await ask(source, place, folder, subject, local.files);
    try {
      const wanted = await contentOf(source, local.files);
      // What changes while it is looked at is not gone: it is looked at anew the next time.
      const isComplete = local.isComplete && wanted.size === local.files.length;
      const plan =
        source.mode === "add"
          ? planAdd(wanted.keys(), folder)
          : planMirror(wanted, folder, owner, isComplete);
      const isWhole = await carryOut(plan, source, place, folder, subject, local.files);
      if (mark !== null && isComplete && isWhole) folder.settled.set(key, { mark, skipped: local.skipped });
    } catch (error) {
      throw unreadable(subject, error);
    }
  }

  /** Fills the memory of the folder. */
  async function ask(
    source: MirrorSource,
    place: Place,
    folder: FolderMemory,
    subject: MirrorSubject,
    files: readonly LocalFile[],
  ): Promise<void> {
    const paths = files.map((file) => file.path);
    const lines = await answer(subject, place, folder, ASK, [source.mode, place.below, ...paths]);
    const positions = lines.filter((line) => POSITION.test(line)).map(Number);
    const suspect = new Set(positions.flatMap((position) => paths[position] ?? []));
    const manifests = lines.flatMap((line) => (line.startsWith("{") ? (readManifest(line) ?? []) : []));
    if (folder.files === null) folder.asked.clear();
    folder.asked.add(source.localDir);
    folder.askedMs = now();
    folder.lists = new Map(manifests.map((manifest) => [manifest.owner, manifest.files]));
    folder.files =
      source.mode === "mirror"
        ? filesByLists(manifests, suspect)
        : new Map([
            ...(folder.files ?? []),
            ...paths.filter((path) => !suspect.has(path)).map((path) => [path, PRESENT] as const),
          ]);
  }

  async function contentOf(
    source: MirrorSource,
    files: readonly LocalFile[],
  ): Promise<ReadonlyMap<string, string>> {
    const wanted = new Map<string, string>();
    for (const file of files) {
      const content = source.mode === "add" ? PRESENT : await memory.contents.of(file);
      if (content !== null) wanted.set(file.path, content);
    }
    return wanted;
  }

  /** @returns whether every file was as it was when it was looked at. */
  async function carryOut(
    plan: MirrorPlan,
    source: MirrorSource,
    place: Place,
    folder: FolderMemory,
    subject: MirrorSubject,
    files: readonly LocalFile[],
  ): Promise<boolean> {
    let isWhole = true;
    const batches = batchesOf(files.filter((file) => plan.send.has(file.path)));
    if (batches.length === 0 && plan.list !== null) batches.push([]);
    for (const [position, batch] of batches.entries()) {
      const loaded = await Promise.all(batch.map(loadFile));
      for (const [index, { path }] of batch.entries()) {
        // It may have changed or gone since it was looked at: what is sent is what counts.
        const file = loaded[index] ?? null;
        if (file === null) isWhole = false;
        if (file === null) plan.list?.delete(path);
        else plan.list?.set(path, file.content);
      }
      const sent = loaded.filter((file) => file !== null);
      // Last: what the list names is there, and nothing in the folder is newer than it.
      const list = position === batches.length - 1 ? plan.list : null;
      const remove = list === null ? [] : plan.remove;
      const entries: TarEntry[] = sent.map((file, index) => ({ ...file, name: String(index) }));
      if (list !== null) entries.push(listEntry({ owner, files: list }));
      entries.push(END_ENTRY);
      const args = [
        source.mode,
        place.below,
        list === null ? "" : manifestName(owner),
        String(remove.length),
        ...remove,
        ...sent.map((file) => file.path),
      ];
      // Of other owners too: what they brought may be replaced.
      folder.settled.clear();
      await answer(subject, place, folder, PUT, args, tar(entries));
      for (const path of remove) folder.files?.delete(path);
      for (const { path, content } of sent) {
        folder.files?.set(path, source.mode === "add" ? PRESENT : content);
      }
      if (list !== null) folder.lists.set(owner, list);
    }
    return isWhole;
  }

  /** The lines that a program printed. @throws NodeRouterError when it did not end well. */
  async function answer(
    subject: MirrorSubject,
    { base }: Place,
    folder: FolderMemory,
    script: string,
    args: readonly string[],
    input: Buffer = Buffer.alloc(0),
  ): Promise<readonly string[]> {
    const collected = await run({ script, args, cwd: base, makeCwd: true, input }, ANSWER);
    const failure = mirrorFailure(subject, collected);
    // At most a line for each path, and the lists of a few owners.
    const lines = failure === null ? wholeLines(collected.stdout, args.length + MAX_LISTS) : null;
    if (lines?.at(-1) === END) return lines.slice(0, -1);
    // What is there now nobody knows, unless nothing was begun.
    if (collected.outcome.kind !== "notStarted") folder.files = null;
    throw failure ?? strangeAnswer(subject);
  }
}

/**
 * After whatever was begun for the folder before. Whoever waited behind a node that hung has had its answer: each of
 * them would only find out the same for itself, after as long again.
 */
async function alone(folder: FolderMemory, task: () => Promise<void>): Promise<void> {
  const waits = folder.turns > 0;
  folder.turns += 1;
  const turn = folder.busy.then((hung) => {
    if (waits && hung !== null) throw hung;
    return task();
  });
  folder.busy = turn
    .then(
      () => null,
      (error: unknown) => (isHung(error) ? error : null),
    )
    .finally(() => {
      folder.turns -= 1;
    });
  return turn;
}

function placeOf({ remoteDir }: MirrorSource, root: string): Place {
  const directory = posix.resolve(root, remoteDir);
  const below = posix.relative(root, directory);
  return below === ".." || below.startsWith("../")
    ? { base: directory, below: "", directory }
    : { base: root, below, directory };
}

function batchesOf(files: readonly LocalFile[]): LocalFile[][] {
  const batches: LocalFile[][] = [];
  let bytes = 0;
  for (const file of files) {
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= MAX_BATCH_FILES || bytes + file.size > MAX_BATCH_BYTES) {
      batches.push([file]);
      bytes = 0;
    } else batch.push(file);
    bytes += file.size;
  }
  return batches;
}

const END_ENTRY: TarEntry = { name: "e", isProgram: false, data: Buffer.alloc(0) };

function listEntry(manifest: Manifest): TarEntry {
  return { name: "m", isProgram: false, data: Buffer.from(writeManifest(manifest)) };
}
