// Detached commands belong to the agent that started them.
import { expect, test } from "vitest";
import { createJobRegistry } from "../../../src/nodeRouter/jobs/jobs.ts";
import { makeJob } from "./makeJob.ts";

const job = (jobId: string, agent = "worker-sg") => makeJob({ jobId, agent });

test("ids are unguessable words that a shell and a path take as they are", () => {
  const jobs = createJobRegistry();
  const ids = new Set(Array.from({ length: 500 }, () => jobs.newId()));
  expect(ids.size).toBe(500);
  for (const id of ids) expect(id).toMatch(/^nr-[0-9a-f]{12}$/);
});

test("another agent's job does not exist for an agent", () => {
  const jobs = createJobRegistry();
  jobs.add(job("nr-1"));
  jobs.add(job("nr-2", "worker-cn"));
  expect(jobs.find("nr-1", "worker-sg")).toMatchObject({ nodeName: "mac-sg" });
  expect(jobs.find("nr-1", "worker-cn")).toBe(null);
  expect(jobs.find("nr-3", "worker-sg")).toBe(null);
  expect(jobs.of("worker-sg").map(({ jobId }) => jobId)).toEqual(["nr-1"]);
});

test("the oldest job is forgotten first", () => {
  const jobs = createJobRegistry();
  for (let n = 0; n <= 1_000; n++) jobs.add(job(`nr-${n}`));
  expect(jobs.find("nr-0", "worker-sg")).toBe(null);
  expect(jobs.of("worker-sg")).toHaveLength(1_000);
});
