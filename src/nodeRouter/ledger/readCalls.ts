// The newest calls of the ledger: what was announced and what was recorded of a call are one row.
import { isRecord } from "../../shared/isRecord.ts";
import { fieldOf, readJson } from "../../shared/jsonParts.ts";
import { safeJson } from "../../shared/safeText.ts";
import type { Transport } from "../../shared/types.ts";
import type { LedgerFs } from "./ledgerFs.ts";
import type { CallOutcome } from "./ledgerResult.ts";
import { linesBack } from "./readBack.ts";

export interface CallRow {
  readonly id: string;
  /** ISO 8601: when it was decided; of a command that no decision is kept of, when it was sent. */
  readonly at: string;
  readonly agent: string | null;
  readonly session: string | null;
  readonly tool: string;
  readonly rule: string | null;
  readonly outcome: CallOutcome | "running";
  readonly node: string | null;
  readonly transport: Transport | null;
  readonly place: { readonly country: string; readonly source: string } | null;
  /** Of a refusal or an end that was not seen. */
  readonly code: string | null;
  /** From the decision to the end; null: it has none that is known. */
  readonly ms: number | null;
  /** The words of a refusal; null: there are none. */
  readonly reason: string | null;
}

export interface CallQuery {
  readonly agent?: string;
  readonly node?: string;
  /** On one of these. */
  readonly nodes?: ReadonlySet<string>;
  readonly rule?: string;
  readonly outcome?: string;
  /** Epoch ms. */
  readonly sinceMs?: number;
  readonly limit: number;
  /** Ids of calls whose command goes on detached, whichever life of the gateway began it. */
  readonly detached?: ReadonlySet<string>;
}

/**
 * @param writer of this life of the gateway: what it has begun and not ended runs; what another one left is unknown.
 * @returns newest first.
 */
export async function readCalls(
  fs: Pick<LedgerFs, "numbered">,
  file: string,
  writer: string,
  query: CallQuery,
): Promise<readonly CallRow[]> {
  const needles = needlesOf(query);
  const { sinceMs = Number.NEGATIVE_INFINITY, limit, detached = new Set() } = query;
  const isRunning = (record: Readonly<Record<string, unknown>>): boolean =>
    record.writer === writer || detached.has(String(record.id));
  const rows: CallRow[] = [];
  const seen = new Set<string>();
  for await (const lines of linesBack(fs, file, needles)) {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const line of lines) {
      const isMeant = needles.every((needle) => line.includes(needle));
      // Of the others the oldest tells how far back this is.
      if (!isMeant && line !== lines.at(-1)) continue;
      const record = readJson(line);
      if (!isRecord(record) || typeof record.id !== "string") continue;
      const atMs = Date.parse(String(record.end ?? record.start));
      if (atMs < oldestMs) oldestMs = atMs;
      if (!isMeant) continue;
      if ((record.kind !== "call" && record.kind !== "command") || seen.has(record.id)) continue;
      seen.add(record.id);
      const row = rowOf(record, isRunning(record));
      const hasOutcome = query.outcome === undefined || row.outcome === query.outcome;
      const isThere = query.nodes === undefined || (row.node !== null && query.nodes.has(row.node));
      if (hasOutcome && isThere && Date.parse(row.at) >= sinceMs) rows.push(row);
    }
    // What stands further back ended before, so it began before, too.
    if (oldestMs < sinceMs) break;
    if (rows.length >= limit && rows.filter(({ at }) => Date.parse(at) >= oldestMs).length >= limit) break;
  }
  return rows.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0)).slice(0, limit);
}

/** A quote within a value is escaped, so that no value can look like a field. */
function needlesOf({ agent, node, rule, outcome }: CallQuery): readonly string[] {
  const field = (name: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [`"${name}":${safeJson(value, 0)}`];
  // Of the others something newer may say what became of them in the end.
  const final = outcome === "refused" || outcome === "left" ? outcome : undefined;
  return [
    ...field("agent", agent),
    ...field("node", node),
    ...field("rule", rule),
    ...field("outcome", final),
  ];
}

function rowOf(record: Readonly<Record<string, unknown>>, isRunning: boolean): CallRow {
  const { id, start, end, agent, sessionKey, operation, rule, node, transport, place, error, reason } =
    record;
  const isOpen = record.phase === "begin";
  const outcome = isOpen ? (isRunning ? "running" : "unknown") : record.outcome;
  const country = textOf(fieldOf(place, "country"));
  const source = textOf(fieldOf(place, "source"));
  const ms = Date.parse(String(end)) - Date.parse(String(start));
  return {
    id: String(id),
    at: String(start),
    agent: textOf(agent),
    session: textOf(sessionKey),
    tool: String(operation),
    rule: textOf(rule),
    outcome: isOutcome(outcome) ? outcome : "unknown",
    node: textOf(node),
    transport: transport === "node" || transport === "ssh" ? transport : null,
    place: country === null || source === null ? null : { country, source },
    code: isOpen && outcome === "unknown" ? "OUTCOME_UNKNOWN" : textOf(error),
    ms: isOpen || Number.isNaN(ms) ? null : Math.max(0, ms),
    reason: textOf(reason),
  };
}

export const OUTCOMES = ["ran", "refused", "not-started", "unknown", "running", "left"] as const;

function isOutcome(value: unknown): value is CallRow["outcome"] {
  return OUTCOMES.some((outcome) => outcome === value);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
