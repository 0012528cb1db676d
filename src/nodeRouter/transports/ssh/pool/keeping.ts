// The keeper of one node: how one is opened, what it must know, and what is to be ended when the next one comes.
import { within } from "../../../../shared/deadline.ts";
import { messageOf } from "../../../../shared/errors.ts";
import type { SignalName, SshNodeInfo } from "../../transport.ts";
import { launchCommands } from "../session/bootstrap.ts";
import type { Connection } from "../session/connection.ts";
import { Keeper } from "../session/keeper.ts";
import type { RunnerIdentity } from "../session/runner.ts";
import { NO_INPUT } from "../session/sessionFault.ts";
import type { Core } from "./core.ts";
import * as events from "./poolEvents.ts";
import { isOnlyFull, sessionFailed } from "./sessionFailed.ts";
import { isAlive } from "./state.ts";

/** What comes of it is told by the events. */
export async function openKeeper(core: Core, on: Connection): Promise<void> {
  const { now } = core.options;
  core.set({ keeper: { phase: "coming", on } });
  try {
    const { keeper, info } = await readyKeeper(core, on);
    introduce(core, keeper, on);
    core.on(events.keeperReady, { keeper, on, sinceMs: now() }, info);
    core.wake();
    core.advance();
  } catch (error) {
    const isFault = !isOnlyFull(on, error) && isAlive(on);
    const reason = isFault ? `no session could be opened: ${messageOf(error)}` : null;
    core.on(events.keeperFailed, on, reason, now());
    sessionFailed(core, on, error, true);
    core.wake();
  }
}

/** @throws Error that says why there is none */
async function readyKeeper(
  core: Core,
  on: Connection,
): Promise<{ readonly keeper: Keeper; readonly info: SshNodeInfo }> {
  const { readyMs } = core.limits;
  const { keeper: command } = launchCommands(false);
  const keeper = await on.open(command, {}, readyMs, (session) => new Keeper(session));
  keeper.channel.once("close", () => ended(core, keeper));
  try {
    const info = await within(keeper.ready, readyMs, () => keeper.late(readyMs));
    if (on.isSilent) throw new Error("nothing is heard of the server");
    if (keeper.closed) throw NO_INPUT;
    return { keeper, info };
  } catch (error) {
    keeper.discard();
    throw error;
  }
}

function ended(core: Core, keeper: Keeper): void {
  const { keeper: held } = core.state;
  core.on(events.keeperEnded, keeper, core.options.now());
  if (held.phase === "ready" && held.keeper === keeper) core.lacks();
}

/** A new keeper learns of the commands that run, and ends those that an earlier connection left behind. */
function introduce({ state }: Core, keeper: Keeper, on: Connection): void {
  for (const [command, sent] of state.running) {
    const identity = command.runner?.identity ?? null;
    if (identity === null) continue;
    keeper.watch(identity, sent.on === on);
    if (sent.isEnding) keeper.end(identity);
  }
  for (const lost of state.lost) keeper.endLost(lost);
}

export function forget({ state }: Core, identity: RunnerIdentity): void {
  if (state.keeper.phase === "ready") state.keeper.keeper.forget(identity);
  for (const { keeper } of state.formerKeepers) keeper.forget(identity);
}

/** Whether there is a keeper to tell. */
export function signal({ state }: Core, identity: RunnerIdentity, name: SignalName): boolean {
  if (state.keeper.phase !== "ready") return false;
  const { keeper } = state.keeper;
  if (name !== "TERM") keeper.signal(identity, name);
  if (isEnd(name)) keeper.end(identity);
  return true;
}

/** Nobody sees its end any more, so it is ended: now, or when the node is reached again. */
export function abandon(core: Core, { processGroup, startTime }: RunnerIdentity, on: Connection): void {
  const { keeper: held } = core.state;
  if (held.phase === "ready" && held.on !== on && !held.keeper.closed) {
    held.keeper.end({ processGroup, startTime });
  } else core.set({ lost: [...core.state.lost, { processGroup, startTime }] });
}

export function isEnd(name: SignalName): boolean {
  return name === "TERM" || name === "KILL";
}
