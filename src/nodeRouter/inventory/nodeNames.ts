// Which paired id each configured name stands for: remembered from the first sight on, in memory and in a file, so that
// no other machine takes the name over by calling itself the same.

import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import { MAX_NODES } from "../../config/schema/limits.ts";
import type { HostNode } from "../../presence/sources/gateway/hostNode.ts";
import { BoundedMap } from "../../shared/bounded.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { readJson } from "../../shared/jsonParts.ts";
import { definePart } from "../../shared/processMemory.ts";
import { createSharedEntries } from "../../shared/sharedEntries.ts";
import type { SharedStore } from "../../shared/stateFile.ts";
import {
  approvalOf,
  displayNameKey,
  entriesByKnownId,
  type KnownName,
  type KnownNames,
  namedById,
  pairedAs,
} from "./nodeIdentity.ts";

export type { KnownName, KnownNames } from "./nodeIdentity.ts";

/**
 * Only names of the config are remembered. The oldest sight goes first, so there is room for several whole configs:
 * SECURITY: a name that went would be given to whoever has it next.
 */
const MAX_NAMES = 8 * MAX_NODES;

export interface NodeNames {
  /** Resolves when what was stored is known; at once without a store. Never rejects. */
  ready(): Promise<void>;
  /** The same object until something changes. */
  known(): KnownNames;
  /**
   * Remembers each name that only one approved node has; the same lists again cost nothing.
   * @param who the same object as long as no answer to "who is who" can have changed.
   */
  see(configured: ReadonlyMap<string, ConfiguredNode>, paired: readonly HostNode[], who?: object): void;
  /**
   * The operator's word: the name stands for this id. Resolves when that is kept.
   * @returns the id that it stood for until now; null: none was known.
   */
  trust(name: string, id: string): Promise<string | null>;
  /**
   * Keeps the names in this store from now on, and takes in what it holds, and what other gateways put there, whenever it
   * is written. A second store is ignored.
   * @param onError a read or write failed.
   */
  keepIn(store: SharedStore, onError: (error: unknown) => void): void;
  /** Resolves when all of it is in the store, or could not be written. */
  flush(): Promise<void>;
}

/** Which paired node each configured name stands for. */
export const NODE_NAMES = definePart("node-names", 1, createNodeNames);

/** Empty, and complete: whoever is seen first has the name. `keepIn` brings what an earlier process knew. */
export function createNodeNames(): NodeNames {
  const names = new BoundedMap<string, KnownName>(MAX_NAMES);
  let complete = true;
  let loading = false;
  let snapshot: KnownNames | null = null;
  let store: SharedStore | null = null;
  let report: (error: unknown) => void = () => {};
  let loaded: Promise<void> = Promise.resolve();
  let writing: Promise<void> = Promise.resolve();
  let seen: { readonly configured: unknown; readonly who: unknown } | null = null;

  const changed = (): void => {
    snapshot = null;
    seen = null;
  };
  /** SECURITY: whoever was remembered first has the name, also where two gateways saw it at one time. */
  const takeIn = ({ names: found }: KnownNames): void => {
    for (const [key, known] of found) if (!kept.isSaid(key)) names.set(key, known);
    changed();
  };
  const kept = createSharedEntries(
    (text) => takeIn(parseNames(text)),
    () => serializeNames({ names: new Map(names.entries()), complete }),
  );
  const write = (): Promise<void> => {
    const written = writing.then(() => (store === null ? undefined : kept.write(store)));
    writing = written.catch(report);
    return written;
  };

  return {
    ready: () => loaded,
    known() {
      snapshot ??= { names: new Map(names.entries()), complete: complete && !loading };
      return snapshot;
    },
    see(configured, paired, who = paired) {
      if (loading || (seen?.configured === configured && seen.who === who)) return;
      const found = firstSights(configured, paired, { names, complete });
      for (const [key, id] of found) names.set(key, { id, trusted: false });
      if (found.length > 0) {
        changed();
        // A failure was reported; the names hold until the gateway ends.
        void write().catch(() => {});
      }
      seen = { configured, who };
    },
    async trust(name, id) {
      await loaded;
      const key = displayNameKey(name);
      const before = names.get(key) ?? null;
      names.set(key, { id, trusted: true });
      kept.said(key);
      changed();
      try {
        await write();
      } catch (error) {
        if (before === null) names.delete(key);
        else names.set(key, before);
        kept.unsaid(key);
        changed();
        throw error;
      }
      return before?.id ?? null;
    },
    keepIn(newStore, onError) {
      if (store !== null) return;
      store = newStore;
      report = onError;
      loading = true;
      changed();
      loaded = newStore
        .read()
        .then(parseNames)
        .catch((error): KnownNames => {
          onError(error);
          return { names: new Map(), complete: false };
        })
        .then((found) => {
          complete = found.complete;
          loading = false;
          takeIn(found);
        });
    },
    flush: () => writing,
  };
}

/** Names that nobody has had yet, and that only one approved node has. */
function firstSights(
  configured: ReadonlyMap<string, ConfiguredNode>,
  paired: readonly HostNode[],
  { names, complete }: KnownNames,
): readonly (readonly [key: string, id: string])[] {
  if (!complete) return [];
  const byId = namedById(configured);
  const owners = entriesByKnownId(configured, { names });
  return [...configured.values()].flatMap(({ node }) => {
    if (node === null || names.has(displayNameKey(node))) return [];
    const [one, ...others] = pairedAs(node, paired).filter(
      ({ nodeId, approval }) => !byId.has(nodeId) && approvalOf(approval) === "approved",
    );
    return one === undefined || others.length > 0 || one.nodeId === node || owners.has(one.nodeId)
      ? []
      : [[displayNameKey(node), one.nodeId] as const];
  });
}

/** One JSON object: `version`, `complete`, and `names` by key. `parseNames` reads it. */
export function serializeNames({ names, complete }: KnownNames): string {
  return JSON.stringify({ version: 1, complete, names: Object.fromEntries(names) });
}

/** What is not whole as we wrote it is not complete: a name that is missing may be one that was lost. Never throws. */
export function parseNames(text: string | null): KnownNames {
  if (text === null) return { names: new Map(), complete: true };
  const names = new Map<string, KnownName>();
  const parsed = readJson(text);
  if (!isRecord(parsed) || parsed.version !== 1 || !isRecord(parsed.names)) return { names, complete: false };
  let complete = parsed.complete === true;
  for (const [key, entry] of Object.entries(parsed.names)) {
    const { id, trusted } = isRecord(entry) ? entry : {};
    if (typeof id === "string" && id !== "" && typeof trusted === "boolean") names.set(key, { id, trusted });
    else complete = false;
  }
  return { names, complete };
}
