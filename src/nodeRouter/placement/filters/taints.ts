// Filter: a node whose taint the rule does not tolerate takes no calls of it.
import { keepsOff, printTaint, type Taint, tolerates } from "../model/taint.ts";
import type { Filter } from "./filter.ts";

/** About the rule: it does not mean such a node, and a late approval or a guard must not send a call there. */
export const TAINTED = {
  filter: "taint",
  one: "had an untolerated taint",
  many: "had untolerated taints",
  about: "rule",
} as const;

/** As in Kubernetes, `NoSchedule` leaves what is there: the session whose files are on the node. */
export const taintFilter: Filter = ({ request, rule: { tolerate } }) => {
  const isKeeping = (taint: Taint, name: string): boolean =>
    keepsOff(taint) &&
    !(taint.effect === "NoSchedule" && name === request.settled) &&
    !tolerates(tolerate, taint);
  return [
    {
      reason: TAINTED,
      keeps: ({ name, taints }) => taints.length === 0 || !taints.some((taint) => isKeeping(taint, name)),
      detail: ({ name, taints }) =>
        taints
          .filter((taint) => isKeeping(taint, name))
          .map(printTaint)
          .join(", "),
    },
  ];
};
