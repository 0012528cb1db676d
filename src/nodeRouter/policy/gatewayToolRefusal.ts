// Why a routed agent's call of a tool that acts on the gateway, or past the rules, is refused. Pure.
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote, safe } from "../../shared/safeText.ts";
import { startsGatewayProcess } from "../toolCatalog/automations.ts";
import type { ToolClass } from "../toolCatalog/classes.ts";
import { harnessIn, preparesWorktree } from "../toolCatalog/spawns.ts";

type Params = Readonly<Record<string, unknown>>;

/**
 * Null for a call that does no such thing.
 * `onUnavailable: "gateway"` opens none of these: it is about commands for which no node fits, not about tools
 * that go to the gateway whatever fits.
 */
export function gatewayToolRefusal(
  tool: string,
  known: ToolClass,
  params: Params,
  agent: string,
): Refusal | null {
  const routed = `and agent "${agent}" is routed to nodes`;
  const runs = `"${tool}" would run a command on the gateway, ${routed}`;
  if ("reads" in known && reads(known.reads, params)) return null;
  const asked = `"${tool}"${actionOf(params)}`;
  switch (known.kind) {
    case "gatewayShell":
      return refusal("GATEWAY_SHELL_REFUSED", runs);
    case "automations":
      return startsGatewayProcess(params) ? refusal("GATEWAY_SHELL_REFUSED", runs) : null;
    case "process":
      return refusal(
        "GATEWAY_SHELL_REFUSED",
        `"${tool}" would give a command on the gateway input, ${routed}`,
      );
    case "spawn": {
      const harness = harnessIn(params);
      if (harness === null) {
        if (!preparesWorktree(params)) return null;
        const fact = `"${tool}" with worktree would let a repository's setup script run on the gateway, ${routed}`;
        return refusal("GATEWAY_SHELL_REFUSED", fact, { advice: "leave worktree out, or use exec" });
      }
      const fact = `"${tool}" with ${safe(harness).slice(0, MAX_SHOWN)} would drive a program on the gateway, ${routed}`;
      return refusal("GATEWAY_SHELL_REFUSED", fact, { advice: 'use runtime "subagent", or exec' });
    }
    case "gatewayConfig": {
      const fact = `${asked} would change the gateway, whose config holds the rules for agent "${agent}"`;
      return refusal("GATEWAY_CONFIG_REFUSED", fact);
    }
    case "gatewayPort": {
      const fact = `${asked} would open a port of the gateway, ${routed}, where its servers are`;
      return refusal("GATEWAY_PORT_REFUSED", fact);
    }
    case "otherMachine": {
      const fact = `${asked} would use a machine that no rule chose for agent "${agent}"`;
      return refusal("NODE_NOT_ALLOWED", fact, { nothingRan: "nothing ran", advice: "Use exec" });
    }
    default:
      return null;
  }
}

/** Characters of what a call says, in a message. */
const MAX_SHOWN = 200;

/** An action that is not known is none that only looks; without one such a tool does nothing. */
function reads(known: readonly string[], { action }: Params): boolean {
  if (known.length === 0) return false;
  return action === undefined || (typeof action === "string" && known.includes(action));
}

function actionOf({ action }: Params): string {
  return typeof action === "string" ? ` with action ${quote(action.slice(0, MAX_SHOWN))}` : "";
}

/** What of a tool that is not refused as a whole is refused to routed agents, in words; null for other tools. */
export function refusedPart(known: ToolClass | null): string | null {
  switch (known?.kind) {
    case "automations":
      return "those that start a process on the gateway are refused";
    case "spawn":
      return "those that start or drive an external harness, or prepare a worktree, on the gateway are refused";
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
