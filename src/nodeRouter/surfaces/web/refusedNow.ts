// Which agents are refused right now, why, and since when: the first thing that the page says. Pure.

import { NEWEST_CALLS } from "../../ledger/newestCalls.ts";
import type { CallRow } from "../../ledger/readCalls.ts";
import { MAX_BLOCKED } from "../reports/maxBlocked.ts";
import type { NodesReport } from "../reports/nodeReport.ts";
import type { BlockedNode, StatusReport } from "../reports/statusReport.ts";

export interface RefusedAgent {
  readonly agent: string;
  /** Null: none is named, as where the config is wrong. */
  readonly rule: string | null;
  /** As the agent reads it, with its code. */
  readonly message: string;
  /** ISO 8601; null: nobody knows. */
  readonly since: string | null;
  /** What says so: the last of its nodes that went, or the first of its calls that was refused in a row. */
  readonly sinceBy: "node" | "call" | null;
  /** The nodes that its rule means. */
  readonly nodes: readonly RefusedNode[];
}

interface RefusedNode extends BlockedNode {
  readonly state: NodesReport["nodes"][number]["state"] | null;
  /** ISO 8601 since when it has that state. */
  readonly since: string | null;
}

/** @param calls of the ledger, newest first. */
export function refusedNow(
  { agents }: Pick<StatusReport, "agents">,
  { nodes: known }: Pick<NodesReport, "nodes">,
  calls: readonly CallRow[],
): readonly RefusedAgent[] {
  return agents
    .filter(({ outcome }) => outcome === "refused")
    .map(({ agent, rule, message, blocked = [] }) => {
      const nodes = blocked.map(({ node, why }): RefusedNode => {
        const report = known.find(({ name }) => name === node);
        return { node, why, state: report?.state ?? null, since: report?.since ?? null };
      });
      // One that is not named may have gone later.
      const byNodes = nodes.length < MAX_BLOCKED ? lastGone(nodes) : null;
      const since = byNodes ?? firstRefused(calls, agent);
      return {
        agent,
        rule,
        message,
        since,
        sinceBy: since === null ? null : byNodes === null ? "call" : "node",
        nodes,
      };
    });
}

/** It could run until the last of them went; null where something else than their state keeps a node away. */
function lastGone(nodes: readonly RefusedNode[]): string | null {
  const gone = nodes.map(({ state, since }) => (state === "ready" || state === "degraded" ? null : since));
  const times = gone.filter((since) => since !== null);
  if (times.length === 0 || times.length < gone.length) return null;
  return times.reduce((latest, since) => (Date.parse(since) > Date.parse(latest) ? since : latest));
}

/** The oldest refusal that no other end came after; null where the list may not reach back to it. */
function firstRefused(calls: readonly CallRow[], agent: string): string | null {
  const own = calls.filter((call) => call.agent === agent);
  const end = own.findIndex(({ outcome }) => outcome !== "refused");
  if (end < 0 && calls.length >= NEWEST_CALLS) return null;
  return own.slice(0, end < 0 ? own.length : end).at(-1)?.at ?? null;
}
