// Reads at the start who wrote how much of the files that are there: a restart must not begin every share anew.
import { itemsOf, readJson } from "../../shared/jsonParts.ts";
import type { TextStore } from "../../shared/stateFile.ts";
import { ledgerFiles, type PlacedFile, readPlaced } from "./ledgerFiles.ts";
import type { LedgerFs } from "./ledgerFs.ts";
import { agentOfLine, type FileUsage, HEAD_BYTES } from "./usage.ts";

export interface FoundFiles {
  readonly current: FileUsage | null;
  /** The newest first. */
  readonly aside: readonly FileUsage[];
}

/**
 * A file that cannot be read belongs to nobody, and counts with its size. Rejects when the folder cannot be read.
 * @param notes of files that were put aside, and change no more: a gigabyte of them is not read at every start.
 */
export async function scanLedger(fs: LedgerFs, file: string, notes: TextStore): Promise<FoundFiles> {
  const files = await ledgerFiles(fs, file);
  const [newest] = files;
  const current = newest?.number === 0 ? usageOf(newest, await bytesByAgent(fs, file, newest)) : null;
  const noted = notesIn(await notes.read().catch(() => null));
  const kept = new Map<string, Note>();
  const aside: FileUsage[] = [];
  for (const one of files.filter(({ number }) => number > 0)) {
    const key = `${one.identity} ${one.size} ${one.changedMs}`;
    const byAgent = noted.get(key) ?? [...(await bytesByAgent(fs, file, one))];
    kept.set(key, byAgent);
    aside.push(usageOf(one, new Map(byAgent)));
  }
  if (kept.size > 0 && [...kept.keys()].some((key) => !noted.has(key))) {
    // It is only faster with them.
    await notes.write(JSON.stringify([...kept])).catch(() => {});
  }
  return { current, aside };
}

/** Bytes by agent. */
type Note = readonly (readonly [string, number])[];

function notesIn(text: string | null): ReadonlyMap<string, Note> {
  const notes = new Map<string, Note>();
  for (const entry of itemsOf(text === null ? null : readJson(text))) {
    const [key, byAgent] = itemsOf(entry);
    const shares = itemsOf(byAgent).flatMap((share) => {
      const [agent, bytes] = itemsOf(share);
      return typeof agent === "string" && typeof bytes === "number" ? [[agent, bytes] as const] : [];
    });
    if (typeof key === "string" && shares.length === itemsOf(byAgent).length) notes.set(key, shares);
  }
  return notes;
}

const LINE_FEED = 10;

function usageOf({ identity, changedMs }: PlacedFile, byAgent: ReadonlyMap<string, number>): FileUsage {
  return { identity, lastMs: changedMs, byAgent };
}

async function bytesByAgent(
  fs: LedgerFs,
  file: string,
  placed: PlacedFile,
): Promise<ReadonlyMap<string, number>> {
  const byAgent = new Map<string, number>();
  let head = "";
  let length = 0;
  const lineEnds = (): void => {
    if (length === 0) return;
    const agent = agentOfLine(head);
    byAgent.set(agent, (byAgent.get(agent) ?? 0) + length + 1);
    head = "";
    length = 0;
  };
  try {
    for await (const chunk of readPlaced(fs, file, placed)) {
      let from = 0;
      while (from < chunk.length) {
        const feed = chunk.indexOf(LINE_FEED, from);
        const end = feed === -1 ? chunk.length : feed;
        const wanted = Math.min(end, from + Math.max(0, HEAD_BYTES - head.length));
        head += chunk.toString("utf8", from, wanted);
        length += end - from;
        if (feed !== -1) lineEnds();
        from = end + 1;
      }
    }
    lineEnds();
  } catch {
    // What was counted until then is right; of the rest nobody is to be blamed.
  }
  return byAgent;
}
