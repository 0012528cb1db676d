// Joins a list of paired nodes with the one before it, so that what did not change is the same object. Pure.

import { sameData } from "../../../shared/sameData.ts";
import type { HostNode } from "./hostNode.ts";

/** A list of paired nodes at one moment. */
export interface PairedNodeList {
  readonly nodes: readonly HostNode[];
  /** Epoch ms. */
  readonly takenAtMs: number;
  /** The same object as long as no answer to "who is who" can have changed; absent: as long as the list is the same. */
  readonly who?: object;
}

/**
 * The newer list with the older one's entries wherever they say the same: what is worked out of an entry, of the list
 * or of `who` can then be used again. A gateway lists its nodes once a second, and hardly any differs.
 */
export function joined(before: PairedNodeList | null, next: PairedNodeList): PairedNodeList {
  if (before === null) return next;
  let known: ReadonlyMap<string, HostNode> | null = null;
  // The host lists them in the same order as long as none comes or goes.
  const knownAs = (id: string, at: number): HostNode | undefined => {
    if (before.nodes[at]?.nodeId === id) return before.nodes[at];
    known ??= new Map(before.nodes.map((node) => [node.nodeId, node]));
    return known.get(id);
  };
  let isSameWho = before.nodes.length === next.nodes.length;
  let isSameList = isSameWho;
  const nodes = next.nodes.map((read, at) => {
    const old = knownAs(read.nodeId, at);
    const node = old !== undefined && sameData(old, read) ? old : read;
    isSameList &&= node === before.nodes[at];
    isSameWho &&= old !== undefined && (node === old || isSameMachine(old, node));
    return node;
  });
  return {
    nodes: isSameList ? before.nodes : nodes,
    takenAtMs: next.takenAtMs,
    who: isSameWho ? (before.who ?? before.nodes) : nodes,
  };
}

/** Whether nothing changed by which it is told who a node is, and which of several of one name is the best. */
function isSameMachine(a: HostNode, b: HostNode): boolean {
  return (
    a.displayName === b.displayName &&
    a.connected === b.connected &&
    a.approval === b.approval &&
    a.connectedAtMs === b.connectedAtMs &&
    a.lastSeenAtMs === b.lastSeenAtMs
  );
}
