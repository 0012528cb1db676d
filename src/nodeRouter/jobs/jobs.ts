// Detached commands by job id: on which node each was started, for whom, how far it was read, and its end. Kept in a file.
import { randomBytes } from "node:crypto";
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";
import { createSharedEntries, withTheirs } from "../../shared/sharedEntries.ts";
import type { SharedStore } from "../../shared/stateFile.ts";
import { type Job, type JobEnd, readJobs, writeJobs } from "./jobRecord.ts";

export interface JobRegistry {
  newId(): string;
  /** Resolves when it is in the file, or cannot be: a full disk starts no job less. Never rejects. */
  add(job: Job): Promise<void>;
  /** The same in memory alone: `recorded` has to follow before anything is sent, and writes it. */
  hold(job: Job): void;
  /** The job if it belongs to this agent; another agent's job does not exist for it. */
  find(jobId: string, agent: string): Job | null;
  of(agent: string): readonly Job[];
  /** Everybody's on this node of which no end is known. */
  on(nodeName: string): readonly Job[];
  /** Everybody's of which no end is known. */
  open(): readonly Job[];
  /** What the ledger needs to be told its end, once it is known. Resolves as `add` does. */
  recorded(jobId: string, auditRecord: string): Promise<void>;
  /** Says so of a job whose folder was seen. */
  begun(jobId: string): void;
  /** So much of its output was shown. */
  shown(job: Job, offset: number): void;
  /** Its end, noted once: null when one was known before, or the job is not. */
  end(jobId: string, end: Omit<JobEnd, "atMs">): Job | null;
  /** Ends that were noted, ever. */
  ends(): number;
  /** Somebody in this process carries its output on; until the returned function is called. */
  follow(jobId: string): () => void;
  isFollowed(jobId: string): boolean;
  /** It was read from the file: nothing in this process is about to begin it. */
  isOfEarlierProcess(jobId: string): boolean;
  /** Resolves when what was stored is known; at once without a store. Never rejects. */
  ready(): Promise<void>;
  /**
   * Keeps the jobs in this store from now on, and takes in what it holds. What other gateways put there later stays there,
   * and is theirs to ask about. A second store is ignored.
   */
  keepIn(store: SharedStore, onError: (error: unknown) => void): void;
  /** Resolves when all of it is in the store, or could not be written. */
  flush(): Promise<void>;
}

/** The registry forgets the oldest job of the agent with the most. */
const MAX_JOBS = 1_000;

/** An ended job is listed for so long; its folder on the node stays about as long. */
export const KEEP_ENDED_MS = 7 * 86_400_000;

const SHOWN_MS = 1_000;

export const JOBS = definePart("jobs", 5, createJobRegistry);

/** Empty, and in memory alone until `keepIn`. @param now epoch ms. */
export function createJobRegistry(now: () => number = Date.now): JobRegistry {
  const jobs = new FairMap<string, Job>(
    MAX_JOBS,
    (_jobId, { agent }) => agent,
    (jobId) => kept.said(jobId),
  );
  const isOver = ({ end }: Job): boolean => end !== null && now() - end.atMs > KEEP_ENDED_MS;
  /** What the file says of jobs of which this process has nothing newer to say. */
  let theirs: ReadonlyMap<string, Job> = new Map();
  const kept = createSharedEntries(
    (text) => {
      theirs = new Map();
      const found = readJobs(text).filter((job) => !kept.isSaid(job.jobId) && !isOver(job));
      theirs = new Map(found.map((job) => [job.jobId, job]));
    },
    () => writeJobs(withTheirs(jobs, theirs)),
  );
  const followed = new Set<string>();
  const earlier = new Set<string>();
  let store: SharedStore | null = null;
  let report: (error: unknown) => void = () => {};
  let loaded: Promise<void> = Promise.resolve();
  let writing: Promise<void> | null = null;
  let dirty = false;
  let isWriteDue = false;
  let ended = 0;

  const write = async (to: SharedStore): Promise<void> => {
    while (dirty) {
      // Whatever else this turn notes goes along.
      await new Promise((resolve) => setImmediate(resolve));
      await loaded;
      dirty = false;
      for (const job of jobs.values()) if (isOver(job)) jobs.delete(job.jobId);
      await kept.write(to).catch(report);
    }
    writing = null;
  };
  const changed = (jobId: string): Promise<void> => {
    kept.said(jobId);
    return writeSoon();
  };
  const writeSoon = (): Promise<void> => {
    dirty = true;
    if (store !== null) writing ??= write(store);
    return writing ?? Promise.resolve();
  };
  const open = () => [...jobs.values()].filter(({ end }) => end === null);

  return {
    newId: () => `nr-${randomBytes(6).toString("hex")}`,
    add(job) {
      jobs.set(job.jobId, job);
      return changed(job.jobId);
    },
    hold: (job) => void jobs.set(job.jobId, job),
    find(jobId, agent) {
      const job = jobs.get(jobId);
      return job !== undefined && job.agent === agent ? job : null;
    },
    of: (agent) => [...jobs.values()].filter((job) => job.agent === agent),
    on: (nodeName) => open().filter((job) => job.nodeName === nodeName),
    open,
    async recorded(jobId, auditRecord) {
      const job = jobs.get(jobId);
      if (job === undefined) return;
      job.auditRecord = auditRecord;
      await changed(jobId);
    },
    begun(jobId) {
      const job = jobs.get(jobId);
      if (job === undefined || job.seen) return;
      job.seen = true;
      void changed(jobId);
    },
    shown(job, offset) {
      if (job.offset === offset) return;
      job.offset = offset;
      kept.said(job.jobId);
      // Output may come in a thousand pieces a second; a crash shows the last second's again.
      if (isWriteDue) return;
      isWriteDue = true;
      setTimeout(() => {
        isWriteDue = false;
        void writeSoon();
      }, SHOWN_MS).unref();
    },
    end(jobId, end) {
      const job = jobs.get(jobId);
      if (job === undefined || job.end !== null) return null;
      job.end = { ...end, atMs: now() };
      ended += 1;
      earlier.delete(jobId);
      void changed(jobId);
      return job;
    },
    ends: () => ended,
    follow(jobId) {
      followed.add(jobId);
      return () => void followed.delete(jobId);
    },
    isFollowed: (jobId) => followed.has(jobId),
    isOfEarlierProcess: (jobId) => earlier.has(jobId),
    ready: () => loaded,
    keepIn(newStore, onError) {
      if (store !== null) return;
      store = newStore;
      report = onError;
      loaded = newStore
        .read()
        .then((text) => {
          for (const job of readJobs(text)) {
            if (jobs.has(job.jobId)) continue;
            jobs.set(job.jobId, job);
            if (job.end === null) earlier.add(job.jobId);
          }
        })
        .catch(onError);
      if (dirty) writing ??= write(newStore);
    },
    // Behind it there may be no timer any more.
    flush: () => (isWriteDue ? writeSoon() : (writing ?? Promise.resolve())),
  };
}
