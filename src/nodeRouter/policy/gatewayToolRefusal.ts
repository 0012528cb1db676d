// Why a routed agent's call of a tool that acts on the gateway, or past the rules, is refused. Pure.
import { quote, safe } from "../../shared/safeText.ts";
import { startsGatewayProcess } from "../toolCatalog/automations.ts";
import type { ToolClass } from "../toolCatalog/classes.ts";
import { harnessIn } from "../toolCatalog/spawns.ts";

type Params = Readonly<Record<string, unknown>>;

/**
 * The whole refusal with its code; null for a call that does no such thing.
 * `onUnavailable: "gateway"` opens none of these: it is about commands for which no node fits, not about tools
 * that go to the gateway whatever fits.
 */
export function gatewayToolRefusal(
  tool: string,
  known: ToolClass,
  params: Params,
  agent: string,
): string | null {
  const routed = `and agent "${agent}" is routed to nodes`;
  switch (known.kind) {
    case "gatewayShell":
      return shell(`"${tool}" would run a command on the gateway, ${routed}`);
    case "automations":
      return startsGatewayProcess(params)
        ? shell(`"${tool}" would run a command on the gateway, ${routed}`)
        : null;
    case "process":
      return shell(`"${tool}" would give a command on the gateway input, ${routed}`);
    case "spawn": {
      const harness = harnessIn(params);
      if (harness === null) return null;
      const fact = `"${tool}" with ${safe(harness).slice(0, MAX_SHOWN)} would drive a program on the gateway, ${routed}`;
      return `GATEWAY_SHELL_REFUSED: ${fact}; use runtime "subagent", or exec.`;
    }
    case "gatewayConfig":
      return reads(known, params)
        ? null
        : `GATEWAY_CONFIG_REFUSED: "${tool}"${actionOf(params)} would change the gateway, whose config holds the rules for agent "${agent}"; nothing was changed. Ask the operator to do it, or from an agent without a rule.`;
    case "gatewayPort":
      return reads(known, params)
        ? null
        : `GATEWAY_PORT_REFUSED: "${tool}"${actionOf(params)} would open a port of the gateway, ${routed}, where its servers are; nothing was opened. Give the user the node's own address.`;
    case "otherMachine":
      return reads(known, params)
        ? null
        : `NODE_NOT_ALLOWED: "${tool}"${actionOf(params)} would use a machine that no rule chose for agent "${agent}"; nothing ran. Use exec.`;
    default:
      return null;
  }
}

/** Characters of what a call says, in a message. */
const MAX_SHOWN = 200;

/** An action that is not known is none that only looks; without one such a tool does nothing. */
function reads({ reads: known }: { readonly reads: readonly string[] }, { action }: Params): boolean {
  if (known.length === 0) return false;
  return action === undefined || (typeof action === "string" && known.includes(action));
}

function actionOf({ action }: Params): string {
  return typeof action === "string" ? ` with action ${quote(action.slice(0, MAX_SHOWN))}` : "";
}

function shell(fact: string): string {
  return `GATEWAY_SHELL_REFUSED: ${fact}; use exec.`;
}

/** What of a tool that is not refused as a whole is refused to routed agents, in words; null for other tools. */
export function refusedPart(known: ToolClass | null): string | null {
  switch (known?.kind) {
    case "automations":
      return "those that start a process on the gateway are refused";
    case "spawn":
      return "those that start or drive an external harness on the gateway are refused";
    case "gatewayConfig":
    case "gatewayPort":
    case "otherMachine":
      return `everything but ${known.reads.join(", ")} is refused`;
    case "localFiles":
      return 'calls that name a file of the gateway are refused where its rule says files: "refuse"';
    default:
      return null;
  }
}
