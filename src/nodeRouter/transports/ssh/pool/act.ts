// Where the plan of a pool meets the world: each action is begun here, and what comes of it is an event.
import type { Refusal } from "../../../../shared/refusal.ts";
import type { Connection } from "../session/connection.ts";
import type { Command } from "../session/sshCommand.ts";
import { beginConnecting, close } from "./connecting.ts";
import type { Core } from "./core.ts";
import { openKeeper } from "./keeping.ts";
import type { Action } from "./planView.ts";
import { notStarted } from "./refusals.ts";
import { dispatch, endReady, makeRoom, openShell, openTerminal } from "./serving.ts";

const NONE_IS_OPEN = "no SSH connection is open, and none is opened for this";

/** Begins one thing that the plan wants. */
export function act(core: Core, action: Action<Connection, Command>): void {
  switch (action.do) {
    case "dispatch":
      dispatch(core, action.command);
      return;
    case "openTerminal":
      void openTerminal(core, action.command, action.on);
      return;
    case "openKeeper":
      void openKeeper(core, action.on);
      return;
    case "openRunner":
      void openShell(core, action.on);
      return;
    case "makeRoom":
      makeRoom(core);
      return;
    case "connect":
      beginConnecting(core, false);
      return;
    case "probe":
      beginConnecting(core, true);
      return;
    case "retryLater":
      core.retryLater();
      return;
    case "refuse":
      refuseCommands(emptied(core), action.refusal);
      return;
    case "refuseBackground":
      refuseCommands(emptied(core), notStarted(core.options.node, NONE_IS_OPEN));
      return;
    case "endFree":
      endReady(core, action.count);
      return;
    case "closeConnection":
      close(core, action.on);
      return;
  }
}

export function refuseCommands(commands: readonly Command[], refusal: Refusal): void {
  for (const command of commands) command.notStarted(refusal);
}

/** Those that waited, which nobody serves any more. */
export function emptied(core: Core): readonly Command[] {
  const { queue } = core.state;
  core.set({ queue: [] });
  return queue;
}
