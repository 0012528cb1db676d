// Filter: the node must have free what the rule says at least. What nobody knows is never enough.
import type { Reason } from "../model/decision.ts";
import type { Minimum } from "../model/rule.ts";
import type { NodeCapacity } from "../model/snapshot.ts";
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

const GIB = 2 ** 30;

/** One resource: its key in the rule, how much of it is free in the key's unit, and what to say. */
interface Resource {
  readonly key: keyof Minimum;
  readonly free: (capacity: NodeCapacity) => number | null;
  readonly tooLittle: Reason;
  readonly unknown: Reason;
}

const RESOURCES: readonly Resource[] = [
  {
    key: "idleCpus",
    free: ({ idleCpus }) => idleCpus,
    tooLittle: aboutNode("minimum", "had fewer than the minimum idle CPUs"),
    unknown: aboutNode("minimum", "had unknown idle CPUs"),
  },
  {
    key: "freeMemoryGiB",
    free: ({ freeMemoryBytes }) => gibOf(freeMemoryBytes),
    tooLittle: aboutNode("minimum", "had less than the minimum free memory"),
    unknown: aboutNode("minimum", "had unknown free memory"),
  },
  {
    key: "freeDiskGiB",
    free: ({ freeDiskBytes }) => gibOf(freeDiskBytes),
    tooLittle: aboutNode("minimum", "had less than the minimum free disk"),
    unknown: aboutNode("minimum", "had unknown free disk"),
  },
];

/** Two checks for each resource that the rule names, unknown before too little; both pass by themselves. */
export const minimumFilter: Filter = ({ rule }) =>
  RESOURCES.flatMap(({ key, free, tooLittle, unknown }): readonly WayCheck[] => {
    const minimum = rule.minimum?.[key] ?? null;
    if (minimum === null) return [];
    return [
      {
        reason: unknown,
        keeps: ({ capacity }) => free(capacity) !== null,
        passing: () => passing(unknown),
      },
      {
        reason: tooLittle,
        // What is unknown was removed before, and passes nothing here either.
        keeps: ({ capacity }) => (free(capacity) ?? Number.NEGATIVE_INFINITY) >= minimum,
        passing: () => passing(tooLittle),
      },
    ];
  });

function gibOf(bytes: number | null): number | null {
  return bytes === null ? null : bytes / GIB;
}

function passing({ one }: Reason): string {
  return `does not have free now what the rule asks for (it ${one})`;
}
