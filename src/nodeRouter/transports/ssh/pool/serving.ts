// Shells and the commands that they are given: how each is opened, and how a command is sent, once.
import { randomBytes } from "node:crypto";
import { messageOf } from "../../../../shared/errors.ts";
import type { SignalName } from "../../transport.ts";
import type { Connection } from "../session/connection.ts";
import type { Runner } from "../session/runner.ts";
import { SessionFault } from "../session/sessionFault.ts";
import type { Command } from "../session/sshCommand.ts";
import type { Core } from "./core.ts";
import { abandon, forget, isEnd, signal } from "./keeping.ts";
import * as events from "./poolEvents.ts";
import { noSession, notStarted } from "./refusals.ts";
import { isOnlyFull, sessionFailed } from "./sessionFailed.ts";
import { readyShells, without } from "./state.ts";

/** Opens a shell that waits. */
export async function openShell(core: Core, on: Connection): Promise<void> {
  const { isTried } = core.state;
  core.set({ warming: [...core.state.warming, on] });
  try {
    core.on(events.shellReady, await core.opener.plain(on), on);
  } catch (error) {
    core.on(events.warmingFailed, on);
    sessionFailed(core, on, error, false);
    return;
  }
  // The rest of the stock waited for the first of them.
  if (core.state.queue.length > 0 || !isTried) core.advance();
  else core.watchDemand();
  core.rest();
}

/** For what a waiting shell is no use to: the end of one lets the other begin. */
export function makeRoom(core: Core): void {
  const [shell] = readyShells(core.state);
  if (shell === undefined) return;
  core.on(events.shellMoved, shell, "leaving");
  shell.discard();
}

/** Ends so many of those that wait: first those on the connections that came last, so that these fall empty. */
export function endReady(core: Core, count: number): void {
  const { connections, shells } = core.state;
  const lastOf = new Map<Connection | undefined, number>(connections.map((on, at) => [on, at]));
  const placeOf = (shell: Runner) => lastOf.get(shells.get(shell)?.on) ?? -1;
  const last = [...readyShells(core.state)].sort((a, b) => placeOf(b) - placeOf(a));
  for (const shell of last.slice(0, count)) discard(core, shell);
}

export function endReadyOn(core: Core, on: Connection): void {
  const { state } = core;
  for (const shell of readyShells(state)) if (state.shells.get(shell)?.on === on) discard(core, shell);
}

function discard(core: Core, shell: Runner): void {
  core.on(events.shellMoved, shell, "discarded");
  shell.discard();
}

/** To a shell that waits, if one is still there. */
export function dispatch(core: Core, command: Command): void {
  const [shell] = readyShells(core.state);
  if (shell === undefined) return;
  core.on(events.commandTaken, command);
  core.on(events.shellTaken, shell);
  send(core, command, shell);
}

/** Opens a terminal for a command, and sends it there. */
export async function openTerminal(core: Core, command: Command, on: Connection): Promise<void> {
  const { pty = null } = command.request;
  if (pty === null) return;
  core.on(events.terminalAsked, command);
  let shell: Runner | null = null;
  let failure: unknown = null;
  try {
    shell = await core.opener.terminal(on, pty);
    core.on(events.shellTaken, shell);
  } catch (error) {
    failure = error;
  }
  core.set({ opening: without(core.state.opening, command) });
  if (command.settled) {
    // Its caller gave it up, or its time was over, while the terminal was opened.
    shell?.discard();
  } else if (shell !== null && core.state.keeper.phase === "ready" && !on.isSilent) {
    send(core, command, shell);
  } else if (shell !== null || on.isSilent || isOnlyFull(on, failure)) {
    shell?.discard();
    // Before all others; its time goes on.
    core.set({ queue: [command, ...core.state.queue] });
  } else {
    command.notStarted(noSession(core.options.node, terminalFault(failure), "terminal"));
  }
  core.advance();
}

/** From here on it may have begun, and is never sent again; or it is told that nothing was sent. */
function send(core: Core, command: Command, shell: Runner): void {
  const { identity } = shell;
  const on = core.state.shells.get(shell)?.on;
  const { keeper } = core.state;
  if (identity === null || on === undefined || keeper.phase !== "ready") {
    shell.discard();
    const fact = "its shell was gone before the command was sent";
    command.notStarted(notStarted(core.options.node, fact));
    return;
  }
  core.on(events.commandSent, command, on);
  keeper.keeper.watch(identity, keeper.on === on);
  command.dispatch(shell, identity, randomBytes(16).toString("hex"), (name: SignalName) => {
    if (isEnd(name)) core.on(events.commandEnding, command);
    if (signal(core, identity, name)) return;
    // The next keeper ends it for sure; until then this is what there is.
    shell.channel.signal(name);
    core.advance();
  });
  void command.outcome.then((outcome) => {
    core.on(events.commandEnded, command);
    if (outcome.kind === "unknown") abandon(core, identity, on);
    else forget(core, identity);
    core.closeStalled();
    core.used(command);
  });
  if (!command.isBackground) core.beUsed();
}

/** A server that gives no terminals goes on to give none. */
function terminalFault(error: unknown): unknown {
  if (!/pseudo-terminal/i.test(messageOf(error))) return error;
  return new SessionFault(
    "its SSH server gives none",
    "Allow terminals for the login (PermitTTY in sshd_config; no-pty, or restrict without pty, in authorized_keys), or leave pty out",
  );
}
