// Whether one node is there: a question to its keeper, and what is known when there is none to ask.
import type { PingResult } from "../../transport.ts";
import { silence } from "./connecting.ts";
import type { Core } from "./core.ts";
import * as events from "./poolEvents.ts";
import { type Heard, unanswered } from "./silence.ts";
import { isAlive } from "./state.ts";
import { breakerRefusal, isKeeperComing, standing } from "./view.ts";

/** So long a ping keeps the connection that it asked for: with very many nodes they come seldom. */
const HELD_MS = 120_000;

/** Resolves within about `timeoutMs`, never rejects. @param mayConnect whether a connection may be made for it. */
export async function askNode(core: Core, timeoutMs: number, mayConnect: boolean): Promise<PingResult> {
  const { node, now, monotonic = () => performance.now() } = core.options;
  core.on(events.pulseTaken, { heldUntilMs: mayConnect ? now() + HELD_MS : 0 });
  core.carryOut({ is: "presence" });
  const heardBefore: Heard = new Map(core.state.connections.map((one) => [one, one.heard]));
  const endMs = monotonic() + timeoutMs;
  for (;;) {
    const beganMs = monotonic();
    const leftMs = endMs - beganMs;
    const { state } = core;
    if (leftMs <= 0) break;
    if (state.keeper.phase !== "ready") {
      if (!isKeeperComing(state) && state.attempts.length === 0) {
        return standing(state, mayConnect, breakerRefusal(state, node, now()) !== null);
      }
      if (!(await core.change(leftMs))) break;
      continue;
    }
    const { keeper } = state.keeper;
    if (await keeper.ping(leftMs)) {
      core.on(events.pulseTaken, { silences: 0, deafSinceMs: null });
      return { kind: "up", rttMs: monotonic() - beganMs };
    }
    const { keeper: held } = core.state;
    if (!keeper.closed || (held.phase === "ready" && held.keeper === keeper)) break;
  }
  const open = core.state.connections.filter(isAlive);
  const hasKeeper = core.state.keeper.phase === "ready";
  const { pulse, result, silent } = unanswered(core.state.pulse, open, heardBefore, hasKeeper, monotonic());
  core.set({ pulse });
  if (silent.length > 0) silence(core, silent);
  return result;
}
