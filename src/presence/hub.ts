// Puts presence together: what the sources say goes in, one record a node comes out, and its history is kept.
import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { NodeLocation } from "../types.ts";
import type {
  Answer,
  NodePresence,
  Observation,
  Place,
  PresenceSink,
  PresenceTarget,
  Reach,
  SourceHealth,
  SourceName,
} from "./contract.ts";
import { ANSWER_HOLDS_MS, stateOf } from "./freshness.ts";
import { historyOf, type NodeRecord, recordState } from "./history.ts";
import { mergeFacts } from "./merge.ts";
import type { Presence, Transition } from "./presence.ts";
import { NEVER_ASKED, type ReachMemory, reachAt, takeAnswer } from "./reach.ts";

/** Where a node is, from all that is said of it. Pure but for the look into a local file. */
export type Locate = (
  declared: NodeLocation | null,
  facts: NodePresence["facts"],
  places: readonly Place[],
) => Pick<NodePresence, "location" | "otherPlaces" | "contradictions">;

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
  readonly attributions: () => readonly string[];
}

export interface Hub extends Presence {
  readonly sink: PresenceSink;
  /** Works out every record anew: answers and facts age, targets come and go. To be called every few seconds. */
  refresh(): void;
  /** By inventory name, for the store; of nodes that are gone too. */
  records(): ReadonlyMap<string, NodeRecord>;
  /** What is known stays; the next thing is done with these. */
  use(parts: HubParts): void;
}

/** All that is known of one node, before it is made into a record. */
interface Known {
  readonly observations: Map<SourceName, Observation>;
  node: ReachMemory;
  ssh: ReachMemory;
}

/** Round trips and last answers change with every answer; readers need them no more often than this. */
const PUBLISH_MS = 1_000;
const MAX_EVENTS = 2_000;

/** @param stored histories of an earlier life, by inventory name. */
export function createHub(initial: HubParts, stored: ReadonlyMap<string, NodeRecord> = new Map()): Hub {
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
    const present = known.get(name);
    if (present !== undefined) return present;
    const fresh: Known = { observations: new Map(), node: NEVER_ASKED, ssh: NEVER_ASKED };
    known.set(name, fresh);
    return fresh;
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
    const { observations, node, ssh } = known.get(target.name) ?? NOTHING;
    const said = [...observations.values()];
    const { facts, contradictions } = mergeFacts(said, nowMs);
    const reach = {
      node: target.nodeId === null ? null : reachAt(node, nowMs),
      ssh: target.ssh ? reachAt(ssh, nowMs) : null,
    };
    const place = locate(
      target.declared,
      facts,
      said.flatMap(({ places = [] }) => places),
    );
    const { state, reason } = stateOf({ reach, facts, nowMs });
    const before = records.get(target.name) ?? null;
    // Before each of its ways was asked there is nothing to note: a restart of the gateway is no change of the node.
    const hasTransport = target.nodeId !== null || target.ssh;
    const isOpen = (target.nodeId !== null && node === NEVER_ASKED) || (target.ssh && ssh === NEVER_ASKED);
    const isAsked = hasTransport ? !isOpen : said.length > 0;
    const record = isAsked ? recordState(before, { node: target.name, state, reason, nowMs }) : null;
    if (record !== null) {
      records.set(target.name, record);
      if (before?.state !== state) {
        parts.log.info(
          { node: target.name, from: before?.state ?? null, to: state, reason },
          "presence: state changed",
        );
      }
    }
    return {
      node: target.name,
      state,
      reason,
      sinceMs: record?.sinceMs ?? null,
      reach,
      rttMs: rttOf(reach.ssh, nowMs) ?? rttOf(reach.node, nowMs),
      facts,
      location: place.location,
      otherPlaces: place.otherPlaces,
      contradictions: [...contradictions, ...place.contradictions],
    };
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
      if (was !== undefined && of !== undefined) forgetOthers(of, was, target);
    }
  };

  const sink: PresenceSink = {
    observe(observation) {
      knownOf(observation.node).observations.set(observation.source, observation);
      changed(observation.node, false);
    },
    answer(answer: Answer) {
      const of = knownOf(answer.node);
      const before = of[answer.transport];
      const after = takeAnswer(before, answer);
      of[answer.transport] = after;
      changed(answer.node, before.reach.state !== after.reach.state);
    },
    forget(source, nodes) {
      for (const name of nodes) {
        if (known.get(name)?.observations.delete(source)) changed(name, false);
      }
    },
  };

  readTargets();
  publish(null);
  return {
    sink,
    current: () => published,
    sources: () => parts.health(),
    gatewayPlace: () => parts.gatewayPlace(),
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

const NOTHING: Known = { observations: new Map(), node: NEVER_ASKED, ssh: NEVER_ASKED };

const NOWHERE: ReturnType<Locate> = { location: null, otherPlaces: [], contradictions: [] };

/** SECURITY: under the same name it can be another machine from now on, of which nothing was ever said. */
function forgetOthers(of: Known, was: PresenceTarget, is: PresenceTarget): void {
  if (was.nodeId !== is.nodeId) {
    of.node = NEVER_ASKED;
    of.observations.delete("gateway");
  }
  if (was.ssh !== is.ssh || was.sshTo !== is.sshTo) {
    of.ssh = NEVER_ASKED;
    of.observations.delete("ssh");
  }
  if (was.tailscale !== is.tailscale) of.observations.delete("tailscale");
}

/** Null too where the last answer is too old to measure by. */
function rttOf(reach: Reach | null, nowMs: number): number | null {
  if (reach?.state !== "up" || reach.lastAnswerMs === null) return null;
  return nowMs - reach.lastAnswerMs > ANSWER_HOLDS_MS ? null : reach.rttMs;
}
