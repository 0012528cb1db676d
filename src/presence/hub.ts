// Puts presence together: what the sources say goes in, one record a node comes out, and its history is kept.

import { loadCountries } from "../shared/countries.ts";
import { messageOf } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import { onceFor } from "../shared/once.ts";
import { defineSlot } from "../shared/processMemory.ts";
import {
  describe,
  forgetOthers,
  forgetSource,
  type Known,
  type Locate,
  nothingKnown,
  takeObservation,
  wasAsked,
} from "./describe.ts";
import { historyOf, type NodeRecord, recordState } from "./history.ts";
import { cleanObservation, cleanReason } from "./nodeFacts.ts";
import type { Presence, Transition } from "./presence.ts";
import { takeAnswer } from "./reach.ts";
import type {
  NodePresence,
  Place,
  PlaceWitness,
  PresenceSink,
  PresenceTarget,
  ReachAnswer,
  SourceHealth,
} from "./record.ts";
import { observationOf, seenOf } from "./restore.ts";

/** What the hub needs of whoever runs it; a reload of the plugin brings new ones. */
export interface HubParts {
  /** What there is to observe now. */
  readonly targets: () => readonly PresenceTarget[];
  readonly locate: Locate;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  /** How the sources are. */
  readonly health: () => readonly SourceHealth[];
  readonly gatewayPlace: () => Place | null;
  readonly gatewayWitnesses?: () => readonly PlaceWitness[];
  readonly attributions: () => readonly string[];
}

export interface Hub extends Presence {
  readonly sink: PresenceSink;
  /** Works out every record anew: answers and facts age, targets come and go. To be called every few seconds. */
  refresh(): void;
  /**
   * For who decides while no service observes: of each record nothing but what speaks against the node's place, which
   * nobody has taken back. The same object until something is published.
   */
  unobserved(): ReadonlyMap<string, NodePresence>;
  /** By inventory name, for the store; of nodes that are gone too. */
  records(): ReadonlyMap<string, NodeRecord>;
  /** What is known stays; the next thing is done with these. */
  use(parts: HubParts): void;
}

/** A reload of the plugin goes on with it; empty until the first service. */
export const PRESENCE_HUB = defineSlot<Hub>("presence-hub", 2);

/** Round trips and last answers change with every answer; readers need them no more often than this. */
const PUBLISH_MS = 1_000;
const MAX_EVENTS = 2_000;

