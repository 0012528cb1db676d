// A background command of a workspace through the whole backend, with the helper that OpenClaw spawns: it outlives both.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JOBS } from "../../../src/nodeRouter/jobs/jobs.ts";
import { WORKSPACE_CALLS } from "../../../src/nodeRouter/state/workspaceCalls.ts";
import { isAlive, signalGroup, until } from "../jobs/jobShell.ts";
import { type Arranged, arrange, callOf } from "./arrange.ts";
import { runHelper } from "./exec/helperRun.ts";

const ID = "nr-0123456789ab";
let home = "";
let at: Arranged;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "nr-job-home-"));
  at = arrange({ home });
});
afterEach(async () => {
  await at.stop();
  const group = inJob("pgid");
  if (group !== "") signalGroup(Number(group), "SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const inJob = (name: string): string => {
  const path = join(home, ".openclaw-node-router", "jobs", ID, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
};
async function start(command: string) {
  at.deps.memory.part(WORKSPACE_CALLS).set("c0ffee", callOf({ jobId: ID }));
  const handle = await at.backend.factory(at.params());
  const spec = await handle.buildExecSpec({ command, env: { NODE_ROUTER_CALL: "c0ffee" } });
  return { spec, handle, run: runHelper(spec.argv) };
}
const ends = () =>
  at.records.flatMap(({ subject, result }) => (result === null ? [] : [[subject.id, result.outcome]]));
const jobs = () => at.deps.memory.part(JOBS);

test("its output, input and end are its helper's, and the audit has one end", async () => {
  const { run } = await start('echo one; read -r line; echo "got $line"; exit 3');
  await run.saw("one");
  expect(jobs().find(ID, "worker")).toMatchObject({
    nodeName: "one",
    through: "ssh",
    sessionKey: "agent:worker:main",
    auditRecord: "announced decision-1",
    seen: true,
    end: null,
  });
  expect(jobs().isFollowed(ID)).toBe(true);
  run.write("two\n");
  const end = await run.end;
  expect([end.code, end.stdout]).toEqual([3, "one\ngot two\n"]);
  await until(() => jobs().find(ID, "worker")?.end?.exitCode === 3);
  expect(ends().filter(([id]) => id === "decision-1")).toEqual([["decision-1", "ran"]]);
  expect(jobs().isFollowed(ID)).toBe(false);
}, 90_000);

test("the host's kill ends it on the node", async () => {
  const { run } = await start("echo one; sleep 600");
  await run.saw("one");
  run.child.kill("SIGKILL");
  await until(() => jobs().find(ID, "worker")?.end?.signal === "TERM");
  expect(isAlive(Number(inJob("pgid")))).toBe(false);
}, 90_000);

test("a gateway that is told to stop lets go of it: its helper ends at once, it goes on, and its end stays open", async () => {
  const told = new Set<() => void>();
  const onTerm = () => {};
  process.on("SIGTERM", onTerm);
  try {
    const { run } = await start("echo one; sleep 600");
    await run.saw("one");
    // As the host's own handler hears it; the test's process must not.
    for (const listener of process.listeners("SIGTERM"))
      if (listener !== onTerm) told.add(() => listener("SIGTERM"));
    for (const tell of told) tell();
    const end = await run.end;
    expect(end.stderr).toContain('OUTCOME_UNKNOWN: the gateway stops, and the command goes on on node "one"');
    expect(end.stderr).toContain(`Ask for it with node_process, action poll, jobId ${ID}`);
    expect(isAlive(Number(inJob("pgid")))).toBe(true);
    expect(ends()).toEqual([]);
    expect(
      jobs()
        .open()
        .map(({ jobId }) => jobId),
    ).toEqual([ID]);
    expect(jobs().isFollowed(ID)).toBe(false);
  } finally {
    process.off("SIGTERM", onTerm);
  }
}, 90_000);

test("what the audit refuses is never sent, and is no job", async () => {
  at.faults.audit = new Error("disk full");
  const { run } = await start("echo one");
  expect((await run.end).code).not.toBe(0);
  expect(at.transport.started).toEqual([]);
  expect(jobs().open()).toEqual([]);
});
