// Detached commands by job id: on which node each was started, and for whom.
import { randomBytes } from "node:crypto";
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";

export interface Job {
  readonly jobId: string;
  readonly agent: string;
  readonly nodeId: string;
  readonly nodeName: string;
  /** Epoch ms. */
  readonly startedAtMs: number;
  /** Bytes of output that the agent was shown already. */
  offset: number;
}

export interface JobRegistry {
  newId(): string;
  add(job: Job): void;
  /** The job if it belongs to this agent; another agent's job does not exist for it. */
  find(jobId: string, agent: string): Job | null;
  of(agent: string): readonly Job[];
  /** Everybody's on this node. */
  on(nodeName: string): readonly Job[];
}

/** The files stay on the node for a week; the registry forgets the oldest job of the agent with the most. */
const MAX_JOBS = 1_000;

export const JOBS = definePart("jobs", 2, createJobRegistry);

/** Empty, and in memory alone: after a restart of the gateway the jobs' files are still on their nodes. */
export function createJobRegistry(): JobRegistry {
  const jobs = new FairMap<string, Job>(MAX_JOBS, (_jobId, { agent }) => agent);
  return {
    newId: () => `nr-${randomBytes(6).toString("hex")}`,
    add: (job) => jobs.set(job.jobId, job),
    find(jobId, agent) {
      const job = jobs.get(jobId);
      return job !== undefined && job.agent === agent ? job : null;
    },
    of: (agent) => [...jobs.values()].filter((job) => job.agent === agent),
    on: (nodeName) => [...jobs.values()].filter((job) => job.nodeName === nodeName),
  };
}
