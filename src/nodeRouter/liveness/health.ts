// The one sentence for `openclaw health`: the worst thing that stands, or null. Pure.

import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { configRefusal } from "../../config/problems/configRefusal.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { strayAgentNames, strayAgentText } from "../../config/ruleAgents.ts";
import type { Memory } from "../../shared/processMemory.ts";
import type { GateState, HostedReader } from "../hostedSessions/hostedSession.ts";
import { lastSnapshot } from "../inventory/currentSnapshot.ts";
import { doubtFix, doubtText } from "../inventory/nameDoubt.ts";
import { COUNTERS } from "../state/counters.ts";
import { HOOKS_NOT_LIVE, HOOKS_SEEN, hookLiveness } from "./liveness.ts";

/**
 * @param nowMs epoch ms.
 * @param agents ids of the host's agents; null: not known.
 */
export function healthProblem(
  memory: Memory,
  nowMs: number,
  agents: readonly string[] | null = null,
): string | null {
  const config = memory.part(PLUGIN_CONFIG).current;
  const seen = memory.part(HOOKS_SEEN);
  const counters = memory.part(COUNTERS);
  if (config === null) return null;
  if (config.mode === "enforce" && config.rules.length > 0 && hookLiveness(seen, nowMs) === "not-live")
    return HOOKS_NOT_LIVE;
  if (seen.missedAgents.size > 0) {
    return `HOOKS_NOT_LIVE: exec of ${[...seen.missedAgents].map((agent) => `"${agent}"`).join(", ")} ran without node-router's hooks; run "openclaw plugins reload node-router", then "openclaw node-router guard".`;
  }
  if (counters.mismatches > 0) {
    return `NODE_MISMATCH: ${counters.mismatches} command(s) ran on another machine than they were placed on; run "openclaw node-router doctor".`;
  }
  const invalid = configRefusal(config.problems);
  if (invalid !== null) return invalid;
  const [wrongName] = nameProblems(memory, agents);
  if (wrongName !== undefined) return wrongName;
  const nothing = config.problems.find((problem) => problem.code === "RULE_MATCHES_NO_NODE");
  return nothing === undefined
    ? null
    : `NO_NODE_FITS: ${nothing.path}: ${nothing.message}; run "openclaw node-router doctor".`;
}

/** What stands while nothing can hold back a hosted session of a routed agent; null otherwise. */
export function hostingHealth(
  config: ResolvedConfig | null,
  gate: GateState,
  reader: HostedReader | undefined,
): string | null {
  if (config === null || config.mode === "shadow" || config.rules.length === 0 || gate.kind !== "unfit")
    return null;
  const records = reader?.all();
  if (records === undefined || records.ok) return null;
  return `HOSTED_ELSEWHERE: a hosted session of a routed agent would run where no rule chose: ${gate.reason}, and ${records.reason}; set nodeHost.workerRuns.enabled: false on the nodes, then run "openclaw node-router doctor".`;
}

/** Rules that name nobody, and nodes of which it is not clear who they are: what is said at start and after a change. */
export function nameProblems(memory: Memory, agents: readonly string[] | null): readonly string[] {
  const config = memory.part(PLUGIN_CONFIG).current;
  if (config === null) return [];
  const doubts = lastSnapshot({ memory }, config).nodes.flatMap(({ name, doubt }) =>
    doubt === null ? [] : [`NO_NODE_FITS: ${doubtText(name, doubt)}; ${doubtFix(name, doubt)}.`],
  );
  return [...(agents === null ? [] : strayAgentNames(config, agents).map(strayAgentText)), ...doubts];
}
