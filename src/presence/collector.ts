// Runs every source on a loop of its own: interval, jitter, time-out and back-off; none can stall another.
import { messageOf } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import type { PresenceSink, PresenceSource, PresenceTarget, SourceHealth } from "./record.ts";

/** Thrown by a round whose source is not there at all, such as a Tailscale that is not installed: that is no failure. */
export class SourceAbsent extends Error {}

export interface CollectorOptions {
  readonly sources: readonly PresenceSource[];
  /** What is to be observed now; asked anew for every round. */
  readonly targets: () => readonly PresenceTarget[];
  readonly sink: PresenceSink;
  /** Epoch ms. */
  readonly now: () => number;
  /** 0 to 1: spreads the rounds, so that the sources of many gateways do not beat together. */
  readonly random: () => number;
  readonly log: Logger;
}

export interface Collector {
  health(): readonly SourceHealth[];
  /** Ends every loop and aborts what runs. */
  stop(): void;
}

/** Share of the interval by which it varies. */
const JITTER = 0.1;
const LONGEST_BACKOFF_MS = 60_000;

/** Begins a loop for every source. What a source throws is its own health, and never leaves its loop. */
export function startCollector(options: CollectorOptions): Collector {
  const loops = options.sources.map((source) => startLoop(source, options));
  return {
    health: () => loops.map((loop) => loop.health()),
    stop() {
      for (const loop of loops) loop.stop();
    },
  };
}

interface Loop {
  health(): SourceHealth;
  stop(): void;
}

function startLoop(source: PresenceSource, options: CollectorOptions): Loop {
  const { targets, now, random, log } = options;
  const ended = new AbortController();
  const sink = sinkUntil(options.sink, ended.signal);
  let health: SourceHealth = { id: source.id, lastOkMs: null, failures: 0, lastError: null };
  /** A round that did not heed its time-out: the next waits for it, or rounds would pile up. */
  let busy: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let endWatch: (() => void) | null = null;
  let watchFailures = 0;
  let isAbsent = false;

  const failed = (error: unknown): void => {
    const reason = messageOf(error);
    isAbsent = error instanceof SourceAbsent;
    if (isAbsent) {
      health = { ...health, failures: 0, lastError: reason };
      return;
    }
    // Once a change is enough: a source that is not there would fill the log.
    if (health.lastError !== reason) log.info({ source: source.id, reason }, "presence: source failed");
    health = { ...health, failures: health.failures + 1, lastError: reason };
  };

  const round = async (): Promise<void> => {
    if (busy !== null) {
      failed(
        new Error(`it did not answer within ${source.timeoutMs} ms, and its last question is still open`),
      );
      return;
    }
    const late = new AbortController();
    const timeout = setTimeout(() => late.abort(), source.timeoutMs).unref();
    const signal = AbortSignal.any([ended.signal, late.signal]);
    const running = (async () => source.round(targets(), sink, signal))();
    busy = running.catch(() => {}).finally(() => (busy = null));
    try {
      await Promise.race([running, aborted(signal, source.timeoutMs)]);
      if (ended.signal.aborted) return;
      if (health.lastError !== null) log.info({ source: source.id }, "presence: source answers again");
      health = { id: source.id, lastOkMs: now(), failures: 0, lastError: null };
      isAbsent = false;
    } catch (error) {
      if (!ended.signal.aborted) failed(error);
    } finally {
      clearTimeout(timeout);
    }
  };

  const plan = (ms: number, work: () => void): NodeJS.Timeout => setTimeout(work, ms).unref();
  const spread = (ms: number): number => ms * (1 - JITTER + 2 * JITTER * random());

  const next = (): void => {
    if (ended.signal.aborted) return;
    const interval = source.intervalMs(targets().length);
    const backOff =
      health.failures === 0
        ? 0
        : Math.min(LONGEST_BACKOFF_MS, interval * 2 ** Math.min(health.failures - 1, 8));
    // Somebody may install it; until then looking for it costs processes on some systems.
    timer = plan(spread(Math.max(interval, backOff, isAbsent ? LONGEST_BACKOFF_MS : 0)), run);
  };
  const run = (): void => void round().then(next);

  const watch = (): void => {
    endWatch = null;
    if (ended.signal.aborted || source.watch === undefined) return;
    const beganMs = now();
    endWatch = source.watch(targets, sink, () => {
      // One that held for a while was a good one.
      watchFailures = now() - beganMs > LONGEST_BACKOFF_MS ? 0 : watchFailures + 1;
      endWatch = null;
      if (!ended.signal.aborted) {
        plan(spread(Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** Math.min(watchFailures, 8))), watch);
      }
    });
  };

  run();
  watch();
  return {
    health: () => health,
    stop() {
      ended.abort();
      if (timer !== null) clearTimeout(timer);
      endWatch?.();
    },
  };
}

/** What was asked before the end may be answered after it, of nodes that others ask by then. */
function sinkUntil(sink: PresenceSink, ended: AbortSignal): PresenceSink {
  return {
    observe: (observation) => void (ended.aborted || sink.observe(observation)),
    answer: (answer) => void (ended.aborted || sink.answer(answer)),
    forget: (source, nodes) => void (ended.aborted || sink.forget(source, nodes)),
  };
}

/** Rejects when the signal fires. */
function aborted(signal: AbortSignal, timeoutMs: number): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error(`it did not answer within ${timeoutMs} ms`));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
