// Calls that wait for a node, first come first: whenever something changes each is decided again, and the first that fits goes.
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { PRESENCE } from "../../presence/presence.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import { definePart } from "../../shared/processMemory.ts";
import { CORDONS } from "../inventory/cordons.ts";
import { currentSnapshot, lastSnapshot, type SnapshotDeps } from "../inventory/currentSnapshot.ts";
import { JOBS } from "../jobs/jobs.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { RUNNING } from "../state/running.ts";

/** One call that waits, as status tells it. */
export interface WaitingCall {
  readonly agent: string;
  readonly tool: string;
  /** Epoch ms. */
  readonly sinceMs: number;
  /** Names of the nodes to which it would go if they had room. */
  readonly full: () => readonly string[];
}

interface Waiter extends WaitingCall {
  /** Decides again, from what is known now. */
  readonly look: () => void;
}

/** One in a process. What is in it outlives the registration that put it there. */
export interface WaitingRoom {
  /** In the order in which they came. */
  readonly calls: Set<Waiter>;
  /** Of what they were decided last. */
  seen: readonly unknown[];
}

export const WAITING = definePart("waiting", 2, (): WaitingRoom => ({ calls: new Set(), seen: [] }));

/** Far above what a gateway's agents ask at once; who comes later is refused as if its rule did not wait. */
const MAX_WAITING = 512;
/**
 * The host tells nobody that its list has changed, nor that it waits for calls of the plugin to be over: both are
 * looked for this often, and the list is read when it is a second old. Milliseconds.
 */
const LOOK_MS = 250;

/**
 * Lets those who wait be decided again. To be called before anybody else is decided: whoever waits comes first.
 * Calls nobody back who need not be asked: an empty room costs nothing.
 */
export function wakeWaiting({ memory }: Pick<SnapshotDeps, "memory">): void {
  for (const { look } of [...memory.part(WAITING).calls]) look();
}

/** What a call needs that waits. */
export interface Waits<T> {
  readonly agent: string;
  readonly tool: string;
  /** By the config and the nodes of this moment; takes what it is given at once. */
  readonly decide: (config: ResolvedConfig, snapshot: NodeSnapshot) => T;
  /** How long it may wait, ms in all; undefined: it need not wait, or waiting no longer helps. */
  readonly waitMs: (decided: T) => number | undefined;
  /** See `WaitingCall`. */
  readonly full: (decided: T) => readonly string[];
  /** Of the run. */
  readonly signal?: AbortSignal | undefined;
}

export interface Waited<T> {
  /** The last one. */
  readonly decided: T;
  /** Whole milliseconds. */
  readonly waitedMs: number;
  /** It had to be over before its time, because the plugin is about to be replaced. */
  readonly isCutShort?: boolean;
}

/**
 * Resolves when it need not wait any longer, with what was decided then; when its time is over or it is aborted, with
 * the last refusal. A config that was loaded meanwhile holds for it. A reload waits for every call of the plugin and
 * lets no other one begin until then (OpenClaw 2026.9.6), so whoever waits gives way.
 * @param first what was decided now, and must be waited for.
 */
export function waitForNode<T>(deps: SnapshotDeps, first: T, waits: Waits<T>): Promise<Waited<T>> {
  const { memory } = deps;
  const { agent, tool, signal } = waits;
  const room = memory.part(WAITING);
  const beganMs = performance.now();
  // Another one is a new registration's, for which the host waits until the calls of this one are over.
  const began = memory.part(PLUGIN_CONFIG).current;
  const waitedMs = (): number => Math.round(performance.now() - beganMs);
  if (room.calls.size >= MAX_WAITING) return Promise.resolve({ decided: first, waitedMs: 0 });
  return new Promise((resolve, reject) => {
    let decided = first;
    let isCutShort = false;
    let timer: NodeJS.Timeout | null = null;
    let presence: object | null = null;
    const unwatch = [memory.part(RUNNING).onFree(() => waiter.look()), () => clearInterval(ticks)];
    const leave = (): void => {
      room.calls.delete(waiter);
      if (timer !== null) clearTimeout(timer);
      for (const end of unwatch.splice(0)) end();
      signal?.removeEventListener("abort", end);
    };
    const end = (): void => {
      leave();
      resolve({ decided, waitedMs: waitedMs(), ...(isCutShort ? { isCutShort } : {}) });
    };
    const arm = (): void => {
      const ms = waits.waitMs(decided);
      const leftMs = (ms ?? 0) - waitedMs();
      if (timer !== null) clearTimeout(timer);
      if (leftMs <= 0) end();
      else timer = setTimeout(end, leftMs).unref();
    };
    const waiter: Waiter = {
      agent,
      tool,
      sinceMs: deps.now(),
      full: () => waits.full(decided),
      look() {
        const config = memory.part(PLUGIN_CONFIG).current;
        // Between two registrations nobody says what holds.
        if (config === null || signal?.aborted === true || !room.calls.has(waiter)) return;
        try {
          decided = waits.decide(config, lastSnapshot(deps, config));
          arm();
        } catch (error) {
          leave();
          reject(error);
        }
      },
    };
    const watchPresence = (): void => {
      const now = memory.part(PRESENCE).current;
      if (now === null || now === presence) return;
      presence = now;
      unwatch.push(now.onChange(() => waiter.look()));
    };
    // In the scope of this call: only its own authority may list nodes for it.
    const look = async (): Promise<void> => {
      watchPresence();
      const config = memory.part(PLUGIN_CONFIG).current;
      if (config === null) return;
      if (config !== began) {
        // An old registration may not be let ask any more.
        await currentSnapshot(deps, config, 0).catch(() => {});
        waiter.look();
        if (!room.calls.has(waiter)) return;
        isCutShort = true;
        end();
        return;
      }
      memory.part(RUNNING).sweep();
      await currentSnapshot(deps, config);
      const list = memory.part(NODE_READER).last()?.nodes;
      const jobs = memory.part(JOBS).ends();
      const seen = [
        config,
        list,
        memory.part(PRESENCE).current?.current(),
        memory.part(CORDONS).view(),
        jobs,
      ];
      if (seen.every((one, at) => one === room.seen[at])) return;
      room.seen = seen;
      wakeWaiting(deps);
    };
    const ticks = setInterval(() => void look().catch(() => {}), LOOK_MS).unref();
    room.calls.add(waiter);
    signal?.addEventListener("abort", end, { once: true });
    watchPresence();
    arm();
    // Something may have changed since it was decided.
    if (signal?.aborted === true) end();
    else waiter.look();
  });
}
