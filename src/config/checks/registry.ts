// Finds everything that is wrong with a config, all at once, in a fixed order.

import { checkStructure } from "../drafts/checkStructure.ts";
import type { ConfigDraft } from "../drafts/draft.ts";
import type { ConfigProblem } from "../problems/problem.ts";
import { checkLocation } from "./location.ts";
import { checkMatches } from "./matches.ts";
import { checkNear } from "./near.ts";
import { checkNodes } from "./nodes.ts";
import { checkPresence } from "./presence.ts";
import { checkRules } from "./rules.ts";
import { checkSelectors } from "./selectors.ts";

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
