// The last gate before a command starts on the gateway: the host asks for variables and says where it will run.

import type { RouterDeps } from "../nodeRouter/deps.ts";
import { bindingOf } from "../nodeRouter/hostConfig.ts";
import { isRouted, mayUseGateway } from "../nodeRouter/router.ts";
import { agentOf, type ToolContext } from "./events.ts";

/** Variable that makes a start impossible; its name is what the host's error shows. */
export const GATE_VARIABLE = "NODE_ROUTER_REFUSED";

/**
 * A second variable, for a start in a terminal: the terminal library cuts a value at its NUL character and
 * would start the command. No system takes 2.5 MiB in one variable (Linux: 32 pages, macOS: 1 MiB in all).
 */
export const GATE_BULK_VARIABLE = "NODE_ROUTER_REFUSED_BULK";
const BULK = "x".repeat(5 << 19);

export interface ExecEnvEvent {
  readonly host?: string | undefined;
}

/**
 * For a routed agent's exec that is about to run anywhere but on a node, variables that no operating system
 * can start a process with, so the start fails before anything runs. The host gives this
 * hook no other way to refuse, and nothing can rewrite the call after it. It is asked once more, with the
 * final host, after the call was rewritten to a node, and then has nothing to say.
 */
export function createExecEnvGate(deps: RouterDeps) {
  return (event: ExecEnvEvent, context: ToolContext): Record<string, string> | undefined => {
    const { config } = deps.state;
    const agent = agentOf(context);
    if (config === null || config.mode === "shadow" || agent === null || event.host === "node")
      return undefined;
    if (!isRouted(config, agent) || mayUseGateway(config, agent)) return undefined;
    if (event.host === "sandbox" && bindingOf(deps.hostConfig(), agent) === "workspace") return undefined;
    return {
      [GATE_VARIABLE]: `exec of agent "${agent}" may not run on host "${event.host ?? "gateway"}"\0`,
      [GATE_BULK_VARIABLE]: BULK,
    };
  };
}
