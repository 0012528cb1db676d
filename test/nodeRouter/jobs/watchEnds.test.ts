// Ends of jobs whose gateway was not there: asked with growing pauses, noted once, and told to the ledger.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { endIn, noteAnswer } from "../../../src/nodeRouter/jobs/jobEnds.ts";
import { type Job, writeJobs } from "../../../src/nodeRouter/jobs/jobRecord.ts";
import { JOBS, KEEP_ENDED_MS } from "../../../src/nodeRouter/jobs/jobs.ts";
import { watchEnds } from "../../../src/nodeRouter/jobs/watchEnds.ts";
import { LEDGER, type Ledger } from "../../../src/nodeRouter/ledger/ledger.ts";
import type { LedgerResult } from "../../../src/nodeRouter/ledger/ledgerResult.ts";
import { createMemory } from "../../../src/shared/processMemory.ts";
import { ownStore } from "../../support/ownStore.ts";
import { JOB, makeJob } from "./makeJob.ts";

const HOUR = 3_600_000;
const OTHER = "nr-0123456789ff";
let stop: () => void = () => {};
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  stop();
  vi.useRealTimers();
});

/** A memory with these jobs, and nodes that answer as they are told. */
function arranged(...jobs: Job[]) {
  const memory = createMemory(Date.now);
  for (const job of jobs) memory.part(JOBS).add(job);
  const told: [string, LedgerResult][] = [];
  const ledger: Partial<Ledger> = { endLate: (record, result) => void told.push([record, result]) };
  Object.assign(memory.part(LEDGER), { current: ledger });
  const asked: string[] = [];
  let answer: (job: Job, script: string) => string | Error = () => new Error("away");
  const watch = () => {
    stop = watchEnds(memory, {
      now: Date.now,
      roundMs: 1_000,
      async ask(job, script) {
        asked.push(script.includes("mkdir") ? `bar ${job.jobId}` : job.jobId);
        const said = answer(job, script);
        if (said instanceof Error) throw said;
        return said;
      },
    });
  };
  return {
    memory,
    told,
    asked,
    watch,
    answers: (with_: typeof answer) => {
      answer = with_;
    },
  };
}
const young = (of: Partial<Job> = {}) =>
  makeJob({ startedAtMs: Date.now(), auditRecord: "announced", ...of });

test("an end while nobody was there is told once, in the job's record and in the audit", async () => {
  const at = arranged(young());
  at.answers(() => "state ended 3 12\n");
  at.watch();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(at.asked).toEqual([JOB]);
  expect(at.told).toEqual([
    ["announced", expect.objectContaining({ outcome: "ran", exitCode: 3, signal: null, error: null })],
  ]);
  expect(at.memory.part(JOBS).open()).toEqual([]);
});

test("a job that runs on is asked about half as often each time, and a node that is away is asked once a round", async () => {
  const at = arranged(
    young(),
    young({ jobId: "nr-2", nodeName: "away" }),
    young({ jobId: "nr-3", nodeName: "away" }),
  );
  at.answers(({ nodeName }) => (nodeName === "away" ? new Error("no route") : "state running - 0\n"));
  at.watch();
  await vi.advanceTimersByTimeAsync(16_500);
  expect(at.asked.filter((jobId) => jobId === JOB)).toHaveLength(5);
  expect(at.asked.filter((jobId) => jobId === "nr-2").length).toBeLessThan(9);
  expect(at.told).toEqual([]);
});

test("a job that is followed is not asked about, and what somebody hears of it is left to the follower", async () => {
  const at = arranged(young());
  at.answers(() => "state ended 0 0\n");
  const unfollow = at.memory.part(JOBS).follow(JOB);
  at.watch();
  await vi.advanceTimersByTimeAsync(10_000);
  noteAnswer(at.memory, young(), "state killed TERM\n", Date.now());
  expect([at.asked, at.told]).toEqual([[], []]);
  unfollow();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(at.told).toHaveLength(1);
});

