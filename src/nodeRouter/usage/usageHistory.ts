// What agents spent, day by day: readings of OpenClaw's own numbers laid over each other, so that none counts twice. Pure.

import { countOf, isNothing, type TokenCount } from "../../shared/tokenCount.ts";
import { DAY_MS } from "../ledger/shares.ts";

/** How many calls ran there; the node is null for what was on no node. */
export interface UsagePlace {
  readonly node: string | null;
  readonly region: string;
  readonly calls: number;
}

/** What one transcript spent on one day. */
export interface DayUse {
  readonly agent: string;
  /** Of its session; null: never known. */
  readonly key: string | null;
  /** By `provider/model`; "" is what no model is named of. */
  readonly models: ReadonlyMap<string, TokenCount>;
  /** Null: nobody can tell where its calls ran. */
  readonly places: readonly UsagePlace[] | null;
}

/** Of a day that may still be read again. */
export interface OpenDay {
  /** Epoch ms of the last reading. */
  readonly readMs: number;
  /** OpenClaw had counted everything, when the day was over. */
  readonly settled: boolean;
  /** By id of the transcript. */
  readonly uses: ReadonlyMap<string, DayUse>;
}

/** Of a day that is not read again: what all transcripts together spent so. */
export interface ClosedRow {
  readonly agent: string;
  readonly model: string;
  /** Null: nobody can tell. */
  readonly place: Omit<UsagePlace, "calls"> | null;
  readonly tokens: TokenCount;
  readonly sessions: number;
}

/** By day (UTC, `2026-11-30`). */
export interface History {
  readonly open: ReadonlyMap<string, OpenDay>;
  readonly closed: ReadonlyMap<string, readonly ClosedRow[]>;
}

/** What was read at one time. */
export interface Reading {
  /** Epoch ms. */
  readonly atMs: number;
  readonly days: ReadonlyMap<string, DayReading>;
}

export interface DayReading {
  /** Whether every transcript of the day was counted, now or after the day. */
  readonly complete: boolean;
  /** By id of the transcript. */
  readonly uses: ReadonlyMap<string, DayUse>;
}

export const NO_HISTORY: History = { open: new Map(), closed: new Map() };

/** Days in which a day is read again if the clock went back meanwhile. */
export const OPEN_DAYS = 8;
/** Days that are kept. */
export const USAGE_KEEP_DAYS = 400;
/** After midnight a run may still write what it was told before. */
const SETTLE_MS = 60 * 60_000;

/** The day of a time, UTC. @param ms epoch ms. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** @param days before it (below zero) or after it. */
export function dayBeside(day: string, days: number): string {
  return dayOf(Date.parse(day) + days * DAY_MS);
}

/** From the first to the last, both included. */
export function daysBetween(first: string, last: string): readonly string[] {
  const days: string[] = [];
  for (let day = first; day <= last; day = dayBeside(day, 1)) days.push(day);
  return days;
}

/** Nothing that is written from now on belongs to the day. @param ms epoch ms. */
export function isOver(day: string, ms: number): boolean {
  return ms >= Date.parse(day) + DAY_MS + SETTLE_MS;
}

/** Those that a reading now can add to: a closed day takes nothing, a settled one has everything. */
export function unread(history: History, days: readonly string[], nowMs: number): readonly string[] {
  return days.filter((day) => {
    const open = history.open.get(day);
    // Read in the future: the clock went back, and the day may not have been over.
    return !history.closed.has(day) && (open === undefined || !open.settled || open.readMs > nowMs);
  });
}

/**
 * The history with a reading. Of each transcript the reading with more tokens counts, for transcripts only grow: the same
 * reading twice, an older one, and one of a transcript that is gone since change nothing.
 */
export function withReading(history: History, { atMs, days }: Reading): History {
  const open = new Map(history.open);
  for (const [day, { complete, uses }] of days) {
    if (history.closed.has(day)) continue;
    const before = open.get(day);
    const merged = new Map(before?.uses);
    for (const [id, use] of uses) merged.set(id, united(merged.get(id) ?? null, use));
    open.set(day, { readMs: atMs, settled: complete && isOver(day, atMs), uses: merged });
  }
  return { ...history, open };
}

function united(before: DayUse | null, now: DayUse): DayUse {
  if (before === null) return now;
  // Whole: a model may have another name for a newer OpenClaw, and both together would count twice.
  const models = countIn(now) >= countIn(before) ? now.models : before.models;
  const isPlaced = callsIn(now) >= callsIn(before);
  return {
    agent: now.agent,
    key: now.key ?? before.key,
    models,
    places: (isPlaced ? now.places : before.places) ?? before.places ?? now.places,
  };
}

function countIn({ models }: DayUse): number {
  return [...models.values()].reduce((sum, tokens) => sum + countOf(tokens), 0);
}

function callsIn({ places }: DayUse): number {
  return (places ?? []).reduce((sum, { calls }) => sum + calls, 0);
}

/** The history with old days summed up and the oldest forgotten. A day of which something is still to be read waits. */
export function tidied(
  history: History,
  nowMs: number,
  sumUp: (day: OpenDay) => readonly ClosedRow[],
): History {
  const today = dayOf(nowMs);
  const oldest = dayBeside(today, -USAGE_KEEP_DAYS);
  const toClose = [...history.open].filter(
    ([day, { settled, readMs }]) => day <= dayBeside(today, -OPEN_DAYS) && settled && readMs <= nowMs,
  );
  const closed = new Map(history.closed);
  for (const [day, open] of toClose) closed.set(day, sumUp(open));
  const done = new Set(toClose.map(([day]) => day));
  const isKept = ([day]: readonly [string, unknown]): boolean => day > oldest && !done.has(day);
  return {
    open: new Map([...history.open].filter(isKept)),
    closed: new Map([...closed].filter(([day]) => day > oldest)),
  };
}

/** The keys of transcripts that OpenClaw no longer knows the session of, from when it did. */
export function knownKeys({ open }: History): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { uses } of open.values()) for (const [id, { key }] of uses) if (key !== null) keys.set(id, key);
  return keys;
}

/** Ids of those that were counted on a day that is still open. */
export function transcriptsIn({ open }: History): ReadonlySet<string> {
  return new Set([...open.values()].flatMap(({ uses }) => [...uses.keys()]));
}

/** Whether something of it is to be kept. */
export function isSpent({ models }: DayUse): boolean {
  return [...models.values()].some((tokens) => !isNothing(tokens));
}
