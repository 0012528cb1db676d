// What OpenClaw's `sessions.usage` answers, as our values. Pure; the host's answer is `unknown`.
import { fieldOf, itemsOf, trimmedText } from "../../shared/jsonParts.ts";
import { added, isNothing, NO_TOKENS, type TokenCount } from "../../shared/tokenCount.ts";

/** One transcript. A session that was reset has several. */
export interface HostTranscript {
  readonly id: string;
  readonly agent: string;
  /** Key of its session; null: the host does not know it any more. */
  readonly key: string | null;
  /** False: it is new to the host, or has grown since it was read, and none of its tokens are in the answer. */
  readonly isRead: boolean;
  readonly total: TokenCount;
  /** By `provider/model`. */
  readonly models: ReadonlyMap<string, TokenCount>;
}

export interface HostUsage {
  /** Whether every transcript is counted; false: the numbers are too low, or zero. */
  readonly complete: boolean;
  /** Epoch ms: so old the host's own answer is. */
  readonly atMs: number | null;
  readonly transcripts: readonly HostTranscript[];
  /** Session keys by the ids of their transcripts, of those that were reset too; only with `groupBy: "family"`. */
  readonly keys: ReadonlyMap<string, string>;
  /** Calendar days (UTC, `2026-11-30`) on which a transcript has tokens, ascending. */
  readonly days: readonly string[];
}

/** Null: it is no such answer. */
export function readHostUsage(answer: unknown): HostUsage | null {
  const sessions = fieldOf(answer, "sessions");
  if (!Array.isArray(sessions)) return null;
  const cache = fieldOf(answer, "cacheStatus");
  const updated = fieldOf(answer, "updatedAt");
  const days = new Set<string>();
  const keys = new Map<string, string>();
  const transcripts = sessions.flatMap((session) => {
    const id = trimmedText(fieldOf(session, "sessionId"));
    const agent = trimmedText(fieldOf(session, "agentId"));
    const key = trimmedText(fieldOf(session, "key"));
    if (id === null || agent === null || key === null) return [];
    // A transcript of which it does not know the session is called by its own id.
    const known = key === `agent:${agent}:${id}` ? null : key;
    for (const included of itemsOf(fieldOf(session, "includedSessionIds")))
      if (typeof included === "string" && known !== null) keys.set(included, known);
    const usage = fieldOf(session, "usage");
    for (const day of itemsOf(fieldOf(usage, "dailyBreakdown"))) {
      const date = fieldOf(day, "date");
      if (typeof date === "string" && !isNothing(tokensOf(day))) days.add(date);
    }
    const isRead = usage !== null && usage !== undefined;
    return [{ id, agent, key: known, isRead, total: tokensOf(usage), models: modelsOf(usage) }];
  });
  return {
    // Without transcripts there is no cache, and nothing to count.
    complete: cache === undefined || fieldOf(cache, "status") === "fresh",
    atMs: typeof updated === "number" && Number.isFinite(updated) ? updated : null,
    transcripts,
    keys,
    days: [...days].sort(),
  };
}

function modelsOf(usage: unknown): ReadonlyMap<string, TokenCount> {
  const models = new Map<string, TokenCount>();
  for (const entry of itemsOf(fieldOf(usage, "modelUsage"))) {
    const [provider, model] = [trimmedText(fieldOf(entry, "provider")), trimmedText(fieldOf(entry, "model"))];
    if (model === null) continue;
    const name = provider === null ? model : `${provider}/${model}`;
    models.set(name, added(models.get(name) ?? NO_TOKENS, tokensOf(fieldOf(entry, "totals"))));
  }
  return models;
}

function tokensOf(totals: unknown): TokenCount {
  return {
    input: numberOf(fieldOf(totals, "input")),
    output: numberOf(fieldOf(totals, "output")),
    cacheRead: numberOf(fieldOf(totals, "cacheRead")),
    cacheWrite: numberOf(fieldOf(totals, "cacheWrite")),
    cost: numberOf(fieldOf(totals, "totalCost")),
    unpriced: numberOf(fieldOf(totals, "missingCostEntries")),
  };
}

/** What is no number counts nothing: the host writes all of them. */
function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}
