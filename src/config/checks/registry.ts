// Finds everything that a config of the right shape says and cannot mean, all at once, in a fixed order.
import { formatPath } from "../problems/path.ts";
import type { ConfigProblem } from "../problems/problem.ts";
import { checkAlerts } from "./alerts.ts";
import { type CheckedConfig, createConcern } from "./concern.ts";
import { checkExpectations } from "./expectations.ts";
import { checkLocation } from "./location.ts";
import { checkMatches } from "./matches.ts";
import { checkNear } from "./near.ts";
import { checkNodeSettings } from "./nodes.ts";
import { checkPeerSettings } from "./peers.ts";
import { checkPresenceSettings } from "./presence.ts";
import { checkResidency } from "./residency.ts";
import { checkRules } from "./rules.ts";
import { checkSelectors } from "./selectors.ts";
import { checkTaints } from "./taints.ts";
import { checkUnavailable } from "./unavailable.ts";
import type { WrittenConfig } from "./written.ts";

/**
 * Problems of the gateway and presence, then of nodes, then of rules and tests, then of peers and alerts. Never throws.
 *
 * Fail closed: a rule with an error is not obeyed, and no later rule is either for its agents, because the error
 * refuses their calls. That is what `agents` of each problem is for.
 */
export function checkConfig(config: WrittenConfig): ConfigProblem[] {
  const written: CheckedConfig = { ...config, concern: createConcern(config.rules) };
  const found = [
    ...checkLocation(formatPath(["gateway"]), written.config.gateway?.location, written.concern.places),
    ...checkPresenceSettings(written),
    ...checkNodeSettings(written),
    ...checkSelectors(written),
    ...checkRules(written),
    ...checkTaints(written),
    ...checkResidency(written),
    ...checkNear(written),
    ...checkMatches(written),
    ...checkExpectations(written),
    ...checkPeerSettings(written),
    ...checkAlerts(written),
  ];
  return [...found, ...checkUnavailable(written, found)];
}
