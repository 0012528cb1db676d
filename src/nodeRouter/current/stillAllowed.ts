// Asked again before anything of an agent is sent to the node of its workspace: was it barred since the call was decided?
import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { TELL_USER } from "../../shared/errorCatalogue.ts";
import { NodeRouterError } from "../../shared/errors.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { lastSnapshot } from "../inventory/currentSnapshot.ts";
import { makePolicy } from "../policy/agentPolicy.ts";
import { barredProblem } from "../policy/barred.ts";

/**
 * By what is known now; asks nobody.
 * @param node inventory name.
 * @throws NodeRouterError NODE_NOT_ALLOWED: its place is in doubt or outside of the residency, or it has a taint since
 */
export function requireStillAllowed(memory: Memory, agent: string, node: string): void {
  const config = memory.part(PLUGIN_CONFIG).current;
  if (config === null) return;
  const policy = makePolicy(config, null, agent, "workspace");
  const isIt = ({ name }: { readonly name: string }) => name === node;
  const problem = barredProblem(policy, isIt, lastSnapshot({ memory }, config));
  if (problem === null) return;
  const fact = `nothing more of agent ${quote(agent)} goes to node ${quote(node)}, which ${problem} (rule ${quote(policy.execRule?.name ?? "")})`;
  const advice = 'Run "openclaw node-router doctor"';
  const told = { nothingRan: "nothing was sent", advice, agentAdvice: TELL_USER };
  throw new NodeRouterError(refusal("NODE_NOT_ALLOWED", fact, told));
}
