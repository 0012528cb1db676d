// Tasks that peers have given to agents of this gateway: each kept before it is told of, begun once at most, and told until it is old.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { PeerAccept } from "../../../config/resolvePeers.ts";
import { createTurns } from "../../../shared/inTurn.ts";
import type { Logger } from "../../../shared/logger.ts";
import { safe } from "../../../shared/safeText.ts";
import type { Subagents } from "../../host/subagents.ts";
import type { DelegatedRuns } from "../../state/delegatedRuns.ts";
import type { RecordFolder } from "../journal/recordFolder.ts";
import {
  ended,
  type Fence,
  hasEnded,
  type Inbound,
  type InboundTask,
  recoveryOf,
  runOf,
  starting,
  type TaskEnd,
} from "../model/incoming.ts";
import { failureOf, RPC, type RpcFailure, rejection } from "../protocol/rpc.ts";
import { acceptTask } from "./acceptTask.ts";
import { createEndWaits } from "./endWaits.ts";
import type { RunnerDelays } from "./followRun.ts";
import type { InboundLedger, PeerInbox } from "./inbox.ts";
import { createKeptTasks, loadOfTasks } from "./keptTasks.ts";
import { lostTask, RECORD_LOST } from "./newTask.ts";
import { taskIdOf } from "./taskIds.ts";
import { createTaskRunner } from "./taskRunner.ts";

export interface InboxNeeds {
  readonly config: () => ResolvedConfig;
  /** Agents that there are; null: nobody can tell. */
  readonly agents: () => readonly string[] | null;
  readonly subagents: Subagents;
  readonly runs: DelegatedRuns;
  readonly records: RecordFolder<Inbound>;
  readonly ledger: InboundLedger;
  /** `GATEWAY_LIFE`. */
  readonly life: string;
  /** The gateway's id. */
  readonly gateway: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Pick<Logger, "warn" | "info">;
  readonly delays?: RunnerDelays;
}

const CANCEL_WAIT_MS = 10_000;

