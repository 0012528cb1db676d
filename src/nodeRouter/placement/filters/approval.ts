// Filter: over the node protocol, the operator must have approved the node.
import type { Reason } from "../model/decision.ts";
import { transportFor } from "../model/transportFor.ts";
import type { Filter } from "./filter.ts";

export const PENDING: Reason = {
  filter: "approval",
  one: "was waiting for approval",
  many: "were waiting for approval",
};

/** Not approved as far as anyone knows; saying "waiting" would invent a fact. */
export const UNKNOWN_APPROVAL: Reason = {
  filter: "approval",
  one: "had unknown approval",
  many: "had unknown approval",
};

export const approvalFilter: Filter = ({ request }) =>
  transportFor(request.binding) === "ssh"
    ? []
    : [
        {
          reason: PENDING,
          keeps: ({ approval }) => approval !== "pending",
        },
        {
          reason: UNKNOWN_APPROVAL,
          keeps: ({ approval }) => approval === "approved",
        },
      ];
