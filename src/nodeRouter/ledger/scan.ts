// Reads at the start who wrote how much of the files that are there: a restart must not begin every share anew.
import { dirname } from "node:path";
import type { LedgerFs } from "./ledgerFs.ts";
import { agentOfLine, type FileUsage, HEAD_BYTES } from "./usage.ts";

export interface FoundFiles {
  readonly current: FileUsage | null;
  /** The newest first. */
  readonly aside: readonly FileUsage[];
}

/** A file that cannot be read belongs to nobody, and counts with its size. Rejects when the folder cannot be read. */
export async function scanLedger(fs: LedgerFs, file: string): Promise<FoundFiles> {
  const numbers = await fs.numbered(dirname(file), file);
  const current = await usageOf(fs, file);
  const aside: FileUsage[] = [];
  for (const number of numbers) {
    const usage = await usageOf(fs, `${file}.${number}`);
    if (usage !== null) aside.push(usage);
  }
  return { current, aside };
}

const LINE_FEED = 10;

async function usageOf(fs: LedgerFs, file: string): Promise<FileUsage | null> {
  const present = await fs.look(file);
  if (present === null) return null;
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
    for await (const chunk of fs.read(file)) {
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
  return { bytes: present.size, lastMs: present.changedMs, byAgent };
}
