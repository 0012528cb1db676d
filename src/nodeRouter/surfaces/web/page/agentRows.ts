// In which order agents stand, and how many of many are shown. Pure.
import type { AgentRoute } from "../data.ts";

/** More are shown when they are asked for: below them is the table of nodes. */
const MAX_AGENTS = 12;

const RANKS = { refused: 0, placed: 1, elsewhere: 2, unrouted: 3 } as const;

/** `elsewhere`: its rule has no node and leaves it to the gateway. */
export type AgentRank = keyof typeof RANKS;

/** What becomes of the agent's exec. */
export function rankOf({ outcome, rule }: Pick<AgentRoute, "outcome" | "rule">): AgentRank {
  if (outcome !== "unrouted") return outcome;
  return rule === null ? "unrouted" : "elsewhere";
}

/** `agent-9` before `agent-10`. */
const natural = new Intl.Collator("en", { numeric: true });

/**
 * Refused ones first, then those on a node, then those that no rule names.
 * @param agent who is to be among them whatever its place is; "" nobody.
 */
export function shownAgents(
  agents: readonly AgentRoute[],
  agent: string,
  areAll: boolean,
): readonly AgentRoute[] {
  return [...agents]
    .sort((a, b) => RANKS[rankOf(a)] - RANKS[rankOf(b)] || natural.compare(a.agent, b.agent))
    .filter((one, at) => areAll || at < MAX_AGENTS || rankOf(one) === "refused" || one.agent === agent);
}
