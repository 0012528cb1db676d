// The node that a call names, as the host would find it. Pure.
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";

/** The host accepts this many characters of an id as its name. */
const MIN_ID_PREFIX = 6;

/** As the host matches names: exact id, inventory name, then the beginning of an id that only one node has. */
export function findNode({ nodes }: NodeSnapshot, name: string): NodeState | null {
  const wanted = name.toLowerCase();
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
