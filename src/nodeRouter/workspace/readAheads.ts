// The file bridges at work on each node, so that a step which one of them has put off is done before a command runs.

/** What a bridge offers for that. */
export interface ReadAhead {
  invalidate(): void;
}

export interface ReadAheads {
  /** Held weakly: a bridge goes with its run, and the host does not say when. */
  add(node: string, bridge: ReadAhead): void;
  /** A command starts or ends on this node. */
  invalidate(node: string): void;
}

/** One a process: commands and file tools of one node may be of different runs. */
export function createReadAheads(): ReadAheads {
  const bridges = new Map<string, Set<WeakRef<ReadAhead>>>();
  return {
    add(node, bridge) {
      const known = bridges.get(node) ?? new Set();
      bridges.set(node, known);
      for (const old of known) if (old.deref() === undefined) known.delete(old);
      known.add(new WeakRef(bridge));
    },
    invalidate(node) {
      for (const bridge of bridges.get(node) ?? []) bridge.deref()?.invalidate();
    },
  };
}
