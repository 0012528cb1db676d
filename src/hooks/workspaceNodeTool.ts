// Node tools of an agent whose workspace is on a node: they speak the node protocol, and go to the same machine.
import { lastSnapshot } from "../nodeRouter/currentSnapshot.ts";
import type { RouterDeps } from "../nodeRouter/deps.ts";
import type { PlacementDecision } from "../nodeRouter/placement/decision.ts";
import { placeWorkspace } from "../nodeRouter/workspace/placement.ts";
import { quote } from "../safeText.ts";

export type NodeToolPlace =
  | { readonly ok: true; readonly decision: PlacementDecision }
  | { readonly ok: false; readonly message: string };

/**
 * The decision about a node tool, on the node where the session's workspace is. A rule of the tool's own (browser
 * here, commands there) is left as it decided.
 */
export async function besideWorkspace(
  deps: RouterDeps,
  decision: PlacementDecision,
  agent: string,
  sessionKey: string,
): Promise<NodeToolPlace> {
  const { config } = deps.state;
  if (config === null) return { ok: true, decision };
  const workspace = await placeWorkspace(deps, agent, sessionKey);
  if (!workspace.ok) return workspace;
  if (workspace.decision.rule !== decision.rule) return { ok: true, decision };
  const { name } = workspace.node;
  const node = lastSnapshot(deps, config).nodes.find((state) => state.name === name) ?? null;
  const candidate = decision.candidates().find((entry) => entry.node === name);
  if (node !== null && candidate?.fits === true) return { ok: true, decision: { ...decision, node } };
  const fact = candidate?.reason?.one ?? "is not known";
  return {
    ok: false,
    message: `NODE_NOT_ALLOWED: ${quote(decision.request.tool)} of agent ${quote(agent)} runs over the node protocol on the machine of its workspace, node ${quote(name)}, which ${fact}; nothing ran. Use exec there, or pair the node with this gateway.`,
  };
}
