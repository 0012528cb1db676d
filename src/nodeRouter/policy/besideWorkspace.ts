// Node tools of an agent whose workspace is on a node: they speak the node protocol, and go to the same machine. Pure.
import { quote } from "../../shared/safeText.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { SessionPlace } from "./callDecision.ts";

export type NodeToolPlace =
  | { readonly ok: true; readonly placement: PlacementDecision }
  /** With its code: what the agent reads. */
  | { readonly ok: false; readonly message: string };

/**
 * The decision about a node tool, on the node where the session's workspace is. A rule of the tool's own (browser
 * here, commands there) is left as it decided.
 */
export function besideWorkspace(
  placement: PlacementDecision,
  workspace: SessionPlace,
  snapshot: NodeSnapshot,
): NodeToolPlace {
  if (!workspace.ok) return workspace;
  if (workspace.placement.rule !== placement.rule) return { ok: true, placement };
  const { name } = workspace.node;
  const { agent, tool } = placement.request;
  const node = snapshot.nodes.find((state) => state.name === name) ?? null;
  const candidate = placement.candidates().find((entry) => entry.node === name);
  if (node !== null && candidate?.fits === true) return { ok: true, placement: { ...placement, node } };
  const fact = candidate?.reason?.one ?? "is not known";
  return {
    ok: false,
    message: `NODE_NOT_ALLOWED: ${quote(tool)} of agent ${quote(agent)} runs over the node protocol on the machine of its workspace, node ${quote(name)}, which ${fact}; nothing ran. Use exec there, or pair the node with this gateway.`,
  };
}
