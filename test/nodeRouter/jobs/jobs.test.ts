// Detached commands belong to the agent that started them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJobs, writeJobs } from "../../../src/nodeRouter/jobs/jobRecord.ts";
import { createJobRegistry, KEEP_ENDED_MS } from "../../../src/nodeRouter/jobs/jobs.ts";
import { ownStore } from "../../support/ownStore.ts";
import { JOB, makeJob } from "./makeJob.ts";

const fail = (error: unknown): never => {
  throw error;
};
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

/** A file between two lives of the gateway. */
function fileOf(text: string | null = null) {
  const file = { text, writes: 0, fails: false };
  const store = ownStore({
    read: async () => file.text,
    async write(written: string) {
      if (file.fails) throw new Error("no space left on device");
      file.text = written;
      file.writes++;
    },
  });
  return { file, store };
}

describe("kept in a file", () => {
  test("a job is there before it is started, and for the next life of the gateway as it was", async () => {
    const { file, store } = fileOf();
    const jobs = createJobRegistry(() => 5_000);
    jobs.keepIn(store, fail);
    await jobs.add(makeJob({ auditRecord: '{"v":1}' }));
    expect(file.text).toContain(JOB);
    jobs.begun(JOB);
    await jobs.add(makeJob({ jobId: "nr-0123456789ac" }));
    jobs.end("nr-0123456789ac", { outcome: "ran", exitCode: null, signal: "TERM" });
    await jobs.flush();

    const next = createJobRegistry(() => 6_000);
    next.keepIn(store, fail);
    await next.ready();
    expect(next.of("worker-sg")).toEqual([
      makeJob({ auditRecord: '{"v":1}', seen: true }),
      makeJob({
        jobId: "nr-0123456789ac",
        end: { outcome: "ran", exitCode: null, signal: "TERM", atMs: 5_000 },
      }),
    ]);
    expect(next.open().map(({ jobId }) => jobId)).toEqual([JOB]);
  });

  test("how far it was read is in the file after an orderly end, and before it not at once", async () => {
    const { file, store } = fileOf();
    const jobs = createJobRegistry();
    jobs.keepIn(store, fail);
    const job = makeJob();
    await jobs.add(job);
    jobs.shown(job, 12);
    await new Promise((resolve) => setImmediate(resolve));
    expect(readJobs(file.text)).toEqual([makeJob()]);
    await jobs.flush();
    expect(readJobs(file.text)).toEqual([makeJob({ offset: 12 })]);
  });

  test("another gateway's job stays in the file, as that gateway left it, and is not taken for one of ours", async () => {
    const { file, store } = fileOf();
    const [a, b] = [createJobRegistry(() => 5_000), createJobRegistry(() => 5_000)];
    for (const jobs of [a, b]) jobs.keepIn(store, fail);
    await a.add(makeJob());
    const OTHER = "nr-0123456789ac";
    await b.add(makeJob({ jobId: OTHER }));
    a.end(JOB, { outcome: "ran", exitCode: 0, signal: null });
    await a.flush();
    b.begun(OTHER);
    await b.flush();
    const kept = readJobs(file.text).map(({ jobId, seen, end }) => [jobId, seen, end?.outcome ?? null]);
    expect(kept).toEqual([
      [JOB, false, "ran"],
      [OTHER, true, null],
    ]);
    expect(a.open()).toEqual([]);
    expect(b.open().map(({ jobId }) => jobId)).toEqual([OTHER]);
  });

  test("any job is read back as it was written", () => {
    const job = fc.record({
      jobId: fc.stringMatching(/^nr-[0-9a-f]{12}$/),
      agent: fc.string(),
      sessionKey: fc.string(),
      nodeId: fc.option(fc.string()),
      nodeName: fc.string(),
      through: fc.constantFrom("exec", "node", "ssh"),
      startedAtMs: fc.nat(),
      auditRecord: fc.string(),
      seen: fc.boolean(),
      offset: fc.nat(),
      end: fc.option(
        fc.record({
          outcome: fc.constantFrom("ran", "not-started", "unknown"),
          exitCode: fc.option(fc.nat(255)),
          signal: fc.option(fc.stringMatching(/^[A-Z0-9]{1,10}$/)),
          atMs: fc.nat(),
        }),
      ),
    });
    fc.assert(
      fc.property(fc.array(job), (jobs) => {
        expect(readJobs(writeJobs(jobs))).toEqual(jobs);
      }),
    );
  });

  test("what is no job of ours is left out, and the others are not", () => {
    const good = JSON.parse(JSON.stringify(makeJob()));
    const bad = [
      { jobId: "nr-1; rm -rf /" },
      { jobId: "../../x" },
      { agent: 5 },
      { through: "carrier pigeon" },
      { offset: -1 },
      { offset: 1.5 },
      { startedAtMs: "now" },
      { nodeId: undefined },
      { end: {} },
      { end: { outcome: "ran", exitCode: 0, signal: "$(id)", atMs: 1 } },
    ].map((change) => ({ ...good, ...change }));
    expect(readJobs(JSON.stringify({ v: 1, jobs: [...bad, null, "x", good] }))).toEqual([makeJob()]);
    for (const text of [null, "null", "[]", '{"v":2,"jobs":[]}', '{"v":1}'])
      expect(readJobs(text)).toEqual([]);
  });

  test("garbage in it is told, and new jobs are kept all the same", async () => {
    const { file, store } = fileOf("{ garbage");
    const told: unknown[] = [];
    const jobs = createJobRegistry();
    jobs.keepIn(store, (error) => void told.push(error));
    await jobs.add(makeJob());
    expect(told).toHaveLength(1);
    expect(readJobs(file.text)).toEqual([makeJob()]);
  });

  test("a full disk is told, and the job is known in this life", async () => {
    const { file, store } = fileOf();
    file.fails = true;
    const told: unknown[] = [];
    const jobs = createJobRegistry();
    jobs.keepIn(store, (error) => void told.push(error));
    await jobs.add(makeJob());
    expect(told).toHaveLength(1);
    expect(jobs.find(JOB, "worker-sg")).not.toBeNull();
  });

  test("a job that ended long ago is dropped, and one that is open is not, however old", async () => {
    const { file, store } = fileOf();
    let nowMs = 1_000;
    const jobs = createJobRegistry(() => nowMs);
    jobs.keepIn(store, fail);
    await jobs.add(makeJob());
    await jobs.add(makeJob({ jobId: "nr-0123456789ac" }));
    jobs.end("nr-0123456789ac", { outcome: "ran", exitCode: 0, signal: null });
    nowMs += KEEP_ENDED_MS + 1;
    await jobs.add(makeJob({ jobId: "nr-0123456789ad" }));
    expect(readJobs(file.text).map(({ jobId }) => jobId)).toEqual([JOB, "nr-0123456789ad"]);
  });
});

test("an end is noted once: a second one changes nothing", () => {
  const jobs = createJobRegistry(() => 1);
  jobs.add(makeJob());
  expect(jobs.end(JOB, { outcome: "ran", exitCode: 3, signal: null })).not.toBeNull();
  expect(jobs.end(JOB, { outcome: "unknown", exitCode: null, signal: null })).toBeNull();
  expect(jobs.find(JOB, "worker-sg")?.end).toEqual({ outcome: "ran", exitCode: 3, signal: null, atMs: 1 });
});
