// Which of several sources' facts hold. Pure: the same observations in any order give the same record.

import { FACT_NAMES, FACTS } from "./facts.ts";
import type {
  Contradiction,
  Fact,
  FactName,
  FactValues,
  NodePresence,
  Observation,
  SourceName,
} from "./record.ts";

type AnyFact = Fact<FactValues[FactName]>;

export type MergedFacts = Pick<NodePresence, "facts" | "contradictions">;

/**
 * Of a fact's statements, those that still hold go before stale ones; among them the source that `FACTS` trusts most,
 * and of one source (there is one observation a source) there is one. When all are stale, the newest is kept.
 * Where `identity` facts that hold differ, all are kept as a contradiction.
 * @param observations of one node, at most one a source.
 * @param nowMs epoch ms; a statement from the future is as old as one of now.
 */
export function mergeFacts(observations: readonly Observation[], nowMs: number): MergedFacts {
  const facts: Partial<Record<FactName, AnyFact>> = {};
  const contradictions: Contradiction[] = [];
  for (const name of FACT_NAMES) {
    const said = statements(observations, name, nowMs);
    const [best] = said;
    if (best === undefined) continue;
    facts[name] = best;
    const contradiction = FACTS[name].identity ? contradictionOf(name, said) : null;
    if (contradiction !== null) contradictions.push(contradiction);
  }
  // Each name has a value of its own type: it was read under that name.
  return { facts: facts as MergedFacts["facts"], contradictions };
}

function statements(observations: readonly Observation[], name: FactName, nowMs: number): readonly AnyFact[] {
  const { holdsMs, sources } = FACTS[name];
  const said: AnyFact[] = [];
  for (const { source, atMs: observedMs, facts, factAtMs } of observations) {
    const value = facts[name];
    if (value === undefined || !sources.includes(source)) continue;
    const atMs = factAtMs?.[name] ?? observedMs;
    said.push({ value, source, atMs, stale: nowMs - atMs > holdsMs });
  }
  const trust = (source: SourceName) => sources.indexOf(source);
  return said.sort((a, b) =>
    a.stale !== b.stale
      ? Number(a.stale) - Number(b.stale)
      : a.stale
        ? b.atMs - a.atMs || trust(a.source) - trust(b.source)
        : trust(a.source) - trust(b.source),
  );
}

function contradictionOf(name: FactName, said: readonly AnyFact[]): Contradiction | null {
  const holding = said.filter(({ stale }) => !stale);
  const values = holding.map(({ value, source, atMs }) => ({ value: textOf(value), source, atMs }));
  const keys = new Set(values.map(({ value }) => value.toLowerCase()));
  return keys.size > 1 ? { fact: name, values } : null;
}

/** Lists in any order are the same. */
function textOf(value: FactValues[FactName]): string {
  return Array.isArray(value) ? [...value].sort().join(", ") : String(value);
}
