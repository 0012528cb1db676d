// What is kept of the delegations of this gateway: in memory as it is, on the disk before anything stands on it.
import { messageOf } from "../../../shared/errors.ts";
import { createTurns } from "../../../shared/inTurn.ts";
import type { RecordFolder } from "../journal/recordFolder.ts";
import type { Delegation } from "../model/delegation.ts";
import { advance, type OutgoingEvent } from "../model/outgoing.ts";

export interface BookOptions {
  readonly records: Pick<RecordFolder<Delegation>, "kept" | "put" | "remove">;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: { warn(facts: object, message: string): void };
  /** After each change. */
  readonly onChange: (after: Delegation, before: Delegation | null) => void;
  /** Runs it once after so many ms. */
  readonly after: (ms: number, run: () => void) => void;
}

export interface Book {
  get(id: string): Delegation | null;
  all(): readonly Delegation[];
  /** @throws what the disk says: then there is none of that id */
  add(delegation: Delegation): Promise<void>;
  /**
   * Events of one delegation follow each other. Null: there is none of that id.
   * @throws what the disk says, for `chosen` alone: then nothing has changed, and nothing may be sent
   */
  apply(id: string, event: OutgoingEvent): Promise<Delegation | null>;
  remove(id: string): Promise<void>;
}

/** What was not written is written again after so long. */
const AGAIN_MS = 30_000;

export function createBook({ records, now, log, onChange, after }: BookOptions): Book {
  const book = new Map(records.kept);
  const turns = createTurns();
  const unwritten = new Set<string>();

  /** What stands on the disk is older: after a crash the peer is asked, and says the same again. */
  const writeBehind = async (delegation: Delegation): Promise<void> => {
    const { id } = delegation;
    try {
      await records.put(id, delegation);
      unwritten.delete(id);
    } catch (error) {
      if (!unwritten.has(id)) log.warn({ id, reason: messageOf(error) }, "a delegation could not be kept");
      unwritten.add(id);
      after(AGAIN_MS, () => {
        void turns.run(id, async () => {
          const newest = book.get(id);
          if (newest !== undefined && unwritten.has(id)) await writeBehind(newest);
        });
      });
    }
  };

  return {
    get: (id) => book.get(id) ?? null,
    all: () => [...book.values()],
    add: (delegation) =>
      turns.run(delegation.id, async () => {
        await records.put(delegation.id, delegation);
        book.set(delegation.id, delegation);
        onChange(delegation, null);
      }),
    apply: (id, event) =>
      turns.run(id, async () => {
        const before = book.get(id);
        if (before === undefined) return null;
        const next = advance(before, event, now());
        if (next === before) return before;
        if (event.is === "chosen") await records.put(id, next);
        book.set(id, next);
        const written = event.is === "chosen" || isSameBut(before, next) ? null : writeBehind(next);
        onChange(next, before);
        // The others are learned again after a crash, so that nobody waits for the disk here.
        if (["cancel", "told", "written-off"].includes(event.is)) await written;
        return next;
      }),
    remove: (id) =>
      turns.run(id, async () => {
        await records.remove(id);
        book.delete(id);
      }),
  };
}

/** When a peer was heard is kept with the next thing that is worth a write. */
function isSameBut(before: Delegation, after: Delegation): boolean {
  const left = { ...before, heardAtMs: after.heardAtMs };
  return JSON.stringify(left) === JSON.stringify(after);
}
