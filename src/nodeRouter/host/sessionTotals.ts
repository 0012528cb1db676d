// What the host keeps about an agent's sessions, added up. Pure; the host's entries are `unknown`.
import { isRecord } from "../../shared/isRecord.ts";

export interface SessionTotals {
  readonly sessions: number;
  /** Of the last run of each session, added up: the host keeps no more. Null: it keeps none. */
  readonly tokens: { readonly input: number; readonly output: number } | null;
}

/** @param list `api.runtime.agent.session.listSessionEntries`: `{ sessionKey, entry }` each. */
export function sessionTotals(list: readonly unknown[]): SessionTotals {
  const counted = list.flatMap((item) => {
    const entry = isRecord(item) && isRecord(item.entry) ? item.entry : {};
    const [input, output] = [countOf(entry.inputTokens), countOf(entry.outputTokens)];
    return input === null && output === null ? [] : [{ input: input ?? 0, output: output ?? 0 }];
  });
  const sum = (key: "input" | "output") => counted.reduce((total, run) => total + run[key], 0);
  const tokens = counted.length === 0 ? null : { input: sum("input"), output: sum("output") };
  return { sessions: list.length, tokens };
}

function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}
