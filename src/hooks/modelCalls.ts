// Remembers which runs are OpenClaw's own harness: only it announces its model calls.
import { EMBEDDED_RUNS } from "../nodeRouter/host/harness.ts";
import { RUNNING } from "../nodeRouter/state/running.ts";
import type { Memory } from "../shared/processMemory.ts";

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
export function createModelCallHook(memory: Memory) {
  return ({ runId, outcome }: ModelCallEvent): void => {
    if (runId === undefined) return;
    memory.part(RUNNING).releaseRun(runId);
    if (outcome === "error") memory.part(EMBEDDED_RUNS).delete(runId);
    else memory.part(EMBEDDED_RUNS).set(runId, true);
  };
}
