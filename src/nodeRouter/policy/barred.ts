// Whether a node that was chosen before may still get anything of an agent: place and taints can change meanwhile. Pure.
import { whyText } from "../explain/message.ts";
import { cordonWords } from "../placement/filters/cordon.ts";
import { OUTSIDE } from "../placement/filters/residency.ts";
import { TAINTED } from "../placement/filters/taints.ts";
import type { Candidate } from "../placement/model/decision.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { COMMAND_NEEDS, WORKSPACE_NEEDS } from "../placement/model/way.ts";
import { placeByRule } from "../placement/place.ts";
import type { AgentPolicy } from "./agentPolicy.ts";

const BARRING: readonly string[] = [OUTSIDE.filter, TAINTED.filter];

/** Whether the reason is one that holds back what was decided before, too. */
export function isBarred({ reason }: Candidate): boolean {
  return reason !== null && BARRING.includes(reason.filter);
}

/**
 * Why nothing more of the agent's exec or workspace may go to the node: `was of disputed place (…)`; null when nothing
 * of that kind speaks against it. Everything else that changes meanwhile (it went offline) shows by itself.
 * @param isIt which node of the snapshot.
 */
export function barredProblem(
  { id: agent, binding, execRule, execChain }: AgentPolicy,
  isIt: (node: NodeState) => boolean,
  snapshot: NodeSnapshot,
): string | null {
  if (execRule === null) return null;
  const node = snapshot.nodes.find(isIt);
  // SECURITY: under a residency a machine of which nothing is known is nowhere.
  if (node === undefined) {
    return execChain.every(({ residency }) => residency === null) ? null : "is not known any more";
  }
  const needs = binding === "workspace" ? WORKSPACE_NEEDS : COMMAND_NEEDS;
  const settled = binding === "workspace" ? node.name : null;
  const asked = { agent, tool: "exec", commands: [], needs, binding, current: null, settled } as const;
  const alone = { ...snapshot, nodes: [node] };
  const said = execChain.flatMap((rule) => placeByRule(rule, asked, alone).candidates());
  // One of the rules may have sent it there, and that one has nothing against it.
  if (said.some((one) => !isBarred(one) && one.reason?.about !== "rule")) return null;
  const barring = said.find(isBarred);
  return barring === undefined ? null : whyText(barring, "");
}

/**
 * Why a command must not begin on the node whose call has ended before, e.g. because a person agreed to it late:
 * `was cordoned`; null: it may. A call that is under way is another thing: what was decided before the cordon goes on,
 * and a drain waits for it.
 */
export function cordonProblem(
  isIt: (node: NodeState) => boolean,
  { nodes }: Pick<NodeSnapshot, "nodes">,
): string | null {
  return cordonWords(nodes.find(isIt)?.cordon ?? null);
}
