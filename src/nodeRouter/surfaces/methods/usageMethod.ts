// The gateway method by which people and scripts read what agents spent and where, and what the page and metrics show of it.
import { join } from "node:path";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { within } from "../../../shared/deadline.ts";
import { messageOf } from "../../../shared/errors.ts";
import { quote } from "../../../shared/safeText.ts";
import { stateFile } from "../../../shared/stateFile.ts";
import { added, isNothing, NO_TOKENS, type TokenCount } from "../../../shared/tokenCount.ts";
import { type AskHost, gatewayMethods } from "../../host/gatewayMethods.ts";
import { currentSnapshot, lastSnapshot } from "../../inventory/currentSnapshot.ts";
import { firstRecordMs } from "../../ledger/firstRecord.ts";
import { LEDGER } from "../../ledger/ledger.ts";
import { nodeLedgerFs } from "../../ledger/ledgerFs.ts";
import { readCalls } from "../../ledger/readCalls.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { SESSION_NODES } from "../../state/sessionNodes.ts";
import {
  type Counted,
  countUsage,
  MAX_USAGE_CALLS,
  mayReadAll,
  placesBefore,
  USAGE,
  type UsageSources,
} from "../../usage/countUsage.ts";
import {
  ON_GATEWAY,
  piecesOf,
  placeKey,
  spending,
  USAGE_BY,
  type UsageBy,
  type UsageRow,
} from "../../usage/spending.ts";
import { dayBeside, dayOf, daysBetween, type History, USAGE_KEEP_DAYS } from "../../usage/usageHistory.ts";
import type { PlaceFacts } from "../../usage/whereSpent.ts";
import { type Params, UsageError } from "./params.ts";

export const DEFAULT_USAGE_DAYS = 7;

export interface UsageReport {
  readonly by: UsageBy;
  /** So many days (UTC), today included. */
  readonly days: number;
  readonly from: string;
  readonly to: string;
  /** ISO 8601: what was spent until then is in it. */
  readonly at: string;
  /** False: OpenClaw still counts, and the numbers are too low. */
  readonly complete: boolean;
  /** Transcripts that have grown since it counted them, as of agents at work: their newest tokens are not in it. */
  readonly behind: number;
  /** Transcripts that it has not counted at all yet. */
  readonly missing: number;
  readonly rows: readonly UsageRow[];
  readonly totals: Omit<UsageRow, "key">;
  /** `why`: null where there is none. */
  readonly unattributed: Omit<UsageRow, "key"> & { readonly why: string | null };
  /** By which rule tokens count for a row. */
  readonly attribution: string;
  /** What is in none of the numbers. */
  readonly uncounted: string;
}

/** What the page and metrics show. */
export interface UsageOverview {
  readonly at: string;
  /** False: a transcript was never counted, and the numbers are too low by an unknown part. */
  readonly complete: boolean;
  /** Days (UTC) of `regions`, today included. */
  readonly days: number;
  readonly regions: readonly UsageRow[];
  /** Of today (UTC); `node`: "gateway" for what ran on none, null where nobody can tell. */
  readonly today: readonly {
    readonly agent: string;
    readonly node: string | null;
    readonly tokens: TokenCount;
  }[];
}

type Deps = Pick<RouterDeps, "memory" | "now" | "listNodes" | "log">;

const RULE: Readonly<Record<UsageBy, string>> = {
  agent:
    "Tokens count for the agent whose session they belong to; sub-agents and cron jobs are sessions of their agent.",
  model: "Tokens count for the model that answered.",
  node: `Tokens of a session count for the nodes on which its routed calls ran that day, in proportion to their number; on a day without calls for those of its other days. A session without routed calls on a node counts for "${ON_GATEWAY}".`,
  region: `As by node; the region of a node is its tag "region" on that day, else the country of its place. A session without routed calls on a node counts for "${ON_GATEWAY}".`,
};

const WHY: Readonly<Record<UsageBy, string>> = {
  agent: "",
  model: "OpenClaw has no model for them",
  node: "The ledger has no records of these days, so that nobody can tell where their calls ran",
  region: "The ledger has no records of these days, so that nobody can tell where their calls ran",
};

const UNCOUNTED =
  "Answers of models that belong to no session, as for titles, OpenClaw counts nowhere; they are in none of these numbers.";

/**
 * @param params `{ by, days }`, both optional.
 * @throws UsageError; NodeRouterError USAGE_UNAVAILABLE
 */
export async function usage(
  deps: Deps,
  stateFolder: string,
  { by = "agent", days = DEFAULT_USAGE_DAYS }: Params,
  ask: AskHost = gatewayMethods(),
): Promise<UsageReport> {
  const as = USAGE_BY.find((known) => known === by);
  if (as === undefined) throw new UsageError(`by is one of ${USAGE_BY.join(", ")}, not ${quote(String(by))}`);
  if (typeof days !== "number" || !Number.isInteger(days) || days < 1 || days > USAGE_KEEP_DAYS)
    throw new UsageError(`days is a whole number from 1 to ${USAGE_KEEP_DAYS}`);
  return reportOf(await countUsage(sourcesOf(deps, stateFolder, ask), days), as);
}

