// Remembers which runs are OpenClaw's own harness: only it announces its model calls.
import type { SharedState } from "../nodeRouter/process/sharedState.ts";

/** The fields of the host's model call events that we read. `outcome` comes with the end of a call. */
export interface ModelCallEvent {
  readonly runId?: string | undefined;
  readonly outcome?: string | undefined;
}

/**
 * For `model_call_started` and `model_call_ended`; both, because the host may drop one under load. A failed
 * call takes the run off again: the host may go on with another harness under the same run id, and no tool
 * call follows a failed model call before the next one starts.
 */
export function createModelCallHook(state: SharedState) {
  return ({ runId, outcome }: ModelCallEvent): void => {
    if (runId === undefined) return;
    if (outcome === "error") state.embeddedRuns.delete(runId);
    else state.embeddedRuns.set(runId, true);
  };
}
