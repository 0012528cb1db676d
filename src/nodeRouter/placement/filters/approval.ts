// Filter: over the node protocol, the operator must have approved the node.
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

export const PENDING = aboutNode("approval", "was waiting for approval", "were waiting for approval");

/** Not approved as far as anyone knows; saying "waiting" would invent a fact. */
export const UNKNOWN_APPROVAL = aboutNode("approval", "had unknown approval");

const PARTS: readonly WayCheck[] = [
  { reason: PENDING, over: "node", keeps: ({ approval }) => approval !== "pending" },
  { reason: UNKNOWN_APPROVAL, over: "node", keeps: ({ approval }) => approval === "approved" },
];

const CHECKS: readonly WayCheck[] = [
  { reason: UNKNOWN_APPROVAL, over: "node", keeps: ({ approval }) => approval === "approved", parts: PARTS },
];

/** Pending and unknown are told apart: only the first of them is the operator's turn. */
export const approvalFilter: Filter = () => CHECKS;
