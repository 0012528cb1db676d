// Node tools of an agent whose workspace is on a node: they speak the node protocol, and go to the same machine. Pure.
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { whyText } from "../explain/message.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { Refused, SessionPlace } from "./callDecision.ts";

export type NodeToolPlace = { readonly ok: true; readonly placement: PlacementDecision } | Refused;

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
  const why = whyText(candidate, "is not known");
  const fact = `${quote(tool)} of agent ${quote(agent)} runs over the node protocol on the machine of its workspace, node ${quote(name)}, which ${why}`;
  const told = { nothingRan: "nothing ran", advice: "Use exec there, or pair the node with this gateway" };
  return { ok: false, refusal: refusal("NODE_NOT_ALLOWED", fact, told) };
}
