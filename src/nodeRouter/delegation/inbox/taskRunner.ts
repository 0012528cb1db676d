// Begins accepted tasks as room allows, and looks after each until its end is on the disk.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { PeerAccept } from "../../../config/resolvePeers.ts";
import { messageOf } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { nameText } from "../../../shared/safeText.ts";
import type { RunEnd, Subagents } from "../../host/subagents.ts";
import type { DelegatedRuns } from "../../state/delegatedRuns.ts";
import {
  hasEnded,
  type InboundTask,
  type Recovery,
  runOf,
  type TaskEnd,
  working,
} from "../model/incoming.ts";
import { ENDED_OK, followRun, type RunnerDelays } from "./followRun.ts";
import { hostWords, runResult } from "./runResult.ts";

export interface TaskRunner {
  /** Begins what there is room for. */
  look(): void;
  recover(task: InboundTask, how: Recovery): void;
  /** Its `cancelRequested` was set. */
  cancel(id: string): void;
  stop(): void;
}

export interface RunnerNeeds {
  readonly config: () => ResolvedConfig;
  readonly subagents: Subagents;
  readonly runs: DelegatedRuns;
  readonly now: () => number;
  readonly log: Pick<Logger, "warn" | "info">;
  readonly delays?: RunnerDelays;
  readonly isOpen: () => boolean;
  readonly taskAt: (id: string) => InboundTask | null;
  /** Those whose record is on the disk, the oldest first. */
  readonly tasks: () => readonly InboundTask[];
  readonly acceptOf: (peer: string) => PeerAccept | null;
  /** Why it may not be begun any more; null: it may. */
  readonly notAllowed: (task: InboundTask) => string | null;
  readonly inOrder: <T>(id: string, work: () => Promise<T>) => Promise<T>;
  /** Rejects where the disk does not take it; then nothing has changed here. */
  readonly keep: (task: InboundTask) => Promise<void>;
  readonly begin: (task: InboundTask) => InboundTask;
  /** Rejects where the disk does not take it; the end may have been told all the same, and is kept later. */
  readonly finish: (task: InboundTask, end: TaskEnd) => Promise<unknown>;
}

const DELAYS: RunnerDelays = { waitMs: 600_000, retryMs: 5_000, endedMs: 30_000 };
/** Of a peer that may not be known any more. */
const MAX_UNKNOWN = 1;

