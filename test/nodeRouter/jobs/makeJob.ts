// A detached command as the registry keeps it.
import type { Job } from "../../../src/nodeRouter/jobs/jobRecord.ts";
import { SG_ID, START_MS } from "../../support/fakeDeps.ts";

export const JOB = "nr-0123456789ab";

export function makeJob(of: Partial<Job> = {}): Job {
  return {
    jobId: JOB,
    agent: "worker-sg",
    sessionKey: "agent:worker-sg:main",
    nodeId: SG_ID,
    nodeName: "mac-sg",
    through: "exec",
    startedAtMs: START_MS,
    auditRecord: "",
    seen: false,
    offset: 0,
    end: null,
    ...of,
  };
}
