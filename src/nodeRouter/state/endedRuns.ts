// Notes which runs have ended: a run that was stopped tells no result of the calls that it had under way.
import { fieldOf } from "../../shared/jsonParts.ts";
import type { Memory } from "../../shared/processMemory.ts";
import { CALLS } from "./calls.ts";
import { RUNNING } from "./running.ts";

/** What we read of the host's agent events. */
export interface RunEvent {
  readonly runId: string;
  readonly stream: string;
  readonly data: unknown;
}

/** A listener for the host's agent events. @param now epoch ms. */
export function noteEndedRuns(memory: Memory, now: () => number): (event: RunEvent) => void {
  return ({ runId, stream, data }) => {
    const phase = stream === "lifecycle" ? fieldOf(data, "phase") : null;
    if (phase !== "end" && phase !== "error") return;
    memory.part(CALLS).endRun(runId, now());
    // Whoever waits is not held up by what nobody will tell of.
    memory.part(RUNNING).releaseRun(runId);
  };
}
