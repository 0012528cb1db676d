// The one sentence for `openclaw health`: the worst thing that stands, or null. Pure.
import { configRefusal } from "../config/message.ts";
import { HOOKS_NOT_LIVE, hookLiveness } from "./liveness.ts";
import type { SharedState } from "./sharedState.ts";

/** @param nowMs epoch ms. */
export function healthProblem(state: SharedState, nowMs: number): string | null {
  const { config, missedAgents, counters } = state;
  if (config === null) return null;
  if (config.mode === "enforce" && config.rules.length > 0 && hookLiveness(state, nowMs) === "not-live")
    return HOOKS_NOT_LIVE;
  if (missedAgents.size > 0) {
    return `HOOKS_NOT_LIVE: exec of ${[...missedAgents].map((agent) => `"${agent}"`).join(", ")} ran without node-router's hooks; run "openclaw plugins reload node-router", then "openclaw node-router guard".`;
  }
  if (counters.mismatches > 0) {
    return `NODE_MISMATCH: ${counters.mismatches} command(s) ran on another machine than they were placed on; run "openclaw node-router doctor".`;
  }
  const invalid = configRefusal(config.problems);
  if (invalid !== null) return invalid;
  const nothing = config.problems.find((problem) => problem.code === "RULE_MATCHES_NO_NODE");
  return nothing === undefined
    ? null
    : `NO_NODE_FITS: ${nothing.path}: ${nothing.message}; run "openclaw node-router doctor".`;
}
