// Keeps the nodes' histories in `<state folder>/node-router/presence.json`, so that a restart forgets nothing.

import { messageOf } from "../shared/errors.ts";
import { isRecord } from "../shared/isRecord.ts";
import type { Logger } from "../shared/logger.ts";
import type { TextStore } from "../shared/stateFile.ts";
import { PRESENCE_STATES } from "./freshness.ts";
import { MAX_TRANSITIONS, type NodeRecord } from "./history.ts";
import type { Transition } from "./presence.ts";
import type { PresenceState } from "./record.ts";
import { readSeen } from "./restore.ts";

/** Of those that are no longer in the inventory the longest unseen go first. */
const MAX_NODES = 2_000;

/** What was stored; empty when there is nothing, or nothing that can be read. Never rejects. */
export async function loadRecords(store: TextStore, log: Logger): Promise<ReadonlyMap<string, NodeRecord>> {
  try {
    return parseRecords(await store.read());
  } catch (error) {
    log.warn({ reason: messageOf(error) }, "presence: the history could not be read, and begins anew");
    return new Map();
  }
}

export interface RecordSaver {
  /** Writes soon; calls in the meantime write once. */
  save(): void;
  /** Writes what is not written yet. Never rejects. */
  flush(): Promise<void>;
}

const SOON_MS = 2_000;

/** @param records as they are at the time of writing. */
export function createSaver(
  store: TextStore,
  records: () => ReadonlyMap<string, NodeRecord>,
  log: Logger,
): RecordSaver {
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  const write = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    writing = writing.then(async () => {
      try {
        await store.write(serializeRecords(records()));
      } catch (error) {
        log.warn({ reason: messageOf(error) }, "presence: the history could not be written");
      }
    });
    return writing;
  };
  return {
    save() {
      timer ??= setTimeout(() => void write(), SOON_MS).unref();
    },
    flush: () => (timer === null ? writing : write()),
  };
}

/** As `parseRecords` reads it. Of too many nodes those go that were not seen for the longest time. */
export function serializeRecords(records: ReadonlyMap<string, NodeRecord>): string {
  const kept = [...records].sort(([, a], [, b]) => b.countedMs - a.countedMs).slice(0, MAX_NODES);
  return JSON.stringify({ version: 1, nodes: kept.map(([node, record]) => ({ node, ...record })) });
}

/** Entries that are not what we wrote are left out. @throws SyntaxError no JSON */
export function parseRecords(text: string | null): ReadonlyMap<string, NodeRecord> {
  const parsed: unknown = text === null ? null : JSON.parse(text);
  const records = new Map<string, NodeRecord>();
  if (!isRecord(parsed) || parsed.version !== 1 || !Array.isArray(parsed.nodes)) return records;
  for (const entry of parsed.nodes) {
    if (!isRecord(entry) || typeof entry.node !== "string") continue;
    const record = readRecord(entry, entry.node);
    if (record !== null) records.set(entry.node, record);
  }
  return records;
}

function readRecord(entry: Readonly<Record<string, unknown>>, node: string): NodeRecord | null {
  const { state, reason, sinceMs, firstMs, countedMs, onlineMs, watchedMs, transitions } = entry;
  if (!isState(state) || typeof reason !== "string" || !Array.isArray(transitions)) return null;
  if (!isAmount(sinceMs) || !isAmount(firstMs) || !isAmount(countedMs)) return null;
  if (!isAmount(onlineMs) || !isAmount(watchedMs)) return null;
  return {
    state,
    reason,
    sinceMs,
    firstMs,
    countedMs,
    onlineMs: Math.min(onlineMs, watchedMs),
    watchedMs,
    transitions: transitions.flatMap((item) => readTransition(item, node) ?? []).slice(0, MAX_TRANSITIONS),
    seen: readSeen(entry.seen),
  };
}

function readTransition(item: unknown, node: string): Transition | null {
  if (!isRecord(item)) return null;
  const { from, to, atMs, reason } = item;
  if (!(from === null || isState(from)) || !isState(to) || !isAmount(atMs) || typeof reason !== "string")
    return null;
  return { node, from, to, atMs, reason };
}

function isState(value: unknown): value is PresenceState {
  return PRESENCE_STATES.some((state) => state === value);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
