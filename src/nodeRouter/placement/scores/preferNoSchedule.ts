// How many taints with `PreferNoSchedule` of a node a rule minds: fewer of them go before everything that is preferred.
import type { Rule } from "../model/rule.ts";
import type { NodeState } from "../model/snapshot.ts";
import { keepsOff, tolerates } from "../model/taint.ts";

/** Key of the count among a candidate's scores: no selector reads like it. */
export const AVOIDED_SCORE = "PreferNoSchedule taints";

/** 0 for every node without such taints. */
export function avoidedTaints({ taints }: NodeState, { tolerate }: Pick<Rule, "tolerate">): number {
  let avoided = 0;
  for (const taint of taints) if (!keepsOff(taint) && !tolerates(tolerate, taint)) avoided += 1;
  return avoided;
}
