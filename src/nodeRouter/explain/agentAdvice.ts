// What an agent can do when no node fits: which node is away since when, whether waiting helps, whom to tell. Pure.
import type { NodePresence } from "../../presence/record.ts";
import { isoTime } from "../../shared/isoTime.ts";
import { roughDuration } from "../../shared/roughDuration.ts";
import { nameText } from "../../shared/safeText.ts";
import type { Candidate, PlacementDecision } from "../placement/model/decision.ts";
import { needsPeer } from "../placement/model/way.ts";

/** Nodes that are named; the others are counted. */
const MAX_NAMED = 3;

/** What is known beside the decision. */
export interface KnownNow {
  /** By inventory name. */
  readonly presence: ReadonlyMap<string, NodePresence>;
  /** Epoch ms that spans are told from; null: not known. */
  readonly nowMs: number | null;
}

/**
 * `Node mac-sg is offline since 2026-01-31T08:00:00Z (4 min). Trying again helps once …`: of the nodes that a rule means alone,
 * for the others are no business of the agent's. Without a full stop.
 */
export function agentAdvice(decision: PlacementDecision, known: KnownNow): string {
  const meant = new Map(
    [...(decision.before ?? []), decision]
      .flatMap((one) => one.candidates())
      .filter(({ reason }) => reason?.about === "node")
      .map((candidate) => [candidate.node, candidate]),
  );
  const candidates = [...meant.values()].sort(
    (a, b) => Number(b.passing !== null) - Number(a.passing !== null),
  );
  const named = candidates.slice(0, MAX_NAMED).map((one) => stateText(one, known));
  const more = candidates.length - named.length;
  const isTask = needsPeer(decision.request);
  const told = [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
  const states = told === "" ? "" : `${isTask ? "Peer" : "Node"} ${told}. `;
  // In a sandbox an agent has the tools of plugins only where its operator lists them.
  const look = isTask || decision.request.binding === "workspace" ? "" : ", which node_route shows";
  return candidates.some(({ passing }) => passing !== null)
    ? `${states}Trying again helps once that has changed${look}; if it cannot wait, tell your user`
    : `${states}Trying again does not help before the operator changes that: tell your user`;
}

function stateText({ node, passing, reason, transport }: Candidate, { presence, nowMs }: KnownNow): string {
  const name = nameText(node);
  const words = passing ?? reason?.one ?? "cannot be used";
  const record = presence.get(node);
  if (passing !== "is offline" || record === undefined) return `${name} ${words}`;
  const lastMs =
    transport === null || transport === "peer" ? null : (record.reach[transport]?.lastAnswerMs ?? null);
  const sinceMs = record.state === "offline" ? (record.sinceMs ?? lastMs) : lastMs;
  // Milliseconds would cost a model tokens.
  const since = isoTime(sinceMs)?.replace(/\.\d{3}Z$/, "Z");
  if (sinceMs === null || since === undefined) return `${name} ${words}`;
  const lasts = nowMs === null || nowMs < sinceMs ? "" : ` (${roughDuration(nowMs - sinceMs)})`;
  return `${name} ${words} since ${since}${lasts}`;
}
