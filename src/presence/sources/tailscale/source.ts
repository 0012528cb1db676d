// Presence source: what the tailnet's control plane and this machine's Tailscale know of the nodes.
import { SourceAbsent } from "../../collector.ts";
import { type DerpMap, derpCodeOf } from "../../location/derpRegions.ts";
import type { PresenceSink, PresenceSource, PresenceTarget } from "../../record.ts";
import type { BusEvent } from "./bus.ts";
import { peersCalled } from "./match.ts";
import { createTailnetNodes } from "./peers.ts";
import { createTailnetReader, type TailnetReader } from "./reader.ts";
import { type WantPeer, whyUnknown } from "./status.ts";

export interface TailscaleSource extends PresenceSource {
  /** The tailnet's relay regions, at most about an hour old; null: never had. */
  derpMap(): DerpMap | null;
  /** Why a target has no peer, by inventory name: `no peer is called "mac-sg"`. Empty while nothing is known. */
  unmatched(): ReadonlyMap<string, string>;
  /** Code of this machine's own home relay; null: not known. */
  selfRelay(): string | null;
  /** Inventory names of the nodes that are this machine itself, as far as known. */
  selfNodes(): readonly string[];
}

export interface TailscaleSourceOptions {
  /** Epoch ms. */
  readonly now: () => number;
  readonly reader?: TailnetReader;
}

const INTERVAL_MS = 15_000;
const READ_TIMEOUT_MS = 8_000;
/** So that our own words come before the collector's. */
const ROUND_TIMEOUT_MS = READ_TIMEOUT_MS + 2_000;
const DERP_MAP_MS = 60 * 60_000;
/** An older Tailscale, or the command alone, has no map: not asked again with every round. */
const DERP_RETRY_MS = 5 * 60_000;

/** The source `tailscale`. Without a Tailscale on this machine it is absent, which is no failure. */
export function createTailscaleSource(options: TailscaleSourceOptions): TailscaleSource {
  const { now, reader = createTailnetReader() } = options;
  const derp = createDerpCache(reader, now);
  const nodes = createTailnetNodes(now, (id) => derpCodeOf(id, derp.map()));
  let selfRelay: string | null = null;

  /** Rejects with the reason when nothing is known of any node. */
  const round: PresenceSource["round"] = async (targets, sink, signal) => {
    const wants = wantsOf(targets);
    if (wants === null) {
      nodes.forget(sink);
      return;
    }
    const begunMs = now();
    const [read] = await Promise.all([reader.status(wants, READ_TIMEOUT_MS, signal), derp.refresh(signal)]);
    signal.throwIfAborted();
    // It may answer the next time: what it said grows old by itself.
    if (read.kind === "failed") throw new Error(`Tailscale could not be asked: ${read.reason}`);
    const reason = read.kind === "status" ? whyUnknown(read.status) : read.reason;
    if (read.kind !== "status" || reason !== null) {
      nodes.forget(sink);
      selfRelay = null;
      if (read.kind === "absent") throw new SourceAbsent(read.reason);
      throw new Error(reason ?? "Tailscale says nothing");
    }
    selfRelay = read.status.self?.relay ?? null;
    nodes.apply(read.status, begunMs, targets, sink);
  };

  const watch = (
    targets: () => readonly PresenceTarget[],
    sink: PresenceSink,
    onEnd: (error: unknown) => void,
  ): (() => void) => {
    const ended = new AbortController();
    const openedMs = now();
    let isStopped = false;
    // What fails in a reading fails in the next round too, which tells.
    const readAgain = coalesce(() => round(targets(), sink, ended.signal).catch(() => {}));

    const onEvent = (event: BusEvent): void => {
      if (event.kind === "status") {
        if (whyUnknown(event.status) === null) nodes.apply(event.status, openedMs, targets(), sink);
        else nodes.forget(sink);
      } else if (event.kind === "patches") {
        nodes.patch(event.patches, sink);
      } else if (event.kind === "state" && !event.running) {
        nodes.forget(sink);
      } else if (event.kind === "state" || nodes.concern(event.nodeIds)) {
        readAgain();
      }
    };

    const late = setTimeout(
      () => ended.abort(new Error(`no answer within ${READ_TIMEOUT_MS} ms`)),
      READ_TIMEOUT_MS,
    ).unref();
    const wants = wantsOf(targets()) ?? (() => false);
    reader
      .watch(wants, onEvent, () => clearTimeout(late), ended.signal)
      .catch((error: unknown) => {
        clearTimeout(late);
        if (!isStopped) onEnd(ended.signal.aborted ? ended.signal.reason : error);
        ended.abort();
      });
    return () => {
      isStopped = true;
      clearTimeout(late);
      ended.abort();
    };
  };

  return {
    id: "tailscale",
    intervalMs: () => INTERVAL_MS,
    timeoutMs: ROUND_TIMEOUT_MS,
    round,
    watch,
    derpMap: derp.map,
    unmatched: nodes.unmatched,
    selfRelay: () => selfRelay,
    selfNodes: nodes.self,
  };
}

/** Null: no target is on a tailnet. */
function wantsOf(targets: readonly PresenceTarget[]): WantPeer | null {
  const wanted = targets.map(({ tailscale }) => tailscale).filter((name) => name !== null);
  return wanted.length === 0 ? null : peersCalled(wanted);
}

/** Changes come in bursts: one piece of work at a time, and one more for all that was asked for meanwhile. */
function coalesce(work: () => Promise<void>): () => void {
  let isRunning = false;
  let isDue = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (isDue) {
      isDue = false;
      await work();
    }
    isRunning = false;
  };
  return () => {
    isDue = true;
    if (!isRunning) void run();
  };
}

interface DerpCache {
  map(): DerpMap | null;
  /** Reads it when it is due. Never rejects. */
  refresh(signal: AbortSignal): Promise<void>;
}

function createDerpCache(reader: TailnetReader, now: () => number): DerpCache {
  let map: DerpMap | null = null;
  let askedMs = 0;
  let dueMs = Number.NEGATIVE_INFINITY;
  return {
    map: () => map,
    async refresh(signal) {
      // After the clock was set back it would not be due for as long as that.
      if (now() < dueMs && now() >= askedMs) return;
      askedMs = now();
      const read = await reader.derpMap(READ_TIMEOUT_MS, signal);
      map = read ?? map;
      dueMs = askedMs + (read === null ? DERP_RETRY_MS : DERP_MAP_MS);
    },
  };
}
