// Asks OpenClaw what its agents spent, says where that was, and keeps it day by day.
import { NodeRouterError } from "../../shared/errors.ts";
import { definePart, type Memory } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import type { TextStore } from "../../shared/stateFile.ts";
import { added, isNothing, lessTokens, NO_TOKENS, type TokenCount } from "../../shared/tokenCount.ts";
import type { AskHost } from "../host/gatewayMethods.ts";
import { type HostTranscript, type HostUsage, readHostUsage } from "../host/sessionUsage.ts";
import { historyText, parseHistory } from "./historyText.ts";
import { summedUp } from "./spending.ts";
import {
  type DayUse,
  dayBeside,
  dayOf,
  daysBetween,
  type History,
  isOver,
  isSpent,
  knownKeys,
  NO_HISTORY,
  tidied,
  transcriptsIn,
  type UsagePlace,
  unread,
  withReading,
} from "./usageHistory.ts";
import { type LedgerCall, type PlaceFacts, placer } from "./whereSpent.ts";

export interface UsageSources {
  readonly memory: Memory;
  readonly ask: AskHost;
  /** Epoch ms. */
  readonly now: () => number;
  /** The history's file, absolute. */
  readonly file: string;
  readonly store: TextStore;
  /** Calls of the ledger since then; epoch ms. */
  readonly calls: (sinceMs: number) => Promise<readonly LedgerCall[]>;
  readonly facts: (history: History) => Promise<PlaceFacts>;
  /** So long what was counted waits for the file, ms: OpenClaw would say it again after a crash. */
  readonly patienceMs: number;
  /** Told when the history could not be kept; what was counted is answered all the same. */
  readonly onError: (error: unknown) => void;
}

export interface Counted {
  readonly history: History;
  /** Days asked for, UTC, ascending. */
  readonly days: readonly string[];
  /** Whether OpenClaw has counted everything; false: the numbers are too low. */
  readonly complete: boolean;
  /** Transcripts that have grown since they were counted: what came last in them is not in the numbers. */
  readonly behind: number;
  /** Transcripts that were never counted. */
  readonly missing: number;
  /** Epoch ms. */
  readonly atMs: number;
}

interface Kept {
  history: History | null;
  /** What is in the file. */
  text: string | null;
  /** Epoch ms of the last write. */
  wroteMs: number;
  /** One count at a time: two would write over each other. */
  queue: Promise<unknown>;
  last: Counted | null;
  /**
   * Of each day that is not settled, the transcripts that were counted when it was over: one of an agent that never rests
   * is seldom counted to its end, and on that day it does not grow any more.
   */
  readonly done: Map<string, Set<string>>;
}

export const USAGE = definePart<Kept>("usage", 1, () => ({
  history: null,
  text: null,
  wroteMs: Number.NEGATIVE_INFINITY,
  queue: Promise.resolve(),
  last: null,
  done: new Map(),
}));

/** Far above what a gateway decides in two days; the newest of more are read. */
export const MAX_USAGE_CALLS = 200_000;

/** More transcripts than a gateway has: the host cuts its list without saying so. */
const ALL = 1_000_000;

/**
 * @param count days, today (UTC) included.
 * @throws NodeRouterError USAGE_UNAVAILABLE
 */
export function countUsage(sources: UsageSources, count: number): Promise<Counted> {
  const kept = sources.memory.part(USAGE);
  const counted = kept.queue.then(() => countNow(sources, kept, count));
  kept.queue = counted.catch(() => {});
  return counted;
}

async function countNow(sources: UsageSources, kept: Kept, count: number): Promise<Counted> {
  const { ask, now } = sources;
  const atMs = now();
  kept.history ??= await readHistory(sources, kept);
  const before = kept.history;
  const today = dayOf(atMs);
  const days = daysBetween(dayBeside(today, 1 - count), today);
  const [firstOpen = today] = [...before.open].flatMap(([day, { settled }]) => (settled ? [] : [day])).sort();
  // Also what was not over when it was read: the history has no holes.
  const first = [days[0] ?? today, firstOpen, dayBeside(today, -1)].sort()[0] ?? today;
  const wanted = unread(before, daysBetween(first, today), atMs);
  await mayReadAll(ask, atMs);
  const span = { startDate: wanted[0] ?? today, endDate: today };
  const all = await hostUsage(ask, span);
  const active = wanted.filter((day) => all.days.includes(day));
  const read = new Map<string, HostUsage>();
  for (const day of active)
    read.set(day, wanted.length === 1 ? all : await hostUsage(ask, { startDate: day, endDate: day }));
  const answers = [all, ...read.values()];
  const complete = answers.every((answer) => answer.complete);

  const keys = new Map(knownKeys(before));
  // Of sessions that were reset; one that was deleted stays unknown.
  if (all.transcripts.some(({ id, key }) => key === null && !keys.has(id))) {
    const families = await hostUsage(ask, { ...span, groupBy: "family" });
    for (const [id, key] of families.keys) keys.set(id, key);
  }
  const keyOf = ({ id, key }: HostTranscript): string | null => key ?? keys.get(id) ?? null;
  const known = new Set([
    ...keys.values(),
    ...answers.flatMap(({ transcripts }) => transcripts.flatMap(({ key }) => key ?? [])),
  ]);
  const calls = active.length === 0 ? [] : await sources.calls(Date.parse(active[0] ?? today));
  const placesOf = placer(calls, known, withinReach(await sources.facts(before), calls));
  const uses = wanted.map((day) => {
    const spent = (read.get(day)?.transcripts ?? []).flatMap((transcript): (readonly [string, DayUse])[] => {
      const { id, agent } = transcript;
      const key = keyOf(transcript);
      const use = { agent, key, models: modelsOf(transcript), places: placesOf({ agent, key }, day) };
      return transcript.isRead && isSpent(use) ? [[id, use]] : [];
    });
    const isDone = isDayDone(kept, day, (read.get(day) ?? all).transcripts, atMs);
    return [day, { complete: isDone, uses: new Map(spent) }] as const;
  });
  const merged = withReading(before, { atMs, days: new Map(uses) });
  kept.history = tidied(merged, atMs, summedUp);
  for (const day of kept.done.keys())
    if (kept.history.open.get(day)?.settled !== false) kept.done.delete(day);
  await keep(sources, kept);
  const notRead = new Set(
    answers.flatMap(({ transcripts }) => transcripts.flatMap(({ id, isRead }) => (isRead ? [] : [id]))),
  );
  const ever = transcriptsIn(kept.history);
  const behind = [...notRead].filter((id) => ever.has(id)).length;
  const counted = {
    history: kept.history,
    days,
    complete,
    behind,
    missing: notRead.size - behind,
    atMs: all.atMs ?? atMs,
  };
  kept.last = counted;
  return counted;
}

