// Layer 4: compares where a command ran with where it was placed.

import { idsOf, type ToolContext } from "../nodeRouter/host/events.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { CALLS } from "../nodeRouter/state/calls.ts";
import { COUNTERS } from "../nodeRouter/state/counters.ts";
import { coded } from "../shared/refusal.ts";
import { safe } from "../shared/safeText.ts";
import { type AfterToolEvent, recordEnd } from "./callEnd.ts";
import { ranElsewhere } from "./ranWhere.ts";

/** A mismatch means a command ran on the wrong machine: logged at error, counted, shown by status and doctor. */
export function createAfterToolCall(deps: RouterDeps) {
  const log = deps.log.child({ part: "verify" });
  return (event: AfterToolEvent, context: ToolContext): void => {
    const { runId, toolCallId } = idsOf(event, context);
    const calls = deps.memory.part(CALLS);
    const call = calls.find(runId, toolCallId);
    calls.end(runId, toolCallId);
    recordEnd(deps.memory, { runId, toolCallId }, call, event);
    if (call === null || call.tool !== "exec" || event.toolName !== "exec") return;
    const ranOn = ranElsewhere(deps.memory, call, event.result);
    if (ranOn === null) return;
    deps.memory.part(COUNTERS).mismatches += 1;
    log.error(
      {
        agent: call.agent,
        tool: call.tool,
        rule: call.decision.rule,
        node: call.nodeId ?? call.decision.node?.name ?? null,
        ranOn: safe(ranOn),
        runId,
      },
      coded("NODE_MISMATCH", "a command ran on another machine than it was placed on"),
    );
  };
}
