// What `openclaw health` says: the worst thing that stands, or null. Pure.

import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { configRefusal } from "../../config/problems/configRefusal.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { strayAgent, strayAgentNames } from "../../config/ruleAgents.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { type Refusal, refusal } from "../../shared/refusal.ts";
import type { GateState, HostedReader } from "../hostedSessions/hostedSession.ts";
import { lastSnapshot } from "../inventory/currentSnapshot.ts";
import { doubtFix, doubtText } from "../inventory/nameDoubt.ts";
import { COUNTERS } from "../state/counters.ts";
import { HOOKS_SEEN, hookLiveness, NOT_LIVE } from "./liveness.ts";

const DOCTOR = 'run "openclaw node-router doctor"';

/**
 * @param nowMs epoch ms.
 * @param agents ids of the host's agents; null: not known.
 */
export function healthProblem(
  memory: Memory,
  nowMs: number,
  agents: readonly string[] | null = null,
): Refusal | null {
  const config = memory.part(PLUGIN_CONFIG).current;
  const seen = memory.part(HOOKS_SEEN);
  const counters = memory.part(COUNTERS);
  if (config === null) return null;
  if (config.mode === "enforce" && config.rules.length > 0 && hookLiveness(seen, nowMs) === "not-live")
    return NOT_LIVE;
  if (seen.missedAgents.size > 0) {
    const missed = [...seen.missedAgents].map((agent) => `"${agent}"`).join(", ");
    return refusal("HOOKS_NOT_LIVE", `exec of ${missed} ran without node-router's hooks`, {
      advice: 'run "openclaw plugins reload node-router", then "openclaw node-router guard"',
    });
  }
  if (counters.mismatches > 0) {
    const fact = `${counters.mismatches} command(s) ran on another machine than they were placed on`;
    return refusal("NODE_MISMATCH", fact, { advice: DOCTOR });
  }
  const invalid = configRefusal(config.problems);
  if (invalid !== null) return invalid;
  const [wrongName] = nameProblems(memory, agents);
  if (wrongName !== undefined) return wrongName;
  const nothing = config.problems.find((problem) => problem.code === "RULE_MATCHES_NO_NODE");
  return nothing === undefined
    ? null
    : refusal("NO_NODE_FITS", `${nothing.path}: ${nothing.message}`, { advice: DOCTOR });
}

/** What stands while nothing can hold back a hosted session of a routed agent; null otherwise. */
export function hostingHealth(
  config: ResolvedConfig | null,
  gate: GateState,
  reader: HostedReader | undefined,
): Refusal | null {
  if (config === null || config.mode === "shadow" || config.rules.length === 0 || gate.kind !== "unfit")
    return null;
  const records = reader?.all();
  if (records === undefined || records.ok) return null;
  const fact = `a hosted session of a routed agent would run where no rule chose: ${gate.reason}, and ${records.reason}`;
  const advice = `set nodeHost.workerRuns.enabled: false on the nodes, then ${DOCTOR}`;
  return refusal("HOSTED_ELSEWHERE", fact, { advice });
}

/** Rules that name nobody, and nodes of which it is not clear who they are: what is said at start and after a change. */
export function nameProblems(memory: Memory, agents: readonly string[] | null): readonly Refusal[] {
  const config = memory.part(PLUGIN_CONFIG).current;
  if (config === null) return [];
  const doubts = lastSnapshot({ memory }, config).nodes.flatMap(({ name, doubt }) =>
    doubt === null
      ? []
      : [refusal("NO_NODE_FITS", doubtText(name, doubt), { advice: doubtFix(name, doubt) })],
  );
  return [...(agents === null ? [] : strayAgentNames(config, agents).map(strayAgent)), ...doubts];
}
