// Puts the chosen node into a node-targeted tool's parameters, or refuses the node the model named. Pure.
import { trimmedText } from "../../shared/jsonParts.ts";
import { refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import type { Refused } from "../policy/callDecision.ts";
import { classifyTool } from "../toolCatalog/catalog.ts";
import type { NodeRewrite } from "./nodeExecParams.ts";

export interface NodeToolInput {
  readonly tool: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Must be placed. */
  readonly decision: PlacementDecision;
  readonly snapshot: NodeSnapshot;
}

/** The host accepts this many characters of an id as its name. */
const MIN_ID_PREFIX = 6;

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
      return notAllowed(input, named, wanted, candidate?.reason?.one ?? null);
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

/** As the host matches names: exact id, inventory name, then the beginning of an id that only one node has. */
function findNode(snapshot: NodeSnapshot, name: string): NodeState | null {
  const wanted = name.toLowerCase();
  const { nodes } = snapshot;
  return (
    nodes.find((node) => node.nodeId === name) ??
    nodes.find((node) => node.name === name) ??
    only(nodes.filter((node) => node.name.toLowerCase() === wanted)) ??
    (wanted.length < MIN_ID_PREFIX ? null : only(nodes.filter((node) => node.nodeId?.startsWith(wanted))))
  );
}

/** Null when there are several: a guess could be the wrong machine. */
function only(nodes: readonly NodeState[]): NodeState | null {
  const [node = null, ...others] = nodes;
  return others.length === 0 ? node : null;
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
