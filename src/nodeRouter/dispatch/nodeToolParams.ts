// Puts the chosen node into a node-targeted tool's parameters, or refuses the node the model named. Pure.
import { trimmedText } from "../../shared/jsonParts.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { whyText } from "../explain/message.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import type { Refused } from "../policy/callDecision.ts";
import { findNode } from "../policy/namedNode.ts";
import { classifyTool } from "../toolCatalog/catalog.ts";
import type { NodeRewrite } from "./nodeExecParams.ts";

export interface NodeToolInput {
  readonly tool: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Must be placed. */
  readonly decision: PlacementDecision;
  readonly snapshot: NodeSnapshot;
}

/**
 * A node that the model names is kept when the rule allows it and it fits now, and refused otherwise with its
 * reason; none named is filled in with the winner. Ids, never names, go into the parameters.
 */
export function rewriteNodeTool(input: NodeToolInput): NodeRewrite {
  const { params, decision } = input;
  const tool = classifyTool(input.tool);
  const winner = decision.node;
  if (tool?.kind !== "node" || winner === null || winner.nodeId === null) {
    const fact = `no node for ${quote(input.tool)}`;
    return { ok: false, refusal: refusal("NO_NODE_FITS", fact, { advice: null }) };
  }
  const named = trimmedText(params.node);

  let node: NodeState = winner;
  if (named !== null) {
    const wanted = findNode(input.snapshot, named);
    const candidate = decision.candidates().find((entry) => entry.node === wanted?.name);
    if (wanted === null || candidate?.fits !== true) {
      return notAllowed(input, named, wanted, whyText(candidate, "does not fit"));
    }
    node = wanted;
  }
  if (node.nodeId === null) return notAllowed(input, named ?? node.name, node, "was not paired");
  return {
    ok: true,
    params: {
      ...params,
      ...(tool.target === null ? {} : { [tool.target.param]: tool.target.value }),
      node: node.nodeId,
    },
    nodeId: node.nodeId,
    jobId: null,
    notes: [],
  };
}

function notAllowed(
  input: NodeToolInput,
  named: string,
  wanted: NodeState | null,
  reason: string | null,
): Refused {
  const { decision, tool } = input;
  const why = wanted === null ? "which no known node is called" : `which ${reason ?? "does not fit"}`;
  const fitting = decision.candidates().filter((entry) => entry.fits);
  const names = fitting.map((entry) => quote(entry.node)).join(", ");
  const fact = `${quote(tool)} of agent ${quote(decision.request.agent)} asked for node ${quote(named.slice(0, 200))}, ${why} (rule ${quote(decision.rule ?? "")})`;
  const advice = `leave node out, or name one of ${names}`;
  return { ok: false, refusal: refusal("NODE_NOT_ALLOWED", fact, { advice }) };
}
