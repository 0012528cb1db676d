// The end of a job: what its node says of it, and the one place that notes it, in the job's record and in the ledger.
import type { Memory } from "../../shared/processMemory.ts";
import { LEDGER } from "../ledger/ledger.ts";
import { UNCOUNTED } from "../ledger/ledgerResult.ts";
import type { Job, JobEnd } from "./jobRecord.ts";
import { JOBS, KEEP_ENDED_MS } from "./jobs.ts";
import { NEVER } from "./nodeJob.ts";

/** What is told of an end. */
export type KnownEnd = Omit<JobEnd, "atMs">;

/**
 * The one place that notes the end of a job whose gateway did not see it: in the job's record, and in the ledger.
 * @param answer of a job script: it holds an end, or nothing is noted.
 */
export function noteAnswer(memory: Memory, job: Job, answer: string, nowMs: number): void {
  const jobs = memory.part(JOBS);
  // Whoever follows it tells of its end, with the bytes that came.
  if (jobs.isFollowed(job.jobId)) return;
  const end = endIn(answer, job, nowMs);
  if (/^state (running|ended|lost) /.test(answer) && end?.outcome !== "not-started") jobs.begun(job.jobId);
  if (end === null || jobs.end(job.jobId, end) === null || job.auditRecord === "") return;
  const result = { ...end, ...UNCOUNTED, error: ERRORS[end.outcome] };
  memory.part(LEDGER).current?.endLate(job.auditRecord, result);
}

const ERRORS = { ran: null, "not-started": "NOT_STARTED", unknown: "OUTCOME_UNKNOWN" } as const;

/**
 * What an answer of the job scripts says of the end. Null: it goes on, it may still begin, or the answer is none of theirs.
 * @param answer `state <running|ended|lost|gone|never|killed> <exit status or -> …`
 */
export function endIn(
  answer: string,
  job: Pick<Job, "seen" | "startedAtMs">,
  nowMs: number,
): KnownEnd | null {
  const [, state, status = "-"] = /^state ([a-z]{1,10}) ([A-Za-z0-9+-]{1,20})(?:\s|$)/.exec(answer) ?? [];
  // SECURITY: a job may write into its own folder, and so take back that it ran; what was seen to begin did.
  if (state === "never" || (state === "ended" && status === NEVER))
    return plain(job.seen ? "unknown" : "not-started");
  if (state === "ended" || state === "killed") {
    const isCode = /^\d{1,3}$/.test(status);
    if (!isCode && !/^[A-Z][A-Z0-9]{1,9}$/.test(status)) return plain("unknown");
    return { outcome: "ran", exitCode: isCode ? Number(status) : null, signal: isCode ? null : status };
  }
  if (state === "lost") return plain("unknown");
  // Its folder may have been cleaned away long ago.
  const isOver = state === "gone" && (job.seen || nowMs - job.startedAtMs > KEEP_ENDED_MS);
  return isOver ? plain("unknown") : null;
}

function plain(outcome: "not-started" | "unknown"): KnownEnd {
  return { outcome, exitCode: null, signal: null };
}
