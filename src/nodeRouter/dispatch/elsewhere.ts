// Calls that the host would carry out on a machine that no parameter chooses: a session with a machine of its own, a
// tool that a node publishes. Nothing of them can be moved, so they fit or are refused.

import type { ResolvedConfig } from "../../config/resolve.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { quote } from "../../shared/safeText.ts";
import type { Binding } from "../../shared/types.ts";
import type { ToolContext, ToolEvent } from "../host/events.ts";
import { bindingOf } from "../host/hostConfig.ts";
import { spawnOf, spawnRefusal } from "../hostedSessions/spawnPlacement.ts";
import { hostingProblem, mustBePlaced, nodeLabel } from "../hostedSessions/verdict.ts";
import { currentSnapshot, lastSnapshot } from "../inventory/currentSnapshot.ts";
import { hostedToolRefusal, nodesBehind } from "../policy/nodeHostedTools.ts";
import type { RouterDeps } from "../process/deps.ts";
import { COUNTERS } from "../state/counters.ts";
import { catalogEntry, classifyTool } from "../toolCatalog/catalog.ts";

/** What the agent reads instead of a result; null when the call is none of these, or may go on. Never throws. */
export async function refusedElsewhere(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  event: ToolEvent,
  context: ToolContext,
): Promise<string | null> {
  const must = (whose: string) => mustBePlaced(config, whose, bindingNow(deps, whose));
  let refusal: string | null;
  try {
    refusal =
      spawnRefusal(event.toolName, event.params, agent, must) ??
      (await spawnedBeside(deps, config, agent, event, context, must)) ??
      (must(agent) ? await onItsNode(deps, config, agent, event.toolName) : null);
  } catch (error) {
    const fault =
      error instanceof NodeRouterError
        ? error.message
        : `INVENTORY_UNAVAILABLE: the call could not be placed: ${messageOf(error)}`;
    refusal = `${fault}.`;
  }
  if (refusal === null) return null;
  const isShadow = config.mode === "shadow";
  deps.log
    .child({ part: "elsewhere" })
    .warn({ agent, tool: event.toolName, reason: refusal, mode: config.mode }, "refused");
  if (isShadow) return null;
  deps.memory.part(COUNTERS).refused += 1;
  return refusal;
}

/** A session that runs on another machine has the sessions that it starts there too. */
async function spawnedBeside(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  { toolName, params }: ToolEvent,
  { sessionKey }: ToolContext,
  must: (agent: string) => boolean,
): Promise<string | null> {
  const spawn = spawnOf(toolName, params, agent);
  if (spawn === null || spawn.local || !must(spawn.agent) || !sessionKey) return null;
  const record = deps.hosted?.ofKey(sessionKey);
  // Unreadable records refuse nothing here: the new session's own turns are checked again before each.
  if (record === undefined || !record.ok || record.session === null) return null;
  const snapshot = await currentSnapshot(deps, config);
  const { nodeId } = record.session;
  const binding = bindingNow(deps, spawn.agent);
  const problem = hostingProblem(config, { agent: spawn.agent, binding, nodeId }, snapshot);
  if (problem === null) return null;
  const fact = `"sessions_spawn" in a hosted session would host a session of agent ${quote(spawn.agent)} on ${nodeLabel(nodeId, snapshot)}, ${problem}`;
  return `HOSTED_ELSEWHERE: ${fact}; start it from a session that runs on the gateway.`;
}

async function onItsNode(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  tool: string,
): Promise<string | null> {
  const isKnown = classifyTool(tool) !== null;
  // A tool of the host is only looked at for a node's id in its name, or for a namesake: the last list will do.
  const snapshot =
    catalogEntry(tool) !== null ? lastSnapshot(deps, config) : await currentSnapshot(deps, config);
  const behind = nodesBehind(tool, isKnown, deps.memory.part(NODE_READER).last()?.nodes ?? []);
  return hostedToolRefusal(config, agent, tool, behind, snapshot);
}

/** A config that cannot be read must not stop agents that no rule names. */
function bindingNow(deps: RouterDeps, agent: string): Binding {
  try {
    return bindingOf(deps.hostConfig(), agent);
  } catch {
    return "exec";
  }
}
