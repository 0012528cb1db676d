// Which commands run on paired nodes, in a file, so that the next life of the gateway asks what became of them.
import { isRecord } from "../../../../shared/isRecord.ts";
import { itemsOf, readJson } from "../../../../shared/jsonParts.ts";
import type { TextStore } from "../../../../shared/stateFile.ts";

/** One command that may be running. */
export interface JournalEntry {
  readonly key: string;
  readonly nodeId: string;
  /** The node's name then, for people. */
  readonly node: string;
  readonly boot: string;
  /** What the audit says of it. */
  readonly auditRecord: string;
}

export interface CommandJournal {
  /** Resolves when it is in the file, or cannot be: a full disk stops no command. Never rejects. */
  begin(entry: JournalEntry): Promise<void>;
  /** It ended; written behind the call. */
  end(key: string): void;
  /** What an earlier life of the gateway left; asked once, before the first command. Empty where it cannot be read. */
  left(): Promise<readonly JournalEntry[]>;
  /** Resolves when everything is in the file, or cannot be now. */
  flush(): Promise<void>;
}

/** @param onFault told once while writing fails. */
export function createCommandJournal(store: TextStore, onFault: (error: unknown) => void): CommandJournal {
  const open = new Map<string, JournalEntry>();
  let isFailing = false;
  /** What is under way, and what takes everything that came since. */
  let writing: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  const write = async (): Promise<void> => {
    try {
      await store.write(JSON.stringify({ v: 1, commands: [...open.values()] }));
      isFailing = false;
    } catch (error) {
      if (!isFailing) onFault(error);
      isFailing = true;
    }
  };
  // Many commands that begin at once share one write: a file with fsync costs 2 to 4 ms.
  const save = (): Promise<void> => {
    next ??= Promise.resolve(writing).then(() => {
      next = null;
      writing = write().finally(() => {
        writing = null;
      });
      return writing;
    });
    return next;
  };
  let leftover: Promise<readonly JournalEntry[]> | null = null;
  const left = (): Promise<readonly JournalEntry[]> => {
    leftover ??= store.read().then(
      (text) => {
        const found = entriesOf(text);
        for (const entry of found) open.set(entry.key, entry);
        return found;
      },
      () => [],
    );
    return leftover;
  };

  return {
    async begin(entry) {
      // Else its own write would drop them.
      await left();
      open.set(entry.key, entry);
      await save();
    },
    end(key) {
      if (open.delete(key)) void save();
    },
    left,
    flush: () => next ?? writing ?? Promise.resolve(),
  };
}

function entriesOf(text: string | null): readonly JournalEntry[] {
  const read = text === null ? null : readJson(text);
  if (!isRecord(read) || read.v !== 1) return [];
  return itemsOf(read.commands).flatMap((value) => {
    if (!isRecord(value)) return [];
    const { key, nodeId, node, boot, auditRecord } = value;
    if (typeof key !== "string" || typeof nodeId !== "string" || typeof node !== "string") return [];
    if (typeof boot !== "string" || typeof auditRecord !== "string") return [];
    return [{ key, nodeId, node, boot, auditRecord }];
  });
}
