// Filter: the operator must not keep calls away from the node.
import type { NodeState } from "../model/snapshot.ts";
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

export const CORDONED = aboutNode("cordon", "was cordoned", "were cordoned");

/** Nobody knows whether the operator keeps calls away from it, so nobody says that they may come. */
export const UNREADABLE_CORDON = aboutNode("cordon", "had a cordon record that cannot be read");

/** `was cordoned`; null: calls may come. */
export function cordonWords(cordon: NodeState["cordon"]): string | null {
  if (cordon === null) return null;
  return cordon === "unreadable" ? UNREADABLE_CORDON.one : CORDONED.one;
}

const PARTS: readonly WayCheck[] = [
  {
    reason: UNREADABLE_CORDON,
    keeps: ({ cordon }) => cordon !== "unreadable",
    passing: () => "has a cordon record that cannot be read",
  },
  {
    reason: CORDONED,
    keeps: ({ cordon }) => cordon === null,
    passing: ({ cordon }) =>
      cordon === null || cordon === "unreadable" || cordon.move ? null : "is cordoned",
  },
];

const CHECKS: readonly WayCheck[] = [
  { reason: CORDONED, keeps: ({ cordon }) => cordon === null, parts: PARTS },
];

/** Over every protocol. A session waits where its files are, unless the operator lets sessions go elsewhere. */
export const cordonFilter: Filter = () => CHECKS;
