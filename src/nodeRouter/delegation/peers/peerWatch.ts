// Asks every peer how it is, again and again, so that tasks and people find out without asking it.
import type { ConfiguredPeer } from "../../../config/resolvePeers.ts";
import type { Transition } from "../../../presence/presence.ts";
import type { PeerAnswer, PeerClient } from "../carrier/peerClient.ts";
import { askCard } from "../protocol/askPeer.ts";
import { type KnownPeer, type PeerWatch, UNKNOWN_PEER } from "./knownPeers.ts";
import { withChange } from "./peerChanges.ts";
import { afterLook, afterTask } from "./peerLook.ts";

/**
 * A peer that is gone is out after the look that was due, two that wait for nothing, and no pause between them: 9 s.
 * Milliseconds.
 */
export const LOOK = { everyMs: 4_000, timeoutMs: 2_500 } as const;

export interface PeerWatchNeeds {
  /** Those of the config, asked at each look. */
  readonly peers: () => ReadonlyMap<string, ConfiguredPeer>;
  /** The kept connection to it; null: it cannot be asked. */
  readonly client: (peer: ConfiguredPeer) => PeerClient | null;
  /** Id of this gateway. */
  readonly gateway: () => string;
  /** Epoch ms. */
  readonly now: () => number;
  /** It went away, came back, or cannot be used any more. */
  readonly onChange: (peer: string, before: KnownPeer, after: KnownPeer) => void;
}

export interface RunningPeerWatch extends PeerWatch {
  /** Looks at once at peers that are new in the config, and forgets those that are gone. */
  refresh(): void;
  stop(): void;
}

/** Begins at once. */
export function watchPeers(needs: PeerWatchNeeds): RunningPeerWatch {
  let known: ReadonlyMap<string, KnownPeer> = new Map();
  let changes: readonly Transition[] = [];
  const timers = new Map<string, NodeJS.Timeout>();
  const looking = new Map<string, Promise<KnownPeer>>();
  let isOver = false;

  const of = (name: string): KnownPeer => known.get(name) ?? UNKNOWN_PEER;
  const note = (name: string, after: KnownPeer): KnownPeer => {
    const before = of(name);
    if (!needs.peers().has(name)) return after;
    known = new Map([...known, [name, after]]);
    changes = withChange(changes, name, before, after, needs.now());
    if (before.online !== after.online || before.unfit !== after.unfit) needs.onChange(name, before, after);
    return after;
  };
  const ask = async (peer: ConfiguredPeer): Promise<KnownPeer> => {
    const client = needs.client(peer);
    if (client === null) return of(peer.name);
    const { method, params } = askCard();
    const answer: PeerAnswer = await client.call(method, params, { timeoutMs: LOOK.timeoutMs });
    return note(
      peer.name,
      afterLook(
        of(peer.name),
        { answer, isPlain: peer.protocol === "a2a", nowMs: needs.now() },
        needs.gateway(),
      ),
    );
  };
  const look = (name: string): Promise<KnownPeer> => {
    const peer = needs.peers().get(name);
    if (peer === undefined || isOver) return Promise.resolve(of(name));
    const before = looking.get(name);
    if (before !== undefined) return before;
    const mine = ask(peer).finally(() => {
      looking.delete(name);
      plan(name);
    });
    looking.set(name, mine);
    return mine;
  };
  /** The first miss is looked into at once. */
  const plan = (name: string): void => {
    if (isOver || !isAsked(name)) return;
    const { misses, online } = of(name);
    clearTimeout(timers.get(name));
    const waitMs = misses > 0 && online !== false ? 0 : LOOK.everyMs;
    timers.set(name, setTimeout(() => void look(name), waitMs).unref());
  };
  const isAsked = (name: string): boolean => {
    const peer = needs.peers().get(name);
    return peer !== undefined && peer.token !== null && peer.way !== null;
  };
  const refresh = (): void => {
    for (const [name, timer] of timers) {
      if (isAsked(name)) continue;
      clearTimeout(timer);
      timers.delete(name);
    }
    known = new Map([...known].filter(([name]) => isAsked(name)));
    for (const name of needs.peers().keys()) if (isAsked(name) && !timers.has(name)) void look(name);
  };

  refresh();
  return {
    known: () => known,
    changes: () => changes,
    saw(peer, answered) {
      if (!isAsked(peer)) return;
      const { misses } = note(peer, afterTask(of(peer), answered, needs.now()));
      if (misses === 1) void look(peer);
    },
    probe: look,
    refresh,
    stop() {
      isOver = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
