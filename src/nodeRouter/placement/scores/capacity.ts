// What a node loses in the ranking because little of it is free. It never excludes one: a rule's `minimum` does.
import type { NodeState } from "../model/snapshot.ts";

/** What each resource takes away: 0, -25, -50 or -100; 0 too where it is not known. */
export interface CapacityPenalties {
  readonly load: number;
  readonly memory: number;
  readonly disk: number;
}

/** What is not known takes nothing away. The steps are the node's own, so that no order of nodes matters. */
export function capacityPenalties({ capacity }: NodeState): CapacityPenalties {
  const { loadPerCpu, freeMemoryShare, freeDiskShare } = capacity;
  return {
    load:
      loadPerCpu === null ? 0 : loadPerCpu <= 1 ? 0 : loadPerCpu <= 2 ? -25 : loadPerCpu <= 4 ? -50 : -100,
    memory: freeMemoryShare === null ? 0 : memoryPenalty(freeMemoryShare),
    disk: freeDiskShare === null ? 0 : freeDiskShare >= 0.1 ? 0 : freeDiskShare >= 0.05 ? -50 : -100,
  };
}

/** The scarcest resource counts, for plenty of another does not make up for it. */
export function capacityScore(node: NodeState): number {
  const { load, memory, disk } = capacityPenalties(node);
  return Math.min(load, memory, disk);
}

function memoryPenalty(share: number): number {
  if (share >= 0.2) return 0;
  return share >= 0.1 ? -25 : share >= 0.05 ? -50 : -100;
}
