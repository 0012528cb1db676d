// Filter: a node whose taint the rule does not tolerate takes no calls of it.
import type { NodeState } from "../model/snapshot.ts";
import { keepsOff, printTaint, type Taint, untolerated } from "../model/taint.ts";
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
  const keeping = ({ name, taints }: NodeState): readonly Taint[] =>
    untolerated(taints, tolerate).filter(
      (taint) => keepsOff(taint) && !(taint.effect === "NoSchedule" && name === request.settled),
    );
  return [
    {
      reason: TAINTED,
      keeps: (node) => node.taints.length === 0 || keeping(node).length === 0,
      detail: (node) => keeping(node).map(printTaint).join(", "),
    },
  ];
};
