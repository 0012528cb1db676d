// What is kept of each message of a peer, in memory as on the disk, and of which nobody can say whether it is on the disk.
import { quote } from "../../../shared/safeText.ts";
import type { RecordFolder } from "../journal/recordFolder.ts";
import { UUID } from "../model/ids.ts";
import { hasEnded, type Inbound, type InboundTask } from "../model/incoming.ts";
import { lostTask } from "./newTask.ts";

export interface KeptTasks {
  /** The oldest first, also those that are being accepted. */
  tasks(): readonly InboundTask[];
  task(id: string): InboundTask | null;
  /** Its record is on the disk, as far as it was accepted. */
  isAccepted(id: string): boolean;
  isUnreadable(id: string): boolean;
  /**
   * What came of this peer under this message id; null: nothing.
   * @throws nobody knows: the peer has another name since, and its message may be here under the old one
   */
  seen(id: string, peer: string, messageId: string): Inbound | null;
  /** Whether one more of this peer may be kept; fences come when there is no more room for tasks, too. */
  hasRoom(peer: string, times?: number): boolean;
  /** Ids of what ended, or was fenced, before that. @param beforeMs epoch ms */
  old(beforeMs: number): readonly string[];
  /** Takes what the disk held when it was opened. */
  load(): void;
  /** In memory alone. */
  show(record: Inbound): void;
  /** On the disk alone. */
  write(record: Inbound): Promise<void>;
  /** On the disk first, then here. */
  keep(record: Inbound): Promise<void>;
  remove(id: string): Promise<void>;
  /** Has room from now on, and is not on the disk yet. */
  reserve(task: InboundTask): void;
  /** The end of `reserve`. */
  decide(id: string, isAccepted: boolean): void;
  /** Nothing is on the disk of it any more. Rejects where that is not sure. */
  forget(id: string): Promise<void>;
  /** Forgets it where that failed before: nothing is said of it until then. */
  settle(id: string): Promise<void>;
  flush(): Promise<void>;
}

/** Of one peer: more than a week of busy days brings. What is kept goes by its age alone. */
export const MAX_KEPT_RECORDS = 20_000;
const MAX_KEPT_CHARACTERS = 128 * 1024 * 1024;

/** @param isPeer whether tasks are accepted of a peer of this name. @param now epoch ms */
export function createKeptTasks(
  records: RecordFolder<Inbound>,
  isPeer: (peer: string) => boolean,
  now: () => number,
): KeptTasks {
  const kept = new Map<string, Inbound>();
  const unreadable = new Set(records.unreadable);
  /** A record that could neither be written nor removed: it may be on the disk. */
  const doubtful = new Set<string>();
  /** Accepted ones whose record is not on the disk yet. */
  const unwritten = new Set<string>();

  const forget = async (id: string): Promise<void> => {
    doubtful.add(id);
    await records.remove(id);
    doubtful.delete(id);
  };

  return {
    tasks: () => [...kept.values()].filter((record) => record.is === "task"),
    task(id) {
      const record = kept.get(id);
      return record?.is === "task" ? record : null;
    },
    isAccepted: (id) => !unwritten.has(id),
    isUnreadable: (id) => unreadable.has(id),

    seen(id, peer, messageId) {
      const known = kept.get(id) ?? (unreadable.has(id) ? lostTask(id, peer, messageId, now()) : null);
      if (known !== null || !UUID.test(messageId)) return known;
      for (const { messageId: same, peer: of } of kept.values())
        if (same === messageId && of !== peer && !isPeer(of))
          throw new Error(`the message came before, of ${quote(of)}, which peers has no more`);
      return null;
    },

    hasRoom(peer, times = 1) {
      let count = 0;
      let characters = 0;
      for (const record of kept.values()) {
        if (record.peer !== peer) continue;
        count += 1;
        if (record.is === "task") characters += record.text.length + (record.result?.length ?? 0);
      }
      return count < times * MAX_KEPT_RECORDS && characters < times * MAX_KEPT_CHARACTERS;
    },

    old: (beforeMs) =>
      [...kept.values()]
        .filter((record) => (endOf(record) ?? Number.POSITIVE_INFINITY) < beforeMs)
        .map(({ id }) => id),

    load() {
      const found = [...records.kept].filter(([id, record]) => id === record.id).map(([, record]) => record);
      for (const record of found.sort((one, other) => beginOf(one) - beginOf(other)))
        kept.set(record.id, record);
    },

    show: (record) => void kept.set(record.id, record),
    write: (record) => records.put(record.id, record),
    async keep(record) {
      await records.put(record.id, record);
      kept.set(record.id, record);
    },
    async remove(id) {
      await records.remove(id);
      kept.delete(id);
    },

    reserve(task) {
      kept.set(task.id, task);
      unwritten.add(task.id);
    },
    decide(id, isAccepted) {
      unwritten.delete(id);
      if (!isAccepted) kept.delete(id);
    },
    forget,
    async settle(id) {
      if (doubtful.has(id)) await forget(id);
    },
    flush: () => records.flush(),
  };
}

/** How many of these run, and how many wait. */
export function loadOfTasks(tasks: readonly InboundTask[]) {
  const open = tasks.filter((task) => !hasEnded(task));
  const running = open.filter(({ phase }) => phase !== "accepted").length;
  return { running, queued: open.length - running };
}

/** Epoch ms. */
function beginOf(record: Inbound): number {
  return record.is === "task" ? record.acceptedAtMs : record.atMs;
}

/** Epoch ms; null: it has not ended. */
function endOf(record: Inbound): number | null {
  return record.is === "task" ? record.endedAtMs : record.atMs;
}
