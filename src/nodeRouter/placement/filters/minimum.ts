// Filter: the node must have free what the rule says at least. What nobody knows is never enough.
import type { Reason } from "../model/decision.ts";
import type { Minimum } from "../model/rule.ts";
import type { NodeCapacity } from "../model/snapshot.ts";
import type { Check, Filter } from "./filter.ts";

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
    tooLittle: reason("had fewer than the minimum idle CPUs"),
    unknown: reason("had unknown idle CPUs"),
  },
  {
    key: "freeMemoryGiB",
    free: ({ freeMemoryBytes }) => gibOf(freeMemoryBytes),
    tooLittle: reason("had less than the minimum free memory"),
    unknown: reason("had unknown free memory"),
  },
  {
    key: "freeDiskGiB",
    free: ({ freeDiskBytes }) => gibOf(freeDiskBytes),
    tooLittle: reason("had less than the minimum free disk"),
    unknown: reason("had unknown free disk"),
  },
];

export const minimumFilter: Filter = ({ rule }) =>
  RESOURCES.flatMap(({ key, free, tooLittle, unknown }): readonly Check[] => {
    const minimum = rule.minimum?.[key] ?? null;
    if (minimum === null) return [];
    return [
      {
        reason: unknown,
        keeps: ({ capacity }) => free(capacity) !== null,
      },
      {
        reason: tooLittle,
        // What is unknown was removed before, and passes nothing here either.
        keeps: ({ capacity }) => (free(capacity) ?? Number.NEGATIVE_INFINITY) >= minimum,
      },
    ];
  });

function gibOf(bytes: number | null): number | null {
  return bytes === null ? null : bytes / GIB;
}

function reason(phrase: string): Reason {
  return { filter: "minimum", one: phrase, many: phrase };
}
