// Remembers which runs are OpenClaw's own harness: only it announces its model calls.
import type { SharedState } from "../nodeRouter/sharedState.ts";

/** For `model_call_started` and `model_call_ended`; both, because the host may drop one under load. */
export function createModelCallHook(state: SharedState) {
  return (event: { readonly runId?: string | undefined }): void => {
    if (event.runId !== undefined) state.embeddedRuns.set(event.runId, true);
  };
}
