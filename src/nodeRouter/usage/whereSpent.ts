// Where the tokens of a session count: on the nodes on which its calls ran. Pure.

import { ON_GATEWAY } from "./spending.ts";
import { dayOf, type UsagePlace } from "./usageHistory.ts";

/** What of a call of the ledger is used. */
export interface LedgerCall {
  /** ISO 8601. */
  readonly at: string;
  readonly agent: string | null;
  readonly session: string | null;
  readonly node: string | null;
  readonly outcome: string;
  readonly place: { readonly country: string } | null;
}

/** What is known beside the calls. */
export interface PlaceFacts {
  /** Region of a node now; null: it has none, or is not there any more. */
  readonly regionOf: (node: string) => string | null;
  /** The node that holds a session's files; null: none does. */
  readonly nodeOf: (session: string) => string | null;
  /** Earlier readings of a session. */
  readonly before: (session: string) => readonly UsagePlace[];
  /** The first day of which every call is in the ledger; null: there is none. */
  readonly since: string | null;
}

/** A transcript, as far as it matters here. */
export interface Transcript {
  readonly agent: string;
  /** Null: nobody knows of which session. */
  readonly key: string | null;
}

/** Nobody says where a node is. */
const UNKNOWN_REGION = "unknown";

/** Those of which something ran, or may have. */
const RAN = ["ran", "unknown", "running"];

/** By node. */
type Counts = Map<string, { calls: number; country: string | null }>;

/**
 * Tells of each transcript where it was on a day.
 * @param calls of the ledger, as far back as transcripts are asked for.
 * @param known keys of all sessions that OpenClaw knows.
 * @returns null: nobody can tell.
 */
export function placer(
  calls: readonly LedgerCall[],
  known: ReadonlySet<string>,
  facts: PlaceFacts,
): (transcript: Transcript, day: string) => readonly UsagePlace[] | null {
  const ofSession = new Map<string, Counts>();
  /** Of sessions that nobody knows any more, by agent. */
  const ofLost = new Map<string, Counts>();
  const names = new Set([...known].map(sessionName));
  for (const { at, agent, session, node, outcome, place } of calls) {
    const ms = Date.parse(at);
    if (node === null || session === null || Number.isNaN(ms) || !RAN.includes(outcome)) continue;
    const day = dayOf(ms);
    const name = sessionName(session);
    const [all, own] = names.has(name) ? [ofSession, name] : [ofLost, agent ?? ""];
    for (const key of [own, `${day} ${own}`]) {
      const counts = all.get(key) ?? new Map();
      all.set(key, counts);
      const { calls: before = 0, country = null } = counts.get(node) ?? {};
      counts.set(node, { calls: before + 1, country: place?.country ?? country });
    }
  }
  const placesOf = (counts: Counts | undefined): readonly UsagePlace[] =>
    [...(counts ?? [])].map(([node, { calls, country }]) => ({
      node,
      region: facts.regionOf(node) ?? country?.toLowerCase() ?? UNKNOWN_REGION,
      calls,
    }));
  return ({ agent, key }, day) => {
    const [all, own] = key === null ? [ofLost, agent] : [ofSession, sessionName(key)];
    const today = placesOf(all.get(`${day} ${own}`));
    if (today.length > 0) return today;
    const ever = placesOf(all.get(own));
    if (ever.length > 0) return ever;
    const before = key === null ? [] : facts.before(key);
    if (before.length > 0) return before;
    const node = key === null ? null : facts.nodeOf(key);
    if (node !== null) return placesOf(new Map([[node, { calls: 1, country: null }]]));
    const isOnRecord = facts.since !== null && day >= facts.since;
    return isOnRecord ? [{ node: null, region: ON_GATEWAY, calls: 0 }] : null;
  };
}

/** A run of a cron job has a key of its own under that of the job, and one transcript with it. */
function sessionName(key: string): string {
  return key.toLowerCase().replace(/^(agent:[^:]+:cron:[^:]+):run:.*$/, "$1");
}
