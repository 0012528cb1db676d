// Filter: over the node protocol, the operator must have approved the node.
import { aboutNode, type Filter } from "./filter.ts";

export const PENDING = aboutNode("approval", "was waiting for approval", "were waiting for approval");

/** Not approved as far as anyone knows; saying "waiting" would invent a fact. */
export const UNKNOWN_APPROVAL = aboutNode("approval", "had unknown approval");

/** Pending and unknown are told apart: only the first of them is the operator's turn. */
export const approvalFilter: Filter = () => [
  { reason: PENDING, over: "node", keeps: ({ approval }) => approval !== "pending" },
  { reason: UNKNOWN_APPROVAL, over: "node", keeps: ({ approval }) => approval === "approved" },
];
