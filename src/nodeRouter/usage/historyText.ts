// The history of usage as the text of its file, and back. Pure.
import { isRecord } from "../../shared/isRecord.ts";
import { itemsOf, readJson } from "../../shared/jsonParts.ts";
import { TOKEN_FIELDS, type TokenCount } from "../../shared/tokenCount.ts";
import type { ClosedRow, DayUse, History, OpenDay, UsagePlace } from "./usageHistory.ts";

const VERSION = 1;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function historyText({ open, closed }: History): string {
  const days = [...open].map(([day, { readMs, settled, uses }]) => ({
    day,
    readMs,
    settled,
    uses: [...uses].map(([id, { agent, key, models, places }]) => ({
      id,
      agent,
      key,
      models: [...models].map(([model, tokens]) => [model, numbersOf(tokens)]),
      places: places?.map(({ node, region, calls }) => [node, region, calls]) ?? null,
    })),
  }));
  const sums = [...closed].map(([day, rows]) => ({
    day,
    rows: rows.map(({ agent, model, place, tokens, sessions }) => [
      agent,
      model,
      place === null ? null : [place.node, place.region],
      numbersOf(tokens),
      sessions,
    ]),
  }));
  return JSON.stringify({ version: VERSION, open: days, closed: sums });
}

/** What is not as we wrote it is left out. Null: it is no history of ours, and nothing may be written over it. */
export function parseHistory(text: string): History | null {
  const parsed = readJson(text);
  if (!isRecord(parsed) || parsed.version !== VERSION) return null;
  const open = new Map<string, OpenDay>();
  for (const entry of itemsOf(parsed.open)) {
    if (!isRecord(entry) || !isDay(entry.day) || typeof entry.readMs !== "number") continue;
    const { day, readMs, settled } = entry;
    open.set(day, { readMs, settled: settled === true, uses: new Map(itemsOf(entry.uses).flatMap(useOf)) });
  }
  const closed = new Map<string, readonly ClosedRow[]>();
  for (const entry of itemsOf(parsed.closed)) {
    if (isRecord(entry) && isDay(entry.day)) closed.set(entry.day, itemsOf(entry.rows).flatMap(rowOf));
  }
  return { open, closed };
}

function useOf(entry: unknown): readonly (readonly [string, DayUse])[] {
  if (!isRecord(entry) || typeof entry.id !== "string" || typeof entry.agent !== "string") return [];
  const models = itemsOf(entry.models).flatMap((pair) => {
    const [model, numbers] = itemsOf(pair);
    const tokens = tokensIn(numbers);
    return typeof model === "string" && tokens !== null ? [[model, tokens] as const] : [];
  });
  const key = typeof entry.key === "string" ? entry.key : null;
  const places = entry.places === null ? null : itemsOf(entry.places).flatMap(placeOf);
  return [[entry.id, { agent: entry.agent, key, models: new Map(models), places }]];
}

function placeOf(entry: unknown): readonly UsagePlace[] {
  const [node, region, calls] = itemsOf(entry);
  const isNode = node === null || typeof node === "string";
  return isNode && typeof region === "string" && isCount(calls) ? [{ node, region, calls }] : [];
}

function rowOf(entry: unknown): readonly ClosedRow[] {
  const [agent, model, at, numbers, sessions] = itemsOf(entry);
  const tokens = tokensIn(numbers);
  if (typeof agent !== "string" || typeof model !== "string" || tokens === null || !isCount(sessions))
    return [];
  const [node, region] = itemsOf(at);
  const isPlaced = (node === null || typeof node === "string") && typeof region === "string";
  return [{ agent, model, place: isPlaced ? { node, region } : null, tokens, sessions }];
}

function numbersOf(tokens: TokenCount): readonly number[] {
  return TOKEN_FIELDS.map((field) => tokens[field]);
}

function tokensIn(numbers: unknown): TokenCount | null {
  const [input, output, cacheRead, cacheWrite, cost, unpriced] = itemsOf(numbers);
  const isWhole =
    isCount(input) &&
    isCount(output) &&
    isCount(cacheRead) &&
    isCount(cacheWrite) &&
    isCount(cost) &&
    isCount(unpriced);
  return isWhole ? { input, output, cacheRead, cacheWrite, cost, unpriced } : null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && DAY.test(value);
}
