// All that the sources said of one node, and the record that it comes to. Pure.
import type { NodeLocation } from "../shared/types.ts";
import { FACT_NAMES, saidAtMs } from "./facts.ts";
import { ANSWER_HOLDS_MS, presenceStateOf } from "./freshness.ts";
import { mergeFacts } from "./merge.ts";
import { hasTaught, NEVER_ASKED, type ReachMemory, reachAt } from "./reach.ts";
import type {
  FactName,
  NodePresence,
  Observation,
  Place,
  PresenceTarget,
  Reach,
  Said,
  SourceName,
} from "./record.ts";

export interface Known {
  readonly observations: Map<SourceName, Observation>;
  node: ReachMemory;
  ssh: ReachMemory;
  /** Kept when a path goes idle; goes with the source's observation. */
  readonly addresses: Map<SourceName, { readonly value: string; readonly atMs: number }>;
  /** Kept when the source names none any more; goes with its observation. */
  readonly places: Map<SourceName, { readonly value: readonly Place[]; readonly atMs: number }>;
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
  return {
    observations: new Map(),
    node: NEVER_ASKED,
    ssh: NEVER_ASKED,
    addresses: new Map(),
    places: new Map(),
  };
}

/** The record, but for since when it has its state. */
export function describe(
  target: PresenceTarget,
  { observations, node, ssh, addresses, places: named }: Known,
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
  const place = locate(target.declared, facts, places, {
    observations: said,
    addresses,
    places: named,
    nowMs,
  });
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
export function takeObservation(of: Known, said: Observation): void {
  const { observations, addresses, places } = of;
  const { source } = said;
  // SECURITY: of the machine that had the name before, nothing holds for this one.
  if (observations.get(source)?.of !== said.of) forgetSource(of, source);
  const before = observations.get(source);
  observations.set(source, before === undefined ? said : withUnsaid(said, before));
  const address = said.facts.publicAddress;
  if (address !== undefined) addresses.set(source, { value: address, atMs: saidAtMs(said, "publicAddress") });
  if (said.places !== undefined && said.places.length > 0)
    places.set(source, { value: said.places, atMs: said.atMs });
}

/** SECURITY: what speaks against a node's place holds until the source says something else; silence takes nothing back. */
const OBJECTING: readonly FactName[] = ["timeZone", "tailnetRelay"];

/** An address has a memory of its own. */
const ALL = FACT_NAMES.filter((name) => name !== "publicAddress");

/** Each fact that only the earlier observation has is as old as it was there. */
function withUnsaid(said: Observation, before: Observation): Observation {
  const kept = said.isPartial === true ? ALL : OBJECTING;
  const unsaid = kept.filter((name) => said.facts[name] === undefined && before.facts[name] !== undefined);
  if (unsaid.length === 0) return said;
  const facts = Object.fromEntries(unsaid.map((name) => [name, before.facts[name]]));
  const ages = Object.fromEntries(unsaid.map((name) => [name, saidAtMs(before, name)]));
  return { ...said, facts: { ...facts, ...said.facts }, factAtMs: { ...ages, ...said.factAtMs } };
}

/** The source has nothing on the node any more. @returns whether it had. */
export function forgetSource({ observations, addresses, places }: Known, source: SourceName): boolean {
  addresses.delete(source);
  places.delete(source);
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
