// The last gate before a command starts on the gateway: the host asks for variables and says where it will run.
import { randomBytes } from "node:crypto";
import type { ResolvedConfig } from "../config/resolve.ts";
import { testedNow } from "../nodeRouter/current/testedConfig.ts";
import { agentOf, type ToolContext } from "../nodeRouter/host/events.ts";
import { lastSnapshot } from "../nodeRouter/inventory/currentSnapshot.ts";
import { gatewayObjection } from "../nodeRouter/placement/filters/residency.ts";
import { type AgentPolicy, agentPolicy } from "../nodeRouter/policy/agentPolicy.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { ownGateName } from "./gateNames.ts";

/** How the names of the gate's variables begin; the host's error shows the whole name. */
export const GATE_PREFIX = "NODE_ROUTER_REFUSED";

/** SECURITY: of two plugins' variables of one name the later one's wins, so nobody may know the name before. */
const SUFFIX = randomBytes(8).toString("hex").toUpperCase();

/** Variable that makes a start impossible. */
export const GATE_VARIABLE = ownGateName(`${GATE_PREFIX}_${SUFFIX}`);

/**
 * A second variable, for a start in a terminal: the terminal library cuts a value at its NUL character and
 * would start the command. No system takes 2.5 MiB in one variable (Linux: 32 pages, macOS: 1 MiB in all).
 */
export const GATE_BULK_VARIABLE = ownGateName(`${GATE_PREFIX}_BULK_${SUFFIX}`);
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
    const config = testedNow(deps);
    const agent = agentOf(context);
    if (config === null || agent === null || isOpen(deps, config, agent, event.host)) return undefined;
    return {
      [GATE_VARIABLE]: `exec of agent "${agent}" may not run on host "${event.host ?? "gateway"}"\0`,
      [GATE_BULK_VARIABLE]: BULK,
    };
  };
}

function isOpen(deps: RouterDeps, config: ResolvedConfig, agent: string, host: string | undefined): boolean {
  // A run on a node is the node-invoke policy's to refuse; these variables would go over the wire to it.
  if (host === "node") return true;
  // Also in shadow mode: with `elevated`, the host would run on the gateway what belongs to the workspace.
  const policy = agentPolicy(config, deps.hostConfig(), agent);
  if (policy.binding === "workspace") return host === "sandbox";
  return config.mode === "shadow" || !policy.isRouted || mayUseGateway(deps, config, policy);
}

/** Under a residency the gateway is a place like any other, and what is known of it can change. */
function mayUseGateway(deps: RouterDeps, config: ResolvedConfig, policy: AgentPolicy): boolean {
  const rule = policy.execChain.at(-1);
  if (!policy.mayUseGateway || rule === undefined) return false;
  return gatewayObjection(rule, lastSnapshot(deps, config)) === null;
}
