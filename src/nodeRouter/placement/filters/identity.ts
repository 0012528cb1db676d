// Filter: over the node protocol, it must be known which paired node a name stands for.
import type { Reason } from "../model/decision.ts";
import type { NameDoubt } from "../model/snapshot.ts";
import { transportFor } from "../model/transportFor.ts";
import type { Filter } from "./filter.ts";

const REASONS: readonly (readonly [kind: NameDoubt["kind"], reason: Reason])[] = [
  [
    "ambiguous",
    reason("had a name that several paired nodes answer to", "had names that several paired nodes answer to"),
  ],
  ["moved", reason("had another id than before", "had other ids than before")],
  ["forgotten", reason("had an id that nobody remembers", "had ids that nobody remembers")],
];

/** SSH goes to the address in the config, whatever paired nodes call themselves. */
export const identityFilter: Filter = ({ request }) =>
  transportFor(request.binding) === "ssh"
    ? []
    : REASONS.map(([kind, reason]) => ({
        reason,
        keeps: ({ doubt }) => doubt?.kind !== kind,
      }));

function reason(one: string, many: string): Reason {
  return { filter: "identity", one, many };
}
