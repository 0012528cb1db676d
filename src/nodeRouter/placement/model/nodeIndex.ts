// A snapshot prepared for deciding: nodes in name order, and sets of those for which something holds.
import type { NodeLocation } from "../../../shared/types.ts";
import { add, type Bitset, emptySet, fullSet } from "./bitset.ts";
import type { NodeSnapshot, NodeState } from "./snapshot.ts";
import { createTagIndex, type TagIndex } from "./tagIndex.ts";

export interface NodeIndex extends TagIndex {
  /** Sorted by name in code-unit order: positions in sets refer to this, and the first of equals wins. */
  readonly nodes: readonly NodeState[];
  /** Everybody. Shared: do not change it. */
  readonly all: Bitset;
  /**
   * Positions of the nodes for which `holds`; computed once for each `name`, so one name must always come
   * with the same question. Shared: do not change it.
   */
  where(name: string, holds: (node: NodeState) => boolean): Bitset;
  /** One number a node by position, computed once for each `name` like `where`. Shared: do not change it. */
  column(name: string, of: (node: NodeState, position: number) => number): Float64Array;
  /** Position of the node with this name; -1 when there is none. */
  find(name: string): number;
  readonly gatewayLocation: NodeLocation | null;
}

const indexes = new WeakMap<NodeSnapshot, NodeIndex>();

/** The snapshot's index, built on first use and kept as long as the snapshot: snapshots never change. */
export function nodeIndexOf(snapshot: NodeSnapshot): NodeIndex {
  const before = indexes.get(snapshot);
  if (before !== undefined) return before;
  const index = createNodeIndex(snapshot);
  indexes.set(snapshot, index);
  return index;
}

function createNodeIndex(snapshot: NodeSnapshot): NodeIndex {
  const nodes = [...snapshot.nodes].sort(byName);
  const tags = createTagIndex(nodes);
  const known = new Map<string, Bitset>();
  const columns = new Map<string, Float64Array>();
  return {
    nodes,
    all: fullSet(nodes.length),
    matching: tags.matching,
    where(name, holds) {
      const before = known.get(name);
      if (before !== undefined) return before;
      const set = emptySet(nodes.length);
      for (const [position, node] of nodes.entries()) {
        if (holds(node)) add(set, position);
      }
      known.set(name, set);
      return set;
    },
    column(name, of) {
      const before = columns.get(name);
      if (before !== undefined) return before;
      const column = new Float64Array(nodes.length);
      for (const [position, node] of nodes.entries()) column[position] = of(node, position);
      columns.set(name, column);
      return column;
    },
    find: (name) => findByName(nodes, name),
    gatewayLocation: snapshot.gatewayLocation,
  };
}

/** Binary search: the nodes are sorted by name, and no two have one name. */
function findByName(nodes: readonly NodeState[], name: string): number {
  let from = 0;
  let to = nodes.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((nodes[middle]?.name ?? "") < name) from = middle + 1;
    else to = middle;
  }
  return nodes[from]?.name === name ? from : -1;
}

/** Code-unit order: the same on every machine, which locale order is not. */
function byName(left: NodeState, right: NodeState): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
