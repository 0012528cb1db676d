// The tool an agent asks about its detached commands. "Nodes" are canned answers; the scripts have tests of their own.
import { describe, expect, test } from "vitest";
import { killScript, MAX_OUTPUT_BYTES, pollScript } from "../../../../src/nodeRouter/jobs/jobLooks.ts";
import type { Job } from "../../../../src/nodeRouter/jobs/jobRecord.ts";
import { createJobRegistry } from "../../../../src/nodeRouter/jobs/jobs.ts";
import { nodeProcess } from "../../../../src/nodeRouter/surfaces/tools/nodeProcess.ts";
import { SG_ID, START_MS } from "../../../support/fakeDeps.ts";
import { makeJob } from "../../jobs/makeJob.ts";

const ID = "nr-0123456789ab";
const AGENT = "worker-sg";

/** A registry with one job, and a node that gives these answers in turn. */
function arranged(...answers: (string | Error)[]) {
  const jobs = createJobRegistry();
  jobs.add(makeJob());
  const asked: [string, string][] = [];
  const run = async ({ nodeId }: Job, script: string) => {
    asked.push([nodeId ?? "", script]);
    const answer = answers.shift() ?? new Error("asked too often");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const heard: string[] = [];
  const onAnswer = (_job: Job, answer: string) => void heard.push(answer);
  const ask = async (action: unknown, jobId: unknown = ID, agent = AGENT) =>
    (await nodeProcess({ jobs, run, onAnswer }, agent, { action, jobId })).content[0]?.text;
  return { jobs, asked, ask, run, heard };
}

describe("whose job", () => {
  test.each(["poll", "log", "kill"])(
    "another agent's job is not there for %s, and no node is asked",
    async (action) => {
      const { ask, asked } = arranged();
      await expect(ask(action, ID, "worker-cn")).rejects.toMatchObject({
        code: "JOB_UNKNOWN",
        message: `JOB_UNKNOWN: agent "worker-cn" has no job "${ID}"; use action list`,
      });
      expect(asked).toEqual([]);
    },
  );

  test.each([["nr-1; rm -rf /"], ["../../x"], [""], [null], [5], [`${ID}\n`]])(
    "%j is no job id, so nothing of it reaches a shell",
    async (jobId) => {
      const { ask, asked } = arranged();
      await expect(ask("poll", jobId)).rejects.toMatchObject({ code: "JOB_UNKNOWN" });
      expect(asked).toEqual([]);
    },
  );

  test("an action that is none is said, and no node is asked", async () => {
    const { ask, asked } = arranged();
    await expect(ask("write")).rejects.toMatchObject({
      message: 'JOB_UNKNOWN: node_process has no action "write"; use list, poll, log or kill',
    });
    expect(asked).toEqual([]);
  });

  test("list shows an agent its own jobs only, and asks how those are of which no end is known", async () => {
    const { jobs, ask, asked, heard } = arranged("state running - 12\n", new Error("gone"));
    jobs.add(makeJob({ jobId: "nr-0123456789ac", nodeName: "mac-2" }));
    jobs.add(makeJob({ jobId: "nr-0123456789ad" }));
    jobs.end("nr-0123456789ad", { outcome: "ran", exitCode: 3, signal: null });
    const since = `started ${new Date(START_MS).toISOString()}`;
    expect((await ask("list"))?.split("\n")).toEqual([
      `${ID} on mac-sg, ${since}: running`,
      `nr-0123456789ac on mac-2, ${since}: unknown`,
      `nr-0123456789ad on mac-sg, ${since}: ended with exit status 3`,
    ]);
    expect(asked).toHaveLength(2);
    expect(heard).toEqual(["state running - 12\n"]);
    expect(await ask("list", undefined, "worker-cn")).toBe("No jobs.");
    expect(asked).toHaveLength(2);
  });
});

describe("what it says", () => {
  test.each([
    ["state running - 3\nabc", "running\nabc"],
    ["state ended 0 3\nabc", "ended with exit status 0\nabc"],
    ["state ended 143 0\n", "ended with exit status 143\n"],
    ["state ended KILL 0\n", "ended by signal KILL\n"],
    ["state gone - 0\n", "its folder is gone from the node; its end is unknown\n"],
    [
      "state lost - 3\nabc",
      "no longer running, and it left no exit status (the node was restarted, or it was killed from outside); its end is unknown\nabc",
    ],
  ])("%j", async (answer, text) => {
    expect(await arranged(answer).ask("poll")).toBe(`${ID} on mac-sg: ${text}`);
  });

  test("a kill says how it ended, and is asked of the job's own node", async () => {
    const { ask, asked } = arranged("state killed TERM\n");
    expect(await ask("kill")).toBe(`${ID} on mac-sg: killed TERM`);
    expect(asked).toEqual([[SG_ID, killScript(ID)]]);
  });

  test.each([
    ["the node is not there", new Error("node not connected\n  stack"), "node not connected"],
    ["the run was cut off and printed nothing", "", "its answer does not say how the job is"],
    ["something else answered", "Welcome to mac-sg!\n", "its answer does not say how the job is"],
  ])("when %s, the job is not called lost", async (_case, answer, why) => {
    for (const action of ["poll", "log", "kill"]) {
      await expect(arranged(answer).ask(action)).rejects.toMatchObject({
        code: "JOB_UNREACHABLE",
        message: `JOB_UNREACHABLE: ${ID} is on node "mac-sg", which did not answer: ${why}; the job itself may still be running, ask again when the node is back`,
      });
    }
  });
});

describe("paging", () => {
  const page = "x".repeat(MAX_OUTPUT_BYTES);

  test("each poll goes on where the last one ended; log begins anew", async () => {
    const { ask, asked } = arranged(
      `state running - 70000\n${page}`,
      "state running - 70000\nyy",
      "state ended 0 1\nz",
    );
    expect(await ask("poll")).toBe(`${ID} on mac-sg: running\n${page}\n[4464 more bytes; poll again]`);
    await ask("poll");
    await ask("log");
    expect(asked.map(([, script]) => script)).toEqual(
      [0, MAX_OUTPUT_BYTES, 0].map((from) => pollScript(ID, from)),
    );
  });

  test("a poll that fails loses nothing: the next one asks from the same place", async () => {
    const { ask, asked } = arranged("state running - 3\nabc", new Error("away"), "state running - 3\n");
    await ask("poll");
    await expect(ask("poll")).rejects.toMatchObject({ code: "JOB_UNREACHABLE" });
    await ask("poll");
    expect(asked.map(([, script]) => script)).toEqual([0, 3, 3].map((from) => pollScript(ID, from)));
  });

  test("a character that lies across two pages is shown whole, once", async () => {
    const { ask, asked, jobs } = arranged(
      // "海" is three bytes; two of them came, which reads as U+FFFD.
      "state running - 5\nabc\ufffd",
      "state ended 0 6\n海",
    );
    expect(await ask("poll")).toBe(`${ID} on mac-sg: running\nabc\n[2 more bytes; poll again]`);
    expect(await ask("poll")).toBe(`${ID} on mac-sg: ended with exit status 0\n海`);
    expect(asked.map(([, script]) => script)).toEqual([0, 3].map((from) => pollScript(ID, from)));
    expect(jobs.find(ID, AGENT)?.offset).toBe(6);
  });

  test("bytes that are no text at all are shown as they come, and looking always gets to the end", async () => {
    const { ask, jobs } = arranged("state running - 4\n\ufffda\ufffdb", "state ended 0 5\n\ufffd");
    expect(await ask("poll")).toBe(`${ID} on mac-sg: running\n\ufffda\ufffdb`);
    expect(await ask("poll")).toBe(`${ID} on mac-sg: ended with exit status 0\n\ufffd`);
    expect(jobs.find(ID, AGENT)?.offset).toBe(5);
  });

  test("output that was cut short on the node does not move the place back", async () => {
    const { ask, jobs } = arranged("state running - 9\n123456789", "state lost - 2\n");
    await ask("poll");
    await ask("poll");
    expect(jobs.find(ID, AGENT)?.offset).toBe(9);
  });
});
