// Layer 3: the gateway's own check before a command goes to a node. Refuses a run whose agent may not be there.

import type { ResolvedConfig } from "../config/resolve.ts";
import { mayCloseNodes } from "../nodeRouter/current/closing.ts";
import { testedNow } from "../nodeRouter/current/testedConfig.ts";
import { agentOf } from "../nodeRouter/host/events.ts";
import { currentSnapshot, lastSnapshot } from "../nodeRouter/inventory/currentSnapshot.ts";
import type { NodeState } from "../nodeRouter/placement/model/snapshot.ts";
import { agentPolicy } from "../nodeRouter/policy/agentPolicy.ts";
import { barredProblem, cordonProblem } from "../nodeRouter/policy/barred.ts";
import { ruleAllows } from "../nodeRouter/policy/toolPlacement.ts";
import { closedTo } from "../nodeRouter/policy/untolerated.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { CALLS } from "../nodeRouter/state/calls.ts";
import { COUNTERS } from "../nodeRouter/state/counters.ts";
import { TELL_USER } from "../shared/errorCatalogue.ts";
import { isRecord } from "../shared/isRecord.ts";
import { type Refusal, refusal } from "../shared/refusal.ts";

/**
 * The node-protocol commands that are checked. The host asks the node to prepare every exec before it runs it,
 * with the same node and agent, so the preparation is enough. `system.run` itself must not stand here: a policy
 * lasts as long as its command, and while one lasts the host can neither reload the plugin's config nor start
 * any agent's run, and gives the reload up after a minute (observed on OpenClaw 2026.9.6).
 */
export const GUARDED_COMMANDS = ["system.run.prepare"];

export interface NodeInvocation {
  readonly nodeId: string;
  readonly command: string;
  /** For agent runs the host puts `agentId` and `sessionKey` in. */
  readonly params: unknown;
}

/**
 * Null when the run may go on, else why not. An agent whose workspace is on a node has none of these
 * runs: its commands go to this plugin there, by a command of its own. A run without an agent is an operator's own and passes. While
 * exec calls of the agent are under way in the session, only their nodes are allowed; otherwise (an approval
 * that came after its call had ended) any node that the agent's rule allows.
 */
export function createNodeInvokePolicy(deps: RouterDeps) {
  const log = deps.log.child({ part: "node-invoke" });
  return async (invocation: NodeInvocation): Promise<Refusal | null> => {
    const config = testedNow(deps);
    const { agent, sessionKey } = caller(invocation.params);
    if (config === null || agent === null) return null;
    // Nothing of a workspace is run by OpenClaw itself, in no mode.
    const policy = agentPolicy(config, deps.hostConfig(), agent);
    const isWorkspace = policy.binding === "workspace";
    let barred: string | null = null;
    if (!isWorkspace) {
      if (config.mode === "shadow") return null;
      if (!policy.isRouted) return closedRefusal(deps, config, agent, invocation);
      const running = deps.memory.part(CALLS).runningExecNodes(agent, sessionKey);
      const { nodeId } = invocation;
      const isUnderWay = running.size > 0;
      const snapshot = isUnderWay ? lastSnapshot(deps, config) : await currentSnapshot(deps, config);
      const isIt = (node: NodeState): boolean => node.nodeId === nodeId;
      // SECURITY: a person may have agreed minutes after the call was placed, and the node's place be in doubt since.
      barred = barredProblem(policy, isIt, snapshot);
      // Nobody waits for it any more, so a drain may be over.
      if (!isUnderWay) barred ??= cordonProblem(isIt, snapshot);
      const allowed = isUnderWay ? running.has(nodeId) : ruleAllows(policy, nodeId, snapshot);
      if (allowed && barred === null) return null;
    }

    deps.memory.part(COUNTERS).runsRefused += 1;
    log.error({ agent, node: invocation.nodeId, tool: invocation.command }, "run refused");
    const where = isWorkspace
      ? "by OpenClaw itself, and its commands go to its workspace on a node"
      : barred === null
        ? "where its rule did not place it"
        : `which ${barred}`;
    const fact = `a command of agent "${agent}" was sent to node ${invocation.nodeId}, ${where}`;
    const advice = `Look for another plugin that rewrites exec, or run "openclaw node-router explain --agent ${agent}"`;
    return refusal("RUN_NOT_ALLOWED", fact, { advice, agentAdvice: TELL_USER });
  };
}

/** No rule speaks for the agent: only a cordon or a taint of the node can. */
async function closedRefusal(
  deps: RouterDeps,
  config: ResolvedConfig,
  agent: string,
  { nodeId }: NodeInvocation,
): Promise<Refusal | null> {
  if (!mayCloseNodes(deps.memory, config)) return null;
  const closed = closedTo(nodeId, config, await currentSnapshot(deps, config));
  if (closed === null) return null;
  deps.memory.part(COUNTERS).runsRefused += 1;
  const fact = `a command of agent "${agent}" was sent to node ${nodeId}, ${closed}`;
  const advice = "Name another node, or wait until the operator opens this one";
  return refusal("RUN_NOT_ALLOWED", fact, { advice });
}

function caller(params: unknown): { agent: string | null; sessionKey: string } {
  const said = isRecord(params) ? params : {};
  const sessionKey = typeof said.sessionKey === "string" ? said.sessionKey : "";
  const agentId = typeof said.agentId === "string" ? said.agentId : "";
  return { agent: agentOf({ agentId, sessionKey }), sessionKey };
}
