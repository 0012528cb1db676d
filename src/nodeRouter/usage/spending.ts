// Who spent what where: the history's days taken apart by place and added up by agent, node, region or model. Pure.
import { added, countOf, isNothing, NO_TOKENS, shared, type TokenCount } from "../../shared/tokenCount.ts";
import type { ClosedRow, DayUse, History, OpenDay, UsagePlace } from "./usageHistory.ts";

export const USAGE_BY = ["agent", "node", "region", "model"] as const;
export type UsageBy = (typeof USAGE_BY)[number];

/** What ran on no node. */
export const ON_GATEWAY = "gateway";

export interface UsageRow extends TokenCount {
  readonly key: string;
  /** That have a part in it; of days that are summed up already one counts on each of them. */
  readonly sessions: number;
}

export interface Spending {
  /** The most tokens first. */
  readonly rows: readonly UsageRow[];
  /** What belongs to none of them, for nobody can tell. */
  readonly unattributed: Omit<UsageRow, "key">;
  readonly totals: Omit<UsageRow, "key">;
}

/** A part of what was spent, of which everything is known. */
export interface Piece {
  readonly agent: string;
  readonly model: string;
  readonly place: Omit<UsagePlace, "calls"> | null;
  readonly tokens: TokenCount;
  /** Of one session its key, of several how many they are. */
  readonly session: string | number;
}

/** @param days UTC. */
export function spending(history: History, days: readonly string[], by: UsageBy): Spending {
  const groups = new Map<string | null, Group>();
  const all = createGroup();
  for (const piece of piecesOf(history, days)) {
    const key = keyOf(piece, by);
    const group = groups.get(key) ?? createGroup();
    groups.set(key, group);
    for (const one of [group, all]) one.add(piece);
  }
  const rows = [...groups].flatMap(([key, group]) => (key === null ? [] : [{ key, ...group.sum() }]));
  rows.sort((one, other) => countOf(other) - countOf(one) || (one.key < other.key ? -1 : 1));
  return { rows, unattributed: (groups.get(null) ?? createGroup()).sum(), totals: all.sum() };
}

/** Null: nobody can tell. */
function keyOf({ agent, model, place }: Piece, by: UsageBy): string | null {
  if (by === "agent") return agent;
  if (by === "model") return model === "" ? null : model;
  return place === null ? null : placeKey(place, by);
}

/** A node, or a region, that has the name of what stands for none is told from it. */
export function placeKey({ node, region }: Omit<UsagePlace, "calls">, by: "node" | "region"): string {
  if (node === null) return ON_GATEWAY;
  const name = by === "node" ? node : region;
  return name === ON_GATEWAY ? `${name} (${by})` : name;
}

interface Group {
  add(piece: Piece): void;
  sum(): Omit<UsageRow, "key">;
}

function createGroup(): Group {
  let tokens = NO_TOKENS;
  let others = 0;
  const sessions = new Set<string>();
  return {
    add(piece) {
      tokens = added(tokens, piece.tokens);
      if (typeof piece.session === "number") others += piece.session;
      else sessions.add(piece.session);
    },
    sum: () => ({ ...tokens, sessions: sessions.size + others }),
  };
}

/** All of it, in the smallest parts that are known. */
export function piecesOf({ open, closed }: History, days: readonly string[]): readonly Piece[] {
  return days.flatMap((day) => {
    const rows = closed.get(day);
    if (rows !== undefined) return rows.map(({ sessions, ...row }) => ({ ...row, session: sessions }));
    return [...(open.get(day)?.uses ?? [])].flatMap(([id, use]) => piecesOfUse(id, use));
  });
}

function piecesOfUse(id: string, { agent, key, models, places }: DayUse): readonly Piece[] {
  const session = key ?? `${agent} ${id}`;
  return [...models].flatMap(([model, tokens]): readonly Piece[] => {
    if (isNothing(tokens)) return [];
    if (places === null || places.length === 0) return [{ agent, model, place: null, tokens, session }];
    const [only] = places;
    if (places.length === 1 && only !== undefined)
      return [{ agent, model, place: placeOf(only), tokens, session }];
    const parts = shared(
      tokens,
      places.map(({ calls }) => calls),
    );
    return places.flatMap((place, at) => {
      const part = parts[at] ?? NO_TOKENS;
      return isNothing(part) ? [] : [{ agent, model, place: placeOf(place), tokens: part, session }];
    });
  });
}

function placeOf({ node, region }: UsagePlace): Omit<UsagePlace, "calls"> {
  return { node, region };
}

/** A day as it is kept when no reading can add to it any more. */
export function summedUp({ uses }: OpenDay): readonly ClosedRow[] {
  const rows = new Map<string, { piece: Piece; tokens: TokenCount; sessions: Set<string> }>();
  for (const [id, use] of uses)
    for (const piece of piecesOfUse(id, use)) {
      const { agent, model, place, tokens, session } = piece;
      const key = JSON.stringify([agent, model, place?.node, place?.region]);
      const row = rows.get(key) ?? { piece, tokens: NO_TOKENS, sessions: new Set<string>() };
      rows.set(key, { ...row, tokens: added(row.tokens, tokens) });
      row.sessions.add(String(session));
    }
  return [...rows.values()].map(({ piece: { agent, model, place }, tokens, sessions }) => ({
    agent,
    model,
    place,
    tokens,
    sessions: sessions.size,
  }));
}