/** @param stored histories of an earlier life, by inventory name. */
export function createHub(initial: HubParts, stored: ReadonlyMap<string, NodeRecord> = new Map()): Hub {
  // It outlives a reload, and the files of its code do not.
  loadCountries();
  let parts = initial;
  const known = new Map<string, Known>();
  const records = new Map(stored);
  let published: ReadonlyMap<string, NodePresence> = new Map();
  const listeners = new Set<() => void>();
  /** Nodes whose record is to be worked out at the next publication. */
  const dirty = new Set<string>();
  let publishedMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let immediate: NodeJS.Immediate | null = null;
  let targetsByName: ReadonlyMap<string, PresenceTarget> = new Map();
  let locateProblem: string | null = null;

  const knownOf = (name: string): Known => {
    const present = known.get(name) ?? nothingKnown();
    known.set(name, present);
    return present;
  };

  /** It looks into the config and a file: what fails there must hold up no answer, in whose timer this runs. */
  const locate: Locate = (...said) => {
    try {
      const place = parts.locate(...said);
      locateProblem = null;
      return place;
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== locateProblem) parts.log.warn({ reason }, "presence: places could not be worked out");
      locateProblem = reason;
      return NOWHERE;
    }
  };

  const recordOf = (target: PresenceTarget, nowMs: number): NodePresence => {
    const of = known.get(target.name) ?? nothingKnown();
    const described = describe(target, of, locate, nowMs);
    if (!wasAsked(target, of)) return { ...described, sinceMs: null };
    const { state, reason } = described;
    const before = records.get(target.name) ?? null;
    const record = recordState(before, described, nowMs);
    const said = of.observations.get("ssh");
    records.set(target.name, said === undefined ? record : { ...record, seen: seenOf(target, said) });
    if (before?.state !== state) {
      const change = { node: target.name, from: before?.state ?? null, to: state, reason };
      parts.log.info(change, "presence: state changed");
    }
    return { ...described, sinceMs: record.sinceMs };
  };

  const publish = (names: ReadonlySet<string> | null): void => {
    if (timer !== null) clearTimeout(timer);
    if (immediate !== null) clearImmediate(immediate);
    timer = null;
    immediate = null;
    const nowMs = parts.now();
    publishedMs = nowMs;
    const next = new Map(names === null ? [] : published);
    for (const [name, target] of targetsByName) {
      if (names === null || names.has(name)) next.set(name, recordOf(target, nowMs));
    }
    dirty.clear();
    published = next;
    for (const listener of listeners) listener();
  };

  const changed = (name: string, atOnce: boolean): void => {
    if (!targetsByName.has(name)) return;
    dirty.add(name);
    const waitMs = PUBLISH_MS - (parts.now() - publishedMs);
    // A clock that was set back must not hold a publication up.
    const isDue = atOnce || waitMs <= 0 || waitMs > PUBLISH_MS;
    // A cut takes many nodes at once: one publication for all of this turn.
    if (isDue) immediate ??= setImmediate(() => publish(new Set(dirty)));
    else timer ??= setTimeout(() => publish(new Set(dirty)), waitMs).unref();
  };

  const readTargets = (): void => {
    const before = targetsByName;
    targetsByName = new Map(parts.targets().map((target) => [target.name, target]));
    for (const [name, target] of targetsByName) {
      const [was, of] = [before.get(name), known.get(name)];
      const seen = of === undefined ? observationOf(target, records.get(name)?.seen ?? null) : null;
      if (seen !== null) knownOf(name).observations.set("ssh", cleanObservation(seen));
      if (was !== undefined && of !== undefined) forgetOthers(of, was, target);
    }
  };

  const sink: PresenceSink = {
    observe(observation) {
      takeObservation(knownOf(observation.node), cleanObservation(observation));
      changed(observation.node, false);
    },
    answer(answer: ReachAnswer) {
      const of = knownOf(answer.node);
      const before = of[answer.transport];
      const after = takeAnswer(before, { ...answer, reason: cleanReason(answer.reason) });
      of[answer.transport] = after;
      changed(answer.node, before.reach.state !== after.reach.state);
    },
    forget(source, nodes) {
      for (const name of nodes) {
        const of = known.get(name);
        if (of !== undefined && forgetSource(of, source)) changed(name, false);
      }
    },
  };

  readTargets();
  publish(null);
  return {
    sink,
    current: () => published,
    unobserved: () => unobserved(published),
    sources: () => parts.health(),
    gatewayPlace: () => parts.gatewayPlace(),
    gatewayWitnesses: () => parts.gatewayWitnesses?.() ?? [],
    attributions: () => parts.attributions(),
    records: () => records,
    use(next) {
      parts = next;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh() {
      readTargets();
      for (const name of known.keys()) if (!targetsByName.has(name)) known.delete(name);
      publish(null);
    },
    history(name) {
      const record = records.get(name);
      return record === undefined ? null : historyOf(name, record, parts.now());
    },
    events({ sinceMs, node }) {
      const all: Transition[] = [];
      for (const [name, { transitions }] of records)
        if (node === null || name === node) all.push(...transitions);
      return all
        .filter(({ atMs }) => sinceMs === null || atMs >= sinceMs)
        .sort((a, b) => b.atMs - a.atMs)
        .slice(0, MAX_EVENTS);
    },
  };
}

const unobserved = onceFor(
  (records: ReadonlyMap<string, NodePresence>): ReadonlyMap<string, NodePresence> => {
    const only = ({ node, sinceMs, witnesses }: NodePresence): NodePresence => ({
      ...UNOBSERVED,
      node,
      sinceMs,
      ...(witnesses === undefined ? {} : { witnesses }),
    });
    return new Map([...records].map(([name, record]) => [name, only(record)]));
  },
);

const UNOBSERVED = {
  state: "unknown",
  reason: "nobody observes it",
  reach: { node: null, ssh: null },
  rttMs: null,
  facts: {},
  location: null,
  otherPlaces: [],
  contradictions: [],
} as const satisfies Partial<NodePresence>;

const NOWHERE: ReturnType<Locate> = {
  location: null,
  otherPlaces: [],
  contradictions: [],
  witnesses: null,
};
