// Calls that the host would carry out on a machine that no parameter chooses: a session with a machine of its own, a
// tool that a node publishes. Nothing of them can be moved, so they fit or are refused. Pure.
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { classifyTool } from "../toolCatalog/catalog.ts";
import type { AgentPolicy } from "./agentPolicy.ts";
import type { Call, World } from "./callDecision.ts";
import { hostingProblem, nodeLabel } from "./hosting.ts";
import { hostedToolRefusal, nodesBehind } from "./nodeHostedTools.ts";
import { spawnOf, spawnRefusal } from "./spawnPlacement.ts";
import { closesNodes } from "./untolerated.ts";

/** What the agent reads instead of a result; null when the call is none of these, or may go on. */
export function elsewhereRefusal(policy: AgentPolicy, call: Call, world: World): Refusal | null {
  const { tool, params } = call;
  return (
    spawnRefusal(tool, params, policy.id, (agent) => world.agent(agent).mustBePlaced) ??
    besideHosted(policy, call, world) ??
    (policy.mustBePlaced || closesNodes(policy.config, world.snapshot)
      ? publishedByNode(policy, tool, world)
      : null)
  );
}

/** A session that runs on another machine has the sessions that it starts there too. */
function besideHosted({ id }: AgentPolicy, { tool, params, session }: Call, world: World): Refusal | null {
  const { hostedOn: nodeId } = session;
  const spawn = spawnOf(tool, params, id);
  if (nodeId === undefined || spawn === null || spawn.local) return null;
  const problem = hostingProblem(world.agent(spawn.agent), nodeId, world.snapshot);
  if (problem === null) return null;
  const fact = `"sessions_spawn" in a hosted session would host a session of agent ${quote(spawn.agent)} on ${nodeLabel(nodeId, world.snapshot)}, ${problem}`;
  return refusal("HOSTED_ELSEWHERE", fact, { advice: "start it from a session that runs on the gateway" });
}

function publishedByNode(policy: AgentPolicy, tool: string, { hostNodes, snapshot }: World): Refusal | null {
  const behind = nodesBehind(tool, classifyTool(tool) !== null, hostNodes);
  return hostedToolRefusal(policy, tool, behind, snapshot);
}
