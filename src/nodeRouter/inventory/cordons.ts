// From which nodes the operator keeps calls away: in memory, and in a file that gateways with one state folder share.
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { definePart } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";
import { safe } from "../../shared/safeText.ts";
import type { SharedStore } from "../../shared/stateFile.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { type CordonRecords, cordonFor, NO_CORDONS, parseCordons, serializeCordons } from "./cordonRecord.ts";

/** The same object until something changes. */
export interface CordonView {
  readonly records: CordonRecords;
  /** Why what was kept cannot be read; null: it was. Then every node is as if it were cordoned. */
  readonly problem: string | null;
}

export interface Cordons {
  /** Resolves when what is kept is known, and is no older than a second. Never rejects. */
  ready(): Promise<void>;
  /** Without those that have ended by now. */
  view(): CordonView;
  /**
   * Changes what is kept, and resolves when that is written.
   * @param change gives the new records; it gets those in force.
   * @param anew what cannot be read is given up: the change begins with no cordon.
   * @throws NodeRouterError CORDONS_UNREADABLE, STATE_NOT_WRITTEN; then nothing changed
   */
  update(change: (records: CordonRecords) => CordonRecords, anew?: boolean): Promise<void>;
  /** Keeps them in this store from now on, and takes in what it holds. A second store is ignored. */
  keepIn(store: SharedStore): void;
}

/** Another process's change is seen after so long. Milliseconds. */
const LOOK_MS = 1_000;

export const CORDONS = definePart("cordons", 1, (now) => createCordons(now));

/**
 * Empty, and in memory alone until `keepIn`.
 *
 * While the process lives, a cordon ends by a clock that nobody sets. A process that finds it in the file reckons by the
 * time of day: a clock that was set back cannot make it longer than it was meant to be.
 * @param now epoch ms.
 * @param monotonic milliseconds of a clock that is never set.
 */
export function createCordons(now: () => number, monotonic: () => number = () => performance.now()): Cordons {
  /** When each ends by the monotonic clock; kept for as long as the record is the same. */
  let ends = new Map<string, { readonly key: string; readonly at: number }>();
  let view: CordonView = { records: NO_CORDONS, problem: null };
  let store: SharedStore | null = null;
  let text: string | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;
  let updates = 0;

  const take = (records: CordonRecords): void => {
    ends = new Map(
      [...records.values()].flatMap((record) => {
        if (record.untilMs === null) return [];
        const key = JSON.stringify(record);
        const known = ends.get(record.node);
        if (known?.key === key) return [[record.node, known]];
        const whole = Math.max(0, record.untilMs - record.atMs);
        const left = Math.min(whole, Math.max(0, record.untilMs - now()));
        return [[record.node, { key, at: monotonic() + left }]];
      }),
    );
    view = { records, problem: null };
  };
  const read = async (from: SharedStore): Promise<CordonRecords | null> => {
    const before = updates;
    const found = await from.read();
    if (before !== updates) return view.records;
    // Somebody removed the file under us: what was said holds, and is written with the next change.
    if (found === null && text !== null && view.problem === null) return view.records;
    if (found === text && view.problem === null) return view.records;
    const records = parseCordons(found);
    text = found;
    if (records === null) {
      const fact = `${safe(from.file)} is not as node-router wrote it (cut, edited, or another version's)`;
      view = { records: NO_CORDONS, problem: fact };
    } else take(records);
    return records;
  };
  const look = async (from: SharedStore): Promise<void> => {
    lookedAt = monotonic();
    try {
      await read(from);
    } catch (error) {
      view = { records: NO_CORDONS, problem: `${safe(from.file)} cannot be read: ${safe(messageOf(error))}` };
    }
    looking = null;
  };
  const inForce = (): CordonView => {
    const at = monotonic();
    const over = [...ends].filter(([, end]) => end.at <= at).map(([node]) => node);
    if (over.length === 0) return view;
    for (const node of over) ends.delete(node);
    view = { ...view, records: new Map([...view.records].filter(([node]) => !over.includes(node))) };
    return view;
  };

  return {
    ready() {
      if (store !== null && looking === null && monotonic() - lookedAt >= LOOK_MS) looking = look(store);
      return looking ?? Promise.resolve();
    },
    view: inForce,
    async update(change, anew = false) {
      await looking;
      const to = store;
      const write = async () => {
        // Another process may have changed them since.
        if (to !== null && !anew) await read(to);
        const { records, problem } = inForce();
        if (problem !== null && !anew) throw unreadable(problem);
        const next = change(records);
        const written = serializeCordons(next);
        await to?.write(written);
        updates += 1;
        text = to === null ? null : written;
        take(next);
      };
      try {
        await (to === null ? write() : to.alone(write));
      } catch (cause) {
        if (cause instanceof NodeRouterError) throw cause;
        const fact = `cordons cannot be kept in ${safe(to?.file ?? "")}: ${safe(messageOf(cause))}`;
        const advice = "Make that file and its folder writable";
        throw new NodeRouterError(refusal("STATE_NOT_WRITTEN", fact, { advice }), { cause });
      }
    },
    keepIn(newStore) {
      if (store !== null) return;
      store = newStore;
      // SECURITY: until it is read nobody knows which nodes are cordoned.
      view = { records: NO_CORDONS, problem: `${safe(newStore.file)} is being read` };
      looking = look(newStore);
    },
  };
}

/** The snapshot with what the operator said of its nodes. Pure. */
export function withCordons(snapshot: NodeSnapshot, { records, problem }: CordonView): NodeSnapshot {
  if (problem === null && records.size === 0) return snapshot;
  const nodes = snapshot.nodes.map((node) => {
    const cordon: NodeState["cordon"] = problem === null ? cordonFor(records, node) : "unreadable";
    return cordon === null ? node : { ...node, cordon };
  });
  return { ...snapshot, nodes };
}

function unreadable(problem: string): NodeRouterError {
  return new NodeRouterError(refusal("CORDONS_UNREADABLE", problem));
}
