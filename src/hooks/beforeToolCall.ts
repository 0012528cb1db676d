// Layer 2: the last before_tool_call hook. Where several plugins rewrite one call, the host keeps only the parameters
// of the last one, so this hook states the placement once more.

import { answerOf, type PolicyResult } from "../nodeRouter/dispatch/hostAnswer.ts";
import { agentOf, idsOf, type ToolContext, type ToolEvent } from "../nodeRouter/host/events.ts";
import type { RouterDeps } from "../nodeRouter/process/deps.ts";
import { CALLS } from "../nodeRouter/state/calls.ts";
import type { ToolPolicy } from "./toolPolicy.ts";

/** The host runs hooks from high to low: nothing comes after this one. */
export const LAST_PRIORITY = Number.NEGATIVE_INFINITY;

/** The host ends a hook after 15 s, and blocks its call then; the policy it lets wait. Milliseconds. */
const MAX_WAIT_MS = 10_000;

/**
 * Re-asserts what the policy answered, for this call of this tool only. A call without an answer, in a host
 * that did not ask the policy, is decided here; one that the policy left alone is left alone again.
 */
export function createBeforeToolCall(deps: RouterDeps, policy: ToolPolicy) {
  return async (event: ToolEvent, context: ToolContext): Promise<PolicyResult | undefined> => {
    if (agentOf(context) === null) return undefined;
    const { runId, toolCallId } = idsOf(event, context);
    const answer = deps.memory.part(CALLS).answered(runId, toolCallId, event.toolName, event.params);
    if (answer === null) return policy(event, context, MAX_WAIT_MS);
    return answer.params === null ? undefined : answerOf(answer.params, answer.consent);
  };
}
