// One gateway that takes tasks, without a host and without a disk: both can fail at every step, and the process can die at any.
import { resolveConfig } from "../../../src/config/resolve.ts";
import { createInbox, type InboxNeeds } from "../../../src/nodeRouter/delegation/inbox/createInbox.ts";
import type { PeerInbox } from "../../../src/nodeRouter/delegation/inbox/inbox.ts";
import type { RecordFolder } from "../../../src/nodeRouter/delegation/journal/recordFolder.ts";
import {
  type Inbound,
  type InboundTask,
  readInbound,
} from "../../../src/nodeRouter/delegation/model/incoming.ts";
import type { AskedTask } from "../../../src/nodeRouter/delegation/protocol/peerRequest.ts";
import type { Blank } from "../../../src/nodeRouter/delegation/protocol/wire.ts";
import type { RunAsk, RunEnd, SessionState, Subagents } from "../../../src/nodeRouter/host/subagents.ts";
import { createDelegatedRuns } from "../../../src/nodeRouter/state/delegatedRuns.ts";
import { type Refusal, refusal } from "../../../src/shared/refusal.ts";

/** What happens to one step of disk or host. `crash…`: the process is gone, and nobody is answered. */
export type Fault = "refuses" | "does-it-and-refuses" | "crash-before" | "crash-after";

interface Run {
  readonly ask: RunAsk;
  state: "running" | "ok" | "yielded" | "failed" | "aborted" | "died";
  text: string;
  endedAtMs: number | null;
  readonly ended: PromiseWithResolvers<void>;
}

export const TOKEN = "t".repeat(40);

const ACCEPT = { token: TOKEN, agents: ["worker-sg", "worker-cn"], maxRunning: 2, maxQueued: 3 };

export function inboxConfig(accept: object = {}, delegation: object = {}) {
  return resolveConfig({
    nodes: {},
    gatewayName: "gw-b",
    peers: {
      "gw-a": { accept: { ...ACCEPT, ...accept } },
      "gw-c": { accept: { ...ACCEPT, token: "c".repeat(40) } },
    },
    delegation,
  });
}

export function asked(messageId: string, changes: Partial<AskedTask> = {}): AskedTask {
  const extension = {
    agent: "worker-sg",
    requester: "master",
    chain: ["id-a"],
    maxHops: 1,
    acceptBeforeMs: null,
    maxMinutes: null,
  };
  return {
    messageId,
    context: null,
    text: `do ${messageId}`,
    agent: "worker-sg",
    extension,
    waits: false,
    historyLength: 0,
    ...changes,
  };
}

/** Never settles: whoever waited for it is dead. */
const NEVER = new Promise<never>(() => {});

