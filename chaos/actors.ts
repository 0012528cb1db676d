// The agents: each asks for one thing after another, and keeps what was told of it.
import type { ModelRequest } from "../test/support/model.ts";
import { stepsOf } from "../test/support/modelScript.ts";
import { pause } from "../test/support/wait.ts";
import { type Ask, askOf } from "./asks.ts";
import { claimOfResult } from "./claims.ts";
import type { Fleet } from "./fleet.ts";
import type { Asked, Claim } from "./oracle.ts";
import type { ChaosAgent } from "./rules.ts";

/** What the agents did, so far. */
export interface Diary {
  readonly asked: Asked[];
  readonly claims: Claim[];
  /** By id: what the model read, for a report of what went wrong. */
  readonly texts: Map<string, string>;
  /** Turns that ended without an answer: the gateway was gone, or took too long. */
  lostTurns: number;
}

export interface ActorOptions {
  readonly fleet: Fleet;
  readonly seed: number;
  /** Ms since the start. */
  readonly nowMs: () => number;
  readonly isOver: () => boolean;
  readonly diary: Diary;
}

/** A command that hangs longer is a turn without an answer. */
const TURN_MS = 100_000;

/** Runs until `isOver`, and resolves when its last turn has ended. */
export async function act(agent: ChaosAgent, options: ActorOptions): Promise<void> {
  const { fleet, seed, isOver } = options;
  const others = [...fleet.machines.keys()];
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
  const { fleet, nowMs, diary } = options;
  const { gateway } = fleet;
  const fromMs = nowMs();
  const isAnswered = await gateway
    .agent(agent.id, ask.script, { sessionKey: session, timeoutMs: TURN_MS })
    .then(
      ({ status }) => status === "ok",
      () => false,
    );
  const untilMs = isAnswered ? nowMs() : Number.POSITIVE_INFINITY;
  if (!isAnswered) diary.lostTurns++;
  const requests = gateway.model.requests.filter((request) => request.session === session);
  const results = requests.findLast((request) => isOf(request, ask) && request.results.length > 0)?.results;
  for (const [at, { id, kind }] of ask.calls.entries()) {
    const text = results?.[at];
    const issued = requests.filter(({ reply }) => asks(reply, id)).length;
    diary.asked.push({ id, agent: agent.id, kind, fromMs, untilMs, issued, told: text !== undefined });
    if (text === undefined) continue;
    diary.claims.push(claimOfResult(id, text));
    diary.texts.set(id, text);
  }
  gateway.model.forget(session);
  // The gateway may be gone: it is asked again when it answers.
  if (!isAnswered) await gateway.waitUntilReady().catch(() => undefined);
}

/** Whether the script in hand is this one: a session has the older ones before it. */
function isOf({ messages }: ModelRequest, { calls: [first] }: Ask): boolean {
  const newest = messages.findLast((message) => stepsOf(message).length > 0);
  return newest !== undefined && first !== undefined && JSON.stringify(stepsOf(newest)).includes(first.id);
}

/** How often the model asks for this call there. */
function asks(reply: ModelRequest["reply"], id: string): boolean {
  return "calls" in reply && reply.calls.some(({ args }) => args.includes(id));
}

/** Calls that OpenClaw had the model ask for after their turn was given up: a turn that goes on after a restart. */
export function lateIssues({ fleet, diary }: Pick<ActorOptions, "fleet" | "diary">): readonly Asked[] {
  return diary.asked.map((call) => {
    const late = fleet.gateway.model.requests.filter(({ reply }) => asks(reply, call.id)).length;
    return late === 0 ? call : { ...call, issued: call.issued + late };
  });
}