/** Refuses everything until `recover`. */
export function createInbox(needs: InboxNeeds): PeerInbox {
  const { config, now, life, gateway, log, ledger, subagents } = needs;
  /** One thing at a time happens to a task. */
  const turns = createTurns();
  const inOrder = turns.run;
  let isOpen = false;
  let closing: Promise<void> | null = null;

  const acceptOf = (peer: string): PeerAccept | null => config().peers.get(peer)?.accept ?? null;
  const offeredTo = (peer: string): readonly string[] => {
    const there = needs.agents();
    return (acceptOf(peer)?.agents ?? []).filter((agent) => there === null || there.includes(agent));
  };
  const isDraining = (): boolean => !isOpen || closing !== null;
  const kept = createKeptTasks(needs.records, (peer) => acceptOf(peer) !== null, now);
  const waits = createEndWaits(() => subagents.check());

  const finish = async (task: InboundTask, end: TaskEnd): Promise<InboundTask> => {
    const tools = needs.runs.counted(task.messageId);
    const last = ended(task, { ...end, ran: tools.length === 0 ? task.ran : tools }, now());
    const tell = (): void => {
      kept.show(last);
      ledger.ended(task, last);
      waits.wake(task.id);
      runner.look();
    };
    // What ran is not begun again after a crash, so its end need not wait for a disk, or a loop, that is busy or full.
    const isFirst = task.runs > 0 && acceptOf(task.peer)?.onInterrupted !== "continue";
    if (isFirst) tell();
    await kept.write(last);
    if (!isFirst) tell();
    return last;
  };

  const runner = createTaskRunner({
    ...needs,
    ...(needs.delays === undefined ? {} : { delays: needs.delays }),
    isOpen: () => !isDraining(),
    taskAt: kept.task,
    tasks: () => kept.tasks().filter(({ id }) => kept.isAccepted(id)),
    acceptOf,
    notAllowed: ({ peer, agent }) =>
      offeredTo(peer).includes(agent)
        ? null
        : `agent "${safe(agent)}" is not offered to this peer any more, or is not there`,
    inOrder,
    keep: kept.keep,
    begin: (task) => starting(task, life, now()),
    finish,
  });

  const { look } = runner;
  const accepting = { config, kept, ledger, gateway, acceptOf, offeredTo, isDraining, look, now, log };

  const cancel = async (id: string): Promise<InboundTask | RpcFailure> => {
    const done = await inOrder(id, async () => {
      const task = kept.task(id);
      if (task === null) return NOT_FOUND;
      if (task.phase === "canceled") return task;
      if (hasEnded(task))
        return failureOf(RPC.notCancelable, "TASK_NOT_CANCELABLE", `it is ${task.phase} already`);
      if (task.runs === 0)
        return finish(task, {
          phase: "canceled",
          result: null,
          reason: "it was canceled before it had begun",
        });
      // A disk that takes nothing must not keep it running.
      const wanted = { ...task, cancelRequested: true };
      kept.show(wanted);
      await kept.write(wanted).catch(() => {});
      runner.cancel(id);
      return null;
    });
    if (done !== null) return done;
    await inbox.ended(id, CANCEL_WAIT_MS);
    return kept.task(id) ?? NOT_FOUND;
  };

  const sweep = (): void => {
    for (const id of kept.old(now() - config().delegation.keepMs))
      void inOrder(id, () => kept.remove(id)).catch(() => {});
  };
  const sweeping = setInterval(sweep, SWEEP_MS).unref();

  const inbox: PeerInbox = {
    tasks: kept.tasks,
    ofSession: (sessionKey) => kept.tasks().findLast(({ session }) => session === sessionKey) ?? null,
    load: () => loadOfTasks(kept.tasks()),
    loadOf: (peer) => loadOfTasks(kept.tasks().filter((task) => task.peer === peer)),
    isDraining,
    cancel,

    find(peer, messageId) {
      const id = taskIdOf(peer, messageId);
      // Not while it is being accepted: it may still be refused.
      return inOrder(id, async () => {
        await kept.settle(id);
        return kept.seen(id, peer, messageId);
      });
    },

    get(peer, taskId) {
      const task = kept.isAccepted(taskId) ? kept.task(taskId) : null;
      if (task !== null) return task.peer === peer ? task : null;
      return kept.isUnreadable(taskId) ? lostTask(taskId, peer, taskId, now()) : null;
    },

    send(peer, asked) {
      const id = taskIdOf(peer, asked.messageId);
      return inOrder(id, () => acceptTask(accepting, id, peer, asked));
    },

    async fence(peer, messageId) {
      const id = taskIdOf(peer, messageId);
      return inOrder(id, async () => {
        await kept.settle(id);
        const known = kept.seen(id, peer, messageId);
        if (known !== null) return known;
        if (isDraining()) throw new Error("this gateway is being stopped");
        if (!kept.hasRoom(peer, 2))
          return rejection("FULL", "as many records of this peer are kept as may be");
        const fence: Fence = { is: "fence", id, peer, messageId, atMs: now() };
        await kept.keep(fence);
        return fence;
      });
    },

    async cancelOf(peer, taskId) {
      if (kept.isUnreadable(taskId)) return failureOf(RPC.notCancelable, "TASK_NOT_CANCELABLE", RECORD_LOST);
      return inbox.get(peer, taskId) === null ? NOT_FOUND : cancel(taskId);
    },

    ended(taskId, waitMs) {
      const task = kept.task(taskId);
      if (task === null || hasEnded(task) || waitMs <= 0 || closing !== null) return Promise.resolve();
      return waits.until(taskId, waitMs);
    },

    recover() {
      kept.load();
      isOpen = true;
      for (const task of kept.tasks()) {
        // Also of those that have ended: what their sessions do later is still not this gateway's own wish.
        needs.runs.set(task.session, runOf(task));
        const how = recoveryOf(
          task,
          life,
          isDone(subagents, task),
          acceptOf(task.peer)?.onInterrupted ?? "fail",
        );
        runner.recover(task, how);
      }
      sweep();
      runner.look();
    },

    close() {
      closing ??= (async () => {
        clearInterval(sweeping);
        waits.wakeAll();
        await turns.idle();
        await kept.flush();
      })();
      runner.stop();
      return closing;
    },
  };
  return inbox;
}

const SWEEP_MS = 3_600_000;
const NOT_FOUND = failureOf(RPC.taskNotFound, "TASK_NOT_FOUND", "there is no such task");

/** What ended after it was begun, while this gateway was on its way down. A host that cannot tell has not said so. */
function isDone(subagents: Subagents, { agent, session, startedAtMs }: InboundTask): boolean {
  if (startedAtMs === null) return false;
  try {
    const state = subagents.session(agent, session);
    return state?.status === "done" && state.endedAtMs !== null && state.endedAtMs >= startedAtMs;
  } catch {
    return false;
  }
}