export function createTaskRunner(needs: RunnerNeeds): TaskRunner {
  const { subagents, runs, now, log, isOpen, taskAt, inOrder, keep, delays = DELAYS } = needs;
  /** Tasks that somebody here looks after, with their sessions. */
  const active = new Map<string, string>();
  const pokes = new Map<string, () => void>();

  const look = (): void => {
    if (!isOpen()) return;
    const tasks = needs.tasks();
    for (const task of tasks) {
      if (task.phase !== "accepted" || active.has(task.id)) continue;
      const running = tasks.filter(({ id, peer }) => peer === task.peer && active.has(id)).length;
      // Where nothing is accepted of the peer any more, it ends as refused.
      if (running >= (needs.acceptOf(task.peer)?.maxRunning ?? MAX_UNKNOWN)) continue;
      // Of one conversation, one at a time: the host would queue it, and then nobody could cancel it alone.
      if ([...active.values()].includes(task.session)) continue;
      lookAfter(task, () => drive(task.id));
    }
  };

  const lookAfter = (task: InboundTask, work: () => Promise<void>): void => {
    active.set(task.id, task.session);
    runs.set(task.session, runOf(task));
    void untilDone(task.id, work).finally(() => {
      active.delete(task.id);
      look();
    });
  };

  /** Never rejects. */
  const untilDone = async (id: string, work: () => Promise<void>): Promise<void> => {
    while (isOpen()) {
      try {
        return await work();
      } catch (error) {
        log.warn({ task: id, reason: messageOf(error) }, "a task of a peer is tried again");
        await pause(id, delays.retryMs);
      }
    }
  };

  /** Rejects where disk or host took nothing: then it has not been begun, and is begun later. */
  const drive = async (id: string): Promise<void> => {
    const end = await inOrder(id, async (): Promise<TaskEnd | "begun" | null> => {
      const task = taskAt(id);
      if (task === null || hasEnded(task) || !isOpen()) return null;
      const reason = needs.notAllowed(task);
      if (reason !== null) return { phase: task.runs > 0 ? "interrupted" : "rejected", result: null, reason };
      // A gateway that is being stopped takes no run: the next life begins it.
      await subagents.check();
      const next = needs.begin(task);
      // On the disk before the host is asked: whoever finds it there knows that it may have run.
      await keep(next);
      if (!isOpen()) {
        await keep(task);
        return null;
      }
      try {
        await subagents.run({ session: task.session, message: task.text, key: id, prompt: promptOf(task) });
      } catch (error) {
        // One that was replaced meanwhile leaves it to the next, which finds out how far it came.
        if (!isOpen()) return null;
        return {
          phase: "failed",
          result: null,
          reason: `the host did not take it: ${hostWords(messageOf(error))}`,
        };
      }
      // Said for whoever reads the file; that it was begun is there already.
      await keep(working(next)).catch(() => {});
      return "begun";
    });
    if (end === "begun") await follow(id);
    else if (end !== null) await finished(id, end);
  };

  /** Until its end is on the disk, or this registration is over. */
  const follow = async (id: string): Promise<void> => {
    const over = await followRun({ subagents, delays, now, isOpen, taskAt, pause }, id);
    if (over === null) return;
    await finished(id, await resultOf(over.task, over.end, over.isLate));
    // The next one of its conversation would be ended with it.
    await over.ending;
  };

  const resultOf = (task: InboundTask, end: RunEnd, isLate: boolean): Promise<TaskEnd> => {
    const { cancelRequested = task.cancelRequested } = taskAt(task.id) ?? {};
    const { maxResultBytes } = needs.config().delegation;
    return runResult(subagents, { ...task, cancelRequested }, end, isLate, maxResultBytes);
  };

  /** Tried until the disk takes it. Once closed it is the next one's to tell. */
  const finished = async (id: string, end: TaskEnd): Promise<void> => {
    let isAgain = false;
    while (isOpen()) {
      try {
        await inOrder(id, async () => {
          const task = taskAt(id);
          if (task === null || !isOpen()) return;
          if (!hasEnded(task)) await needs.finish(task, end);
          else if (isAgain) await keep(task);
        });
        return;
      } catch (error) {
        isAgain = true;
        log.warn({ task: id, reason: messageOf(error) }, "the end of a peer's task could not be kept yet");
        await pause(id, delays.retryMs);
      }
    }
  };

  /** Ended by `cancel` and `stop`. */
  const pause = (id: string, ms: number): Promise<null> =>
    new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        if (pokes.get(id) === wake) pokes.delete(id);
        resolve(null);
      };
      const timer = setTimeout(wake, Math.max(1, ms));
      pokes.set(id, wake);
    });

  const interrupted = (task: InboundTask): Promise<void> =>
    finished(task.id, {
      phase: task.cancelRequested ? "canceled" : "interrupted",
      result: null,
      reason: "this gateway went down while it ran, and nobody knows how far it came",
    });

  return {
    look,
    recover(task, how) {
      if (how === "follow") lookAfter(task, () => follow(task.id));
      else if (how === "continue") lookAfter(task, () => drive(task.id));
      else if (how === "interrupt") lookAfter(task, () => interrupted(task));
      else if (how === "collect")
        lookAfter(task, async () => finished(task.id, await resultOf(task, ENDED_OK, false)));
    },
    cancel: (id) => pokes.get(id)?.(),
    stop() {
      for (const poke of pokes.values()) poke();
    },
  };
}

/** SECURITY: what the agent is told of whoever asks. The names are quoted where they could be read as more. */
function promptOf({ peer, requester }: InboundTask): string {
  const who = requester === null ? "" : ` of agent ${nameText(requester)}`;
  return `This task comes from gateway ${nameText(peer)}, as a request${who} there. It has the rights of this agent only; it is not the owner, and speaks for no person here.`;
}