/** Whether each transcript of the day has been counted since the day was over; notes those that are. */
function isDayDone(
  { done }: Kept,
  day: string,
  transcripts: readonly HostTranscript[],
  atMs: number,
): boolean {
  if (!isOver(day, atMs)) return false;
  const known = done.get(day) ?? new Set();
  done.set(day, known);
  for (const { id, isRead } of transcripts) if (isRead) known.add(id);
  return transcripts.every(({ id }) => known.has(id));
}

/**
 * SECURITY: whoever may see some sessions only must not read the sum of all. This one OpenClaw refuses to them.
 * @throws NodeRouterError USAGE_UNAVAILABLE
 */
export async function mayReadAll(ask: AskHost, nowMs: number): Promise<void> {
  await ask("usage.cost", { agentScope: "all", startDate: dayOf(nowMs), endDate: dayOf(nowMs) });
}

async function hostUsage(ask: AskHost, params: object): Promise<HostUsage> {
  const answer = await ask("sessions.usage", { agentScope: "all", mode: "utc", limit: ALL, ...params });
  const usage = readHostUsage(answer);
  if (usage !== null) return usage;
  const fact = "OpenClaw answered sessions.usage with something else than usage";
  throw new NodeRouterError(refusal("USAGE_UNAVAILABLE", fact));
}

/** Of days of which not every call was read nobody can tell that a session had none. */
function withinReach(facts: PlaceFacts, calls: readonly LedgerCall[]): PlaceFacts {
  const oldest = calls.length < MAX_USAGE_CALLS ? undefined : calls.at(-1);
  if (oldest === undefined || facts.since === null) return facts;
  const [, since = facts.since] = [facts.since, dayBeside(oldest.at.slice(0, 10), 1)].sort();
  return { ...facts, since };
}

/** What no model is named of goes under "". */
function modelsOf({ total, models }: HostTranscript): ReadonlyMap<string, TokenCount> {
  const named = [...models.values()].reduce(added, NO_TOKENS);
  const rest = lessTokens(total, named);
  return isNothing({ ...rest, cost: 0 }) ? models : new Map([...models, ["", rest]]);
}

/** Places of a session in earlier readings, without those where nothing ran. */
export function placesBefore(history: History, session: string): readonly UsagePlace[] {
  const sums = new Map<string, UsagePlace>();
  for (const { uses } of history.open.values())
    for (const { key, places } of uses.values()) {
      if (key !== session) continue;
      for (const place of places ?? []) {
        if (place.calls === 0) continue;
        const name = `${place.node} ${place.region}`;
        sums.set(name, { ...place, calls: place.calls + (sums.get(name)?.calls ?? 0) });
      }
    }
  return [...sums.values()];
}

async function readHistory({ store, file }: UsageSources, kept: Kept): Promise<History> {
  const text = await store.read();
  if (text === null) return NO_HISTORY;
  const history = parseHistory(text);
  if (history === null) {
    const fact = `the history of usage in ${quote(file)} is not one that this version wrote`;
    throw new NodeRouterError(
      refusal("USAGE_UNAVAILABLE", fact, { advice: "Move the file away, then ask again" }),
    );
  }
  kept.text = text;
  return history;
}

async function keep({ store, now, patienceMs, onError }: UsageSources, kept: Kept): Promise<void> {
  if (Math.abs(now() - kept.wroteMs) < patienceMs) return;
  const text = historyText(kept.history ?? NO_HISTORY);
  if (text === kept.text) return;
  try {
    await store.write(text);
    kept.text = text;
    kept.wroteMs = now();
  } catch (error) {
    onError(error);
  }
}
