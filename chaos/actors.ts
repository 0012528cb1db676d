// The agents: each asks for one thing after another, and keeps what was told of it.
import { pause, waitFor } from "../test/support/wait.ts";
import { type Ask, askOf } from "./asks.ts";
import { claimOfResult, isNotOffered } from "./claims.ts";
import type { Fleet } from "./fleet.ts";
import type { Asked, Claim } from "./oracle.ts";
import { ALL_NODES } from "./plan.ts";
import type { ChaosAgent } from "./rules.ts";
import { transcriptOf } from "./transcript.ts";

/** What the agents did, so far. */
export interface Diary {
  /** By id. */
  readonly asked: Map<string, Asked>;
  readonly claims: Claim[];
  /** Ids by tool call. */
  readonly callIds: Map<string, string>;
  /** By id: what the model read, for a report of what went wrong. */
  readonly texts: Map<string, string>;
  /** Turns that ended without an answer: the gateway was gone, or took too long. */
  lostTurns: number;
}

export interface ActorOptions {
  readonly fleet: Fleet;
  readonly seed: number;
  /** The start, by `performance.now()`. */
  readonly originMs: number;
  readonly isOver: () => boolean;
  readonly diary: Diary;
}

/** A command that hangs longer is a turn without an answer. */
const TURN_MS = 100_000;
const BACK_MS = 240_000;

/** Runs until `isOver`, and resolves when its last turn has ended. */
export async function act(agent: ChaosAgent, options: ActorOptions): Promise<void> {
  const { fleet, seed, isOver } = options;
  const others = ALL_NODES.filter((name) => fleet.machines.has(name));
  let session = "";
  for (let number = 0; !isOver(); number++) {
    const elsewhere = others[number % others.length] ?? "";
    const ask = askOf(seed, agent, number, elsewhere);
    if (ask.isNew || session === "") session = `agent:${agent.id}:chaos-${seed}-${number}`;
    await pause(ask.pauseMs);
    if (isOver()) return;
    await take(agent, session, ask, options);
  }
}

async function take(agent: ChaosAgent, session: string, ask: Ask, options: ActorOptions): Promise<void> {
  const { fleet, diary } = options;
  const { gateway } = fleet;
  const isAnswered = await gateway
    .agent(agent.id, ask.script, { sessionKey: session, timeoutMs: TURN_MS })
    .then(
      ({ status }) => status === "ok",
      () => false,
    );
  if (!isAnswered) diary.lostTurns++;
  write(options, agent.id, session, isAnswered);
  if (!isAnswered) await backAgain(gateway);
}

/** The gateway may be gone: it is asked again when it answers. */
async function backAgain({ waitUntilReady }: Fleet["gateway"]): Promise<void> {
  const isReady = (): Promise<boolean> =>
    waitUntilReady().then(
      () => true,
      () => false,
    );
  await waitFor("the gateway to be back", isReady, { timeoutMs: BACK_MS, everyMs: 500 }).catch(
    () => undefined,
  );
}

/** Takes down what the model got in this session since the last look. */
function write(
  { fleet, diary, originMs }: ActorOptions,
  agent: string,
  session: string,
  isAnswered: boolean,
): void {
  const { model } = fleet.gateway;
  const { issued, shown } = transcriptOf(model.requests.filter((request) => request.session === session));
  model.forget(session);
  for (const { id, callId, kind, atMs } of issued) {
    diary.callIds.set(callId, id);
    const untilMs = Number.POSITIVE_INFINITY;
    diary.asked.set(id, { id, agent, kind, fromMs: atMs - originMs, untilMs, isAnswered, told: false });
  }
  for (const { id, text, atMs } of shown) {
    const call = diary.asked.get(id);
    if (call === undefined || call.told) continue;
    if (isNotOffered(text)) {
      // Nobody decides it: a mark of it would be one that nobody asked for.
      diary.asked.delete(id);
      continue;
    }
    diary.asked.set(id, { ...call, untilMs: atMs - originMs, told: true });
    diary.claims.push(claimOfResult(id, text));
    diary.texts.set(id, text);
  }
}

/** Takes down what OpenClaw had the model do after a turn was given up: it resumes turns after a restart. */
export function writeLate(options: ActorOptions): void {
  const { fleet, seed } = options;
  const sessions = new Set(fleet.gateway.model.requests.map(({ session }) => session));
  for (const session of sessions) {
    const [, agent] = new RegExp(`^agent:([a-z-]+):chaos-${seed}-`).exec(session ?? "") ?? [];
    if (session !== null && agent !== undefined) write(options, agent, session, false);
  }
}
