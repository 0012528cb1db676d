// All that the sources said of one node, and the record that it comes to. Pure.
import type { NodeLocation } from "../shared/types.ts";
import { saidAtMs } from "./facts.ts";
import { ANSWER_HOLDS_MS, presenceStateOf } from "./freshness.ts";
import { mergeFacts } from "./merge.ts";
import { hasTaught, NEVER_ASKED, type ReachMemory, reachAt } from "./reach.ts";
import type { NodePresence, Observation, Place, PresenceTarget, Reach, Said, SourceName } from "./record.ts";

export interface Known {
  readonly observations: Map<SourceName, Observation>;
  node: ReachMemory;
  ssh: ReachMemory;
  /** Kept when a path goes idle; goes with the source's observation. */
  readonly addresses: Map<SourceName, { readonly value: string; readonly atMs: number }>;
}

/** Where a node is, from all that is said of it. Pure but for the look into a local file. */
export type Locate = (
  declared: NodeLocation | null,
  facts: NodePresence["facts"],
  places: readonly Place[],
  said: Said,
) => Pick<NodePresence, "location" | "otherPlaces" | "contradictions" | "witnesses">;

/** Of a node of which no source has said anything, and that nobody has asked. */
export function nothingKnown(): Known {
  return { observations: new Map(), node: NEVER_ASKED, ssh: NEVER_ASKED, addresses: new Map() };
}

/** The record, but for since when it has its state. */
export function describe(
  target: PresenceTarget,
  { observations, node, ssh, addresses }: Known,
  locate: Locate,
  nowMs: number,
): Omit<NodePresence, "sinceMs"> {
  const said = [...observations.values()];
  const { facts, contradictions } = mergeFacts(said, nowMs);
  const reach = {
    node: target.nodeId === null ? null : reachAt(node, nowMs),
    ssh: target.ssh ? reachAt(ssh, nowMs) : null,
  };
  const places = said.flatMap(({ places: own = [] }) => own);
  const place = locate(target.declared, facts, places, { observations: said, addresses, nowMs });
  return {
    node: target.name,
    ...presenceStateOf({ reach, facts, nowMs }),
    reach,
    rttMs: rttOf(reach.ssh, nowMs) ?? rttOf(reach.node, nowMs),
    facts,
    location: place.location,
    otherPlaces: place.otherPlaces,
    contradictions: [...contradictions, ...place.contradictions],
    ...(place.witnesses === undefined ? {} : { witnesses: place.witnesses }),
  };
}

/** What a source says now, in the place of what it said before. */
export function takeObservation({ observations, addresses }: Known, observation: Observation): void {
  observations.set(observation.source, observation);
  const value = observation.facts.publicAddress;
  if (value !== undefined)
    addresses.set(observation.source, { value, atMs: saidAtMs(observation, "publicAddress") });
}

/** The source has nothing on the node any more. @returns whether it had. */
export function forgetSource({ observations, addresses }: Known, source: SourceName): boolean {
  addresses.delete(source);
  return observations.delete(source);
}

/**
 * Before each of its ways was asked, and something was learned over one, there is nothing to note: a restart of the gateway
 * is no change of the node, nor is a question that a busy gateway could not put in its first seconds.
 */
export function wasAsked(target: PresenceTarget, { observations, node, ssh }: Known): boolean {
  if (target.nodeId === null && !target.ssh) return observations.size > 0;
  const ways = [...(target.nodeId === null ? [] : [node]), ...(target.ssh ? [ssh] : [])];
  return ways.every((way) => way !== NEVER_ASKED) && ways.some(hasTaught);
}

/** SECURITY: under the same name it can be another machine from now on, of which nothing was ever said. */
export function forgetOthers(of: Known, was: PresenceTarget, is: PresenceTarget): void {
  if (was.nodeId !== is.nodeId) {
    of.node = NEVER_ASKED;
    forgetSource(of, "gateway");
    forgetSource(of, "plugin");
  }
  if (was.ssh !== is.ssh || was.sshTo !== is.sshTo) {
    of.ssh = NEVER_ASKED;
    forgetSource(of, "ssh");
  }
  if (was.tailscale !== is.tailscale) forgetSource(of, "tailscale");
}

/** Null too where the last answer is too old to measure by. */
function rttOf(reach: Reach | null, nowMs: number): number | null {
  if (reach?.state !== "up" || reach.lastAnswerMs === null) return null;
  return nowMs - reach.lastAnswerMs > ANSWER_HOLDS_MS ? null : reach.rttMs;
}