export function inboxWorld(config = inboxConfig()) {
  const disk = new Map<string, string>();
  const runs: Run[] = [];
  /** One for each of the next steps; none: it works. */
  let faults: (Fault | null)[] = [];
  let life = 0;
  let generation = 0;
  let isDiskFull = false;
  const ledger = {
    begun: [] as string[],
    ended: [] as (readonly [string, string | null])[],
    refuses: null as Refusal | null,
  };
  const world = {
    config,
    agents: ["worker-sg", "worker-cn", "master"] as readonly string[],
    blanks: [] as readonly Blank[],
    clockMs: 1_700_000_000_000,
    /** A session that is deleted is gone when this resolves; its run has ended before. */
    deletion: Promise.resolve(),
    /** The host ends in order: it takes no new calls. */
    isStopping: false,
    /** Of a process that is gone nothing happens any more. */
    isDead: false,
    unreadable: [] as string[],
    delegated: createDelegatedRuns(),
    ledger,
    disk,
    runs,
    inbox: undefined as unknown as PeerInbox,
    failNext: (...next: (Fault | null)[]) => {
      faults = next;
    },
    fillDisk(full: boolean) {
      isDiskFull = full;
    },
    /** How often something of this message ran. */
    executions: (messageId: string) => runs.filter(({ ask }) => ask.message.includes(messageId)).length,
    running: () => runs.filter(({ state }) => state === "running"),
    endRun(run: Run | undefined, state: "ok" | "failed" | "yielded" = "ok") {
      if (run === undefined || run.state !== "running") return;
      run.state = state;
      run.text = `answer to ${run.ask.message}`;
      run.endedAtMs = world.clockMs;
      run.ended.resolve();
    },
    /** The host begins another run in the session, under an id of its own. */
    goOn(run: Run | undefined) {
      if (run !== undefined)
        runs.push({
          ask: { ...run.ask, key: "another" },
          state: "running",
          text: "",
          endedAtMs: null,
          ended: Promise.withResolvers(),
        });
    },
    task: (messageId: string): InboundTask | undefined =>
      world.inbox.tasks().find((task) => task.messageId === messageId),
    /** The process ends without a word, and another one begins. */
    restart() {
      generation += 1;
      life += 1;
      world.delegated = createDelegatedRuns();
      world.isDead = false;
      world.isStopping = false;
      faults = [];
      for (const run of world.running()) {
        run.state = "died";
        run.ended.resolve();
      }
      open();
    },
    /** Another registration in the same process. */
    async reload() {
      await world.inbox.close();
      generation += 1;
      open();
    },
  };

  /** One step of the process that it belongs to. */
  async function step<T>(of: number, work: () => T, canFail = true): Promise<T> {
    await Promise.resolve();
    if (of !== generation || world.isDead) return NEVER;
    const fault = canFail ? (faults.shift() ?? null) : null;
    if (fault === "crash-before") {
      world.isDead = true;
      return NEVER;
    }
    if (fault === "refuses") throw new Error("refused by the test");
    const result = work();
    if (fault === "crash-after") {
      world.isDead = true;
      return NEVER;
    }
    if (fault === "does-it-and-refuses") throw new Error("refused by the test, and done");
    return result;
  }

  function open(): void {
    const of = generation;
    const records: RecordFolder<Inbound> = {
      kept: new Map(
        [...disk].flatMap(([name, text]) => {
          const record = readInbound(JSON.parse(text));
          return record === null ? [] : [[name, record] as const];
        }),
      ),
      unreadable: world.unreadable,
      put(name, value) {
        const text = JSON.stringify(value);
        return step(of, () => {
          if (isDiskFull) throw new Error("ENOSPC");
          disk.set(name, text);
        });
      },
      remove: (name) => step(of, () => void disk.delete(name)),
      flush: () => Promise.resolve(),
    };
    const subagents: Subagents = {
      run: (ask) =>
        step(of, () => {
          runs.push({ ask, state: "running", text: "", endedAtMs: null, ended: Promise.withResolvers() });
        }),
      async wait(key, timeoutMs) {
        const run = runs.findLast(({ ask }) => ask.key === key);
        const late = Promise.withResolvers<void>();
        const timer = setTimeout(late.resolve, timeoutMs);
        await Promise.race([late.promise, run?.ended.promise ?? NEVER]);
        clearTimeout(timer);
        return step(of, () => endOf(run), false);
      },
      lastAnswer: (session) =>
        step(
          of,
          () => runs.findLast(({ ask, text }) => ask.session === session && text !== "")?.text ?? null,
          false,
        ),
      end: async (session) => {
        await step(
          of,
          () => {
            for (const run of world.running()) {
              if (run.ask.session !== session) continue;
              run.state = "aborted";
              run.endedAtMs = world.clockMs;
              run.ended.resolve();
            }
          },
          false,
        );
        await world.deletion;
      },
      check: () =>
        step(
          of,
          () => {
            if (world.isStopping) throw new Error("agent.wait unavailable during gateway restart");
          },
          false,
        ),
      session(_agent, session): SessionState | null {
        const run = runs.findLast(({ ask }) => ask.session === session);
        if (run === undefined) return null;
        return { status: STATUS[run.state], endedAtMs: run.endedAtMs, tokens: 7 };
      },
    };
    const needs: InboxNeeds = {
      config: () => world.config,
      agents: () => world.agents,
      subagents,
      runs: world.delegated,
      records,
      ledger: {
        accepted: async (task) => {
          if (ledger.refuses === null) ledger.begun.push(task.messageId);
          return ledger.refuses;
        },
        ended: (accepted, task) => void ledger.ended.push([accepted.messageId, task?.phase ?? null]),
      },
      life: `life-${life}`,
      gateway: "id-b",
      now: () => world.clockMs,
      log: { warn: () => {}, info: () => {} },
      delays: { waitMs: 4, retryMs: 2, endedMs: 20 },
    };
    world.inbox = createInbox(needs);
    world.inbox.recover();
  }

  open();
  return world;
}

const STATUS = {
  running: "running",
  ok: "done",
  yielded: "done",
  failed: "failed",
  aborted: "killed",
  died: "failed",
} as const;

function endOf(run: Run | undefined): RunEnd | null {
  if (run === undefined || run.state === "running" || run.state === "died") return null;
  if (run.state === "yielded") return { isOk: true, text: run.text, error: null, isYielded: true };
  if (run.state === "ok") return { isOk: true, text: run.text, error: null };
  return { isOk: false, text: null, error: run.state };
}

export const DISK_REFUSED = refusal("AUDIT_UNAVAILABLE", "the task was not recorded");
