// Layer 2: the last before_tool_call hook. Says the placement once more, because of several plugins that
// rewrite a call the host keeps only the last one's parameters.

import type { RouterDeps } from "../nodeRouter/deps.ts";
import type { PolicyResult } from "./applyPlacement.ts";
import { agentOf, type ToolContext, type ToolEvent } from "./events.ts";
import type { ToolPolicy } from "./toolPolicy.ts";

/** The host runs hooks from high to low: nothing comes after this one. */
export const LAST_PRIORITY = Number.NEGATIVE_INFINITY;

/**
 * Re-asserts the recorded parameters. A call without a record, in a host that did not ask the policy, is
 * decided here; one that the policy left alone is left alone again.
 */
export function createBeforeToolCall(deps: RouterDeps, policy: ToolPolicy) {
  return async (event: ToolEvent, context: ToolContext): Promise<PolicyResult | undefined> => {
    if (agentOf(context) === null) return undefined;
    const runId = event.runId ?? context.runId ?? "";
    const call = deps.state.calls.find(runId, event.toolCallId ?? context.toolCallId ?? "");
    return call === null ? policy(event, context) : { params: { ...call.params } };
  };
}
