// Finds everything that is wrong with a config, all at once, in a fixed order.
import { checkLocation } from "./checkLocation.ts";
import { checkMatches } from "./checkMatches.ts";
import { checkNear } from "./checkNear.ts";
import { checkNodes } from "./checkNodes.ts";
import { checkPresence } from "./checkPresence.ts";
import { checkRules } from "./checkRules.ts";
import { checkSelectors } from "./checkSelectors.ts";
import { checkStructure } from "./checkStructure.ts";
import type { ConfigDraft } from "./draft.ts";
import type { ConfigProblem } from "./problem.ts";

/**
 * Problems of shape, then of the gateway and presence, then of nodes, then of rules. `draft` is what `readDraft` made of `raw`. Never throws.
 *
 * Fail closed: a rule with an error is not obeyed, and no later rule is either for its agents, because the error
 * refuses their calls. That is what `agents` of each problem is for.
 */
export function checkConfig(raw: unknown, draft: ConfigDraft): ConfigProblem[] {
  return [
    ...checkStructure(raw, draft),
    ...checkLocation(draft.gateway, draft.routedAgents),
    ...checkPresence(draft),
    ...checkNodes(draft),
    ...checkSelectors(draft),
    ...checkRules(draft),
    ...checkNear(draft),
    ...checkMatches(draft),
  ];
}