/** Pure. */
export function reportOf(
  { history, days, complete, behind, missing, atMs }: Counted,
  by: UsageBy,
): UsageReport {
  const { rows, totals, unattributed } = spending(history, days, by);
  return {
    by,
    days: days.length,
    from: days[0] ?? "",
    to: days.at(-1) ?? "",
    at: new Date(atMs).toISOString(),
    complete,
    behind,
    missing,
    rows,
    totals,
    unattributed: { ...unattributed, why: isNothing(unattributed) ? null : WHY[by] },
    attribution: RULE[by],
    uncounted: UNCOUNTED,
  };
}

/** Prometheus asks every few seconds. */
const PATIENCE_MS = 60 * 60_000;

/** A count is good for so long, ms: the host's own is as old at times. */
const FRESH_MS = 60_000;

/** Of a count that takes its time, the one before does until it is so old, ms. */
const STALE_MS = 10 * 60_000;
/** Prometheus gives a scrape 10 s in all. */
const COUNT_MS = 5_000;

/** Counts anew where the last count is old. Null: OpenClaw does not answer, or not to this caller, or not in time. */
export async function usageOverview(
  deps: Deps,
  stateFolder: string,
  ask: AskHost = gatewayMethods(),
): Promise<UsageOverview | null> {
  const { last } = deps.memory.part(USAGE);
  const nowMs = deps.now();
  const age = last === null ? Number.POSITIVE_INFINITY : Math.abs(nowMs - last.atMs);
  const sources = { ...sourcesOf(deps, stateFolder, ask), patienceMs: PATIENCE_MS };
  const count = (): Promise<Counted> =>
    within(countUsage(sources, DEFAULT_USAGE_DAYS), COUNT_MS, "usage was not counted").catch((error) => {
      if (last === null || age > STALE_MS) throw error;
      return last;
    });
  try {
    await within(mayReadAll(ask, nowMs), COUNT_MS, "OpenClaw did not answer");
    const counted = last?.complete === true && age < FRESH_MS ? last : await count();
    return overviewOf(counted, dayOf(nowMs));
  } catch (error) {
    deps.log.debug({ reason: messageOf(error) }, "usage cannot be counted");
    return null;
  }
}

/** Pure. @param today UTC. */
export function overviewOf(
  { history, complete, behind, missing, atMs }: Counted,
  today: string,
): UsageOverview {
  const week = daysBetween(dayBeside(today, 1 - DEFAULT_USAGE_DAYS), today);
  const pairs = new Map<string, UsageOverview["today"][number]>();
  for (const { agent, place, tokens } of piecesOf(history, [today])) {
    const node = place === null ? null : placeKey(place, "node");
    const key = JSON.stringify([agent, node]);
    pairs.set(key, { agent, node, tokens: added(pairs.get(key)?.tokens ?? NO_TOKENS, tokens) });
  }
  return {
    at: new Date(atMs).toISOString(),
    // One of an agent at work is behind for as long as it works.
    complete: complete || (missing === 0 && behind > 0),
    days: week.length,
    regions: spending(history, week, "region").rows,
    today: [...pairs.values()],
  };
}

function sourcesOf(deps: Deps, stateFolder: string, ask: AskHost): UsageSources {
  const { memory, now, log } = deps;
  const ledger = memory.part(LEDGER).current;
  const file = join(stateFolder, "node-router", "usage.json");
  return {
    memory,
    ask,
    now,
    file,
    store: stateFile(file),
    patienceMs: 0,
    async calls(sinceMs) {
      if (ledger === null) return [];
      await ledger.flush();
      return readCalls(nodeLedgerFs, ledger.file, ledger.writer, { sinceMs, limit: MAX_USAGE_CALLS });
    },
    facts: (history) => factsOf(deps, history),
    onError: (error) =>
      log.warn({ file, reason: messageOf(error) }, "the history of usage cannot be kept in its file"),
  };
}

async function factsOf(deps: Deps, history: History): Promise<PlaceFacts> {
  const { memory, now } = deps;
  const config = memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  // Without the host's list what was last known of the nodes is as good.
  const { nodes } = await currentSnapshot(deps, config).catch(() => lastSnapshot(deps, config));
  const regions = new Map(
    nodes.map(({ name, tags, location }) => [
      name,
      tags.get("region") || (location?.country?.toLowerCase() ?? null),
    ]),
  );
  const sessions = memory.part(SESSION_NODES);
  await sessions.ready();
  const ledger = memory.part(LEDGER).current;
  const isKept = ledger !== null && ledger.state().mode !== "off";
  const firstMs = isKept ? ((await firstRecordMs(nodeLedgerFs, ledger.file)) ?? now()) : null;
  return {
    regionOf: (node) => regions.get(node) ?? null,
    nodeOf: (session) => sessions.get(session)?.node ?? null,
    before: (session) => placesBefore(history, session),
    since: firstMs === null ? null : dayOf(firstMs),
  };
}
