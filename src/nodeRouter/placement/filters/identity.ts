// Filter: over the node protocol, it must be known which paired node a name stands for.
import type { NameDoubt } from "../model/snapshot.ts";
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

const REASONS = {
  ambiguous: aboutNode(
    "identity",
    "had a name that several paired nodes answer to",
    "had names that several paired nodes answer to",
  ),
  moved: aboutNode("identity", "had another id than before", "had other ids than before"),
  forgotten: aboutNode("identity", "had an id that nobody remembers", "had ids that nobody remembers"),
  taken: aboutNode("identity", "had the id of another entry", "had the ids of other entries"),
} as const satisfies Record<NameDoubt["kind"], unknown>;

const KINDS = ["ambiguous", "moved", "forgotten", "taken"] as const;

const PARTS: readonly WayCheck[] = KINDS.map((kind) => ({
  reason: REASONS[kind],
  over: "node",
  keeps: ({ doubt }) => doubt?.kind !== kind,
}));

const CHECKS: readonly WayCheck[] = [
  { reason: REASONS.ambiguous, over: "node", keeps: ({ doubt }) => doubt === null, parts: PARTS },
];

/** SSH goes to the address in the config, whatever paired nodes call themselves. */
export const identityFilter: Filter = () => CHECKS;
