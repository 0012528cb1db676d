// What the answer of a node says of a job's end.
import { describe, expect, test } from "vitest";
import { endIn, noteAnswer } from "../../../src/nodeRouter/jobs/jobEnds.ts";
import { JOBS } from "../../../src/nodeRouter/jobs/jobs.ts";
import { fakeDeps } from "../../support/fakeDeps.ts";
import { makeJob } from "./makeJob.ts";

describe.each(["state never -", "state ended never 0"])("a node that says %j", (answer) => {
  test("of a job whose start nobody saw: it never began", () => {
    expect(endIn(answer, { seen: false, startedAtMs: 0 }, 0)?.outcome).toBe("not-started");
  });

  test("of a job that was seen to begin proves nothing: its end is unknown", () => {
    expect(endIn(answer, { seen: true, startedAtMs: 0 }, 0)?.outcome).toBe("unknown");
  });

  test("does not count as having seen it begin", () => {
    const { memory } = fakeDeps();
    const job = { ...makeJob(), seen: false, auditRecord: "" };
    memory.part(JOBS).hold(job);
    noteAnswer(memory, job, answer, 0);
    const kept = memory.part(JOBS).find(job.jobId, job.agent);
    expect([kept?.seen, kept?.end?.outcome]).toEqual([false, "not-started"]);
  });
});