test("after the stop nobody is asked", async () => {
  const at = arranged(young());
  at.watch();
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(at.asked).toEqual([]);
});

describe("a job whose folder is not there", () => {
  test("may still begin: a person may take an hour to agree to it", async () => {
    const at = arranged(young());
    at.answers(() => "state gone - 0\n");
    at.watch();
    await vi.advanceTimersByTimeAsync(HOUR / 2);
    expect(at.asked).not.toContain(`bar ${JOB}`);
    expect(at.told).toEqual([]);
  });

  test("is barred after that, and then it is sure that it never began", async () => {
    const at = arranged(young());
    at.answers((_job, script) => (script.includes("mkdir") ? "state never -\n" : "state gone - 0\n"));
    at.watch();
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    expect(at.told).toEqual([["announced", expect.objectContaining({ outcome: "not-started" })]]);
  });

  test("of a process that was killed is barred at once: nobody begins it, and no approval is waited for", async () => {
    const at = arranged();
    const file = { read: async () => writeJobs([young(), young({ jobId: OTHER, seen: true })]) };
    at.memory.part(JOBS).keepIn(ownStore({ ...file, write: async () => {} }), () => {});
    at.answers((_job, script) => (script.includes("mkdir") ? "state never -\n" : "state gone - 0\n"));
    at.watch();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(at.asked).toEqual([JOB, `bar ${JOB}`, OTHER]);
    expect(at.told.map(([, { outcome }]) => outcome)).toEqual(["not-started", "unknown"]);
  });

  test("of a process that was killed, whose start was on its way, is found by the bar and asked for its end", async () => {
    const at = arranged();
    at.memory
      .part(JOBS)
      .keepIn(ownStore({ read: async () => writeJobs([young()]), write: async () => {} }), () => {});
    const said = ["state gone - 0\n", "state there 17\n", "state ended 0 3\n"];
    at.answers(() => said.shift() ?? new Error("asked too often"));
    at.watch();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(at.asked).toEqual([JOB, `bar ${JOB}`, JOB]);
    expect(at.told).toEqual([["announced", expect.objectContaining({ outcome: "ran", exitCode: 0 })]]);
  });

  test("that had begun has an unknown end, and is never said not to have run", async () => {
    const at = arranged(young({ seen: true }));
    at.answers(() => "state gone - 0\n");
    at.watch();
    await vi.advanceTimersByTimeAsync(2 * HOUR);
    expect(at.asked).toEqual([JOB]);
    expect(at.told).toEqual([["announced", expect.objectContaining({ outcome: "unknown" })]]);
  });
});

test.each([
  ["state ended 0 3", "ran", 0, null],
  ["state ended 143 3", "ran", 143, null],
  ["state ended KILL 3", "ran", null, "KILL"],
  ["state killed TERM", "ran", null, "TERM"],
  ["state ended never 0", "not-started", null, null],
  ["state never -", "not-started", null, null],
  ["state lost - 3", "unknown", null, null],
  ["state ended 99999 0", "unknown", null, null],
  ["state ended x 0", "unknown", null, null],
])("%s means %s", (answer, outcome, exitCode, signal) => {
  expect(endIn(answer, { seen: false, startedAtMs: 0 }, 0)).toEqual({ outcome, exitCode, signal });
});

test.each([
  "state running - 0",
  "state there 17",
  "state gone - 0",
  "",
  "ended 0",
  "state ended",
  "STATE ended 0 0",
])("%j is no end", (answer) => {
  expect(endIn(answer, { seen: false, startedAtMs: 0 }, KEEP_ENDED_MS)).toBeNull();
});

test("a folder that is gone after a week may have been cleaned away: the end is unknown", () => {
  const end = endIn("state gone - 0", { seen: false, startedAtMs: 0 }, KEEP_ENDED_MS + 1);
  expect(end?.outcome).toBe("unknown");
});
