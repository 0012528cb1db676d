// One run in the host, watched until it is over: ended where it is canceled or late, and told by its session where the host says nothing of it.
import type { RunEnd, Subagents } from "../../host/subagents.ts";
import { hasEnded, type InboundTask } from "../model/incoming.ts";

/** Ms. */
export interface RunnerDelays {
  /** One wait for a run's end. */
  readonly waitMs: number;
  /** Between two looks at a run, and after a disk that refused. */
  readonly retryMs: number;
  /** A run that was ended, and of which the host says nothing, is over after so long. */
  readonly endedMs: number;
}

export interface FollowNeeds {
  readonly subagents: Subagents;
  readonly delays: RunnerDelays;
  /** Epoch ms. */
  readonly now: () => number;
  /** False: this registration is over. */
  readonly isOpen: () => boolean;
  readonly taskAt: (id: string) => InboundTask | null;
  /** Ended early where there is news of the task. */
  readonly pause: (id: string, ms: number) => Promise<null>;
}

/** A run that is over. */
export interface OverRun {
  /** As it was at the last look. */
  readonly task: InboundTask;
  readonly end: RunEnd;
  readonly isLate: boolean;
  /** Its session is being ended; null: it is not. Never rejects. */
  readonly ending: Promise<void> | null;
}

export const ENDED_OK: RunEnd = { isOk: true, text: null, error: null };

/** Null: there is nothing left to follow, or this registration is over. */
export async function followRun(needs: FollowNeeds, id: string): Promise<OverRun | null> {
  const { subagents, delays, now, isOpen, taskAt, pause } = needs;
  let endedAtMs: number | null = null;
  // One wait stays in hand: a gateway that is being stopped answers it, and takes no new one (2026.9.6).
  let inHand: Promise<RunEnd | null> | null = null;
  let yieldedAtMs: number | null = null;
  // The run ends at once, and its session up to seconds later.
  let ending: Promise<void> | null = null;
  while (isOpen()) {
    const task = taskAt(id);
    if (task === null || hasEnded(task)) return null;
    const lateAtMs = (task.startedAtMs ?? task.acceptedAtMs) + task.maxMinutes * 60_000;
    const isLate = now() >= lateAtMs;
    const isEnding = task.cancelRequested || isLate;
    if (isEnding)
      ending ??= subagents
        .end(task.session)
        .then(
          () => {
            endedAtMs ??= now();
          },
          () => {},
        )
        .finally(() => {
          ending = null;
        });
    inHand ??= subagents
      .wait(id, delays.waitMs)
      .catch((): null => null)
      .finally(() => {
        inHand = null;
      });
    const most = isEnding ? Math.min(delays.retryMs, 1_000) : Math.min(delays.retryMs, lateAtMs - now());
    // The next look comes no sooner: a host that answers at once would be asked without a pause.
    const isNews = () => taskAt(id)?.cancelRequested === true && !task.cancelRequested;
    let end = await Promise.race([endOrNothing(inHand), isNews() ? null : pause(id, most)]);
    const since = yieldedAtMs === null ? (task.startedAtMs ?? now()) : yieldedAtMs + 1;
    const bySession = overBySession(needs, task, since);
    // What the host says of the run itself comes first, also after a machine that slept.
    if (end === null && bySession !== null && yieldedAtMs === null)
      end = await subagents.wait(id, 1).catch((): null => null);
    if (end?.isYielded === true) {
      // Its last run has another id, which nobody tells: the session says when that has ended.
      yieldedAtMs = now();
      inHand = new Promise(() => {});
      continue;
    }
    const isGone = endedAtMs !== null && now() - endedAtMs >= delays.endedMs;
    const over =
      end ?? bySession ?? (isLate && yieldedAtMs !== null ? ENDED_OK : null) ?? (isGone ? GONE : null);
    if (over !== null) return { task, end: over, isLate, ending };
  }
  return null;
}

const GONE: RunEnd = { isOk: false, text: null, error: null };

/** A wait that ended without an end is none. */
function endOrNothing(wait: Promise<RunEnd | null>): Promise<RunEnd> {
  return wait.then((end) => end ?? new Promise<never>(() => {}));
}

/** What the host keeps of the session, of a run that ended no sooner, where it tells nothing of the run. */
function overBySession(
  { subagents, delays, now }: FollowNeeds,
  { agent, session }: InboundTask,
  sinceMs: number,
): RunEnd | null {
  try {
    const state = subagents.session(agent, session);
    if (state === null || state.status === null || state.status === "running") return null;
    if (state.endedAtMs === null || state.endedAtMs < sinceMs) return null;
    // Its run may be told of in a moment, with its own words.
    if (now() - state.endedAtMs < delays.endedMs) return null;
    return state.status === "done"
      ? ENDED_OK
      : { isOk: false, text: null, error: `the run is ${state.status}` };
  } catch {
    return null;
  }
}
