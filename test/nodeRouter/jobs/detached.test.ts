// Background commands of a workspace: real shells stand for the node, over connections that are cut at any moment.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startDetached } from "../../../src/nodeRouter/jobs/detached.ts";
import { pollScript } from "../../../src/nodeRouter/jobs/jobLooks.ts";
import type {
  CommandRequest,
  Outcome,
  RunningCommand,
} from "../../../src/nodeRouter/transports/transport.ts";
import { refused } from "../../support/refused.ts";
import { isAlive, signalGroup, until } from "./jobShell.ts";

const JOB = "nr-0123456789ab";
const UNKNOWN: Outcome = { kind: "unknown", processGroup: null, ...refused("OUTCOME_UNKNOWN", "cut") };
const UNREACHABLE: Outcome = { kind: "notStarted", ...refused("NODE_UNREACHABLE", "it is away") };

let home = "";
/** Of the connections that are there now. */
let cuts: Set<() => void>;
/** What the next commands come to instead of reaching the node, or although they do. */
let faults: ("unreachable" | "lost" | "unheard")[];
let requests: CommandRequest[];
let begun: number;
let shown: number;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "node-router-detached-"));
  [cuts, faults, requests, begun, shown] = [new Set(), [], [], 0, 0];
});
afterEach(() => {
  for (const cut of cuts) cut();
  const group = fileOf("pgid");
  if (group !== "") signalGroup(Number(group), "SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const fileOf = (name: string): string => {
  const path = join(home, ".openclaw-node-router", "jobs", JOB, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
};

/** One command on the "node": a process group of this machine. */
function command(request: CommandRequest): RunningCommand {
  requests.push(request);
  const fault = faults.shift();
  const isSent = fault === undefined || fault === "unheard";
  const child = spawn("/bin/sh", ["-c", isSent ? request.script : "exit 9"], {
    detached: true,
    env: { PATH: process.env.PATH ?? "", HOME: home },
  });
  if (request.input != null) child.stdin.end(request.input);
  child.stdin.on("error", () => {});
  let cutOff: Outcome | null = fault === "unreachable" ? UNREACHABLE : fault === undefined ? null : UNKNOWN;
  const cut = () => {
    cutOff ??= UNKNOWN;
    signalGroup(child.pid ?? 0, "SIGKILL");
  };
  cuts.add(cut);
  const outcome = new Promise<Outcome>((resolve) => {
    child.once("close", (exitCode, signal) => {
      cuts.delete(cut);
      resolve(cutOff ?? { kind: "ran", exitCode, signal: signal === null ? null : signal.slice(3) });
    });
  });
  if (!isSent || fault === "unheard") child.stdout.destroy();
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    started: Promise.resolve({ processGroup: child.pid ?? 0 }),
    outcome,
    signal: () => cut(),
    abandon: () => cut(),
  };
}

function start(script: string, more: Partial<CommandRequest> = {}) {
  const running = startDetached({
    jobId: JOB,
    node: "mac-sg",
    request: { script, ...more },
    start: command,
    onBegun: () => {
      begun++;
    },
    onShown: (offset) => {
      shown = offset;
    },
  });
  return { ...running, output: text(running.stdout) };
}

/** Resolves when something follows the job. */
const following = () => until(() => cuts.size === 1 && requests.at(-1)?.script.includes("sleep $w") === true);
const marks = (): string => {
  const path = join(home, "marks");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};
const MARK = 'echo x >>"$HOME/marks"';

test("a job's output and end come as a command's would, and it ran once", async () => {
  const job = start(`${MARK}; echo out; echo err >&2; echo "$GREETING"; exit 3`, {
    env: { GREETING: "it's me", HOME: home },
  });
  expect(await job.outcome).toEqual({ kind: "ran", exitCode: 3, signal: null });
  expect(await job.output).toBe("out\nerr\nit's me\n");
  expect(await job.started).toEqual({ processGroup: Number(fileOf("pgid")) });
  expect([marks(), begun, shown]).toEqual(["x\n", 1, 16]);
});

test("variables of the call lead none of our own scripts elsewhere", async () => {
  const job = start('echo "$HOME"', { env: { HOME: "/nowhere" } });
  expect(await job.outcome).toMatchObject({ kind: "ran", exitCode: 0 });
  expect(await job.output).toBe("/nowhere\n");
});

describe("a lost connection", () => {
  test("is no end: the output goes on where it broke off, none lost and none twice", async () => {
    const lines = 'i=0; while [ $i -lt 60 ]; do echo "line $i"; i=$((i+1)); sleep 0.05; done';
    const job = start(`${MARK}; ${lines}; exit 5`);
    let isOver = false;
    void job.outcome.then(() => {
      isOver = true;
    });
    for (let n = 0; n < 3 && !isOver; n++) {
      const before = shown;
      await until(() => shown > before || isOver);
      for (const cut of cuts) cut();
    }
    expect(await job.outcome).toEqual({ kind: "ran", exitCode: 5, signal: null });
    expect(await job.output).toBe(Array.from({ length: 60 }, (_, n) => `line ${n}\n`).join(""));
    expect(marks()).toBe("x\n");
  }, 90_000);

  test("of a node that stays away for a while is waited out", async () => {
    const job = start(`${MARK}; until [ -e "$HOME/go" ]; do sleep 0.05; done; echo late`);
    await following();
    faults = ["unreachable", "lost"];
    for (const cut of cuts) cut();
    await until(() => faults.length === 0);
    spawn("touch", [join(home, "go")]);
    expect(await job.outcome).toMatchObject({ kind: "ran", exitCode: 0 });
    expect(await job.output).toBe("late\n");
  }, 90_000);

  test("before the answer to its start: it is found there, and not begun again", async () => {
    faults = ["unheard"];
    const job = start(`${MARK}; echo once`);
    expect(await job.outcome).toMatchObject({ kind: "ran", exitCode: 0 });
    expect([await job.output, marks()]).toEqual(["once\n", "x\n"]);
  });

  test("on the way to its start: it never began, and a start that comes late begins nothing", async () => {
    faults = ["lost"];
    const job = start(`${MARK}; echo never`);
    expect(await job.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    const [late] = requests;
    await command({ script: late?.script ?? "", input: Buffer.alloc(0) }).outcome;
    expect([marks(), begun, fileOf("exit")]).toEqual(["", 0, "never"]);
  });
});

describe("what did not begin", () => {
  test("because the node could not be reached keeps that refusal", async () => {
    faults = ["unreachable"];
    expect(await start(MARK).outcome).toMatchObject({ kind: "notStarted", code: "NODE_UNREACHABLE" });
    expect(requests).toHaveLength(1);
  });

  test("because the node has no room says what the node said", async () => {
    const outcome = await start(MARK, { script: "true" }).outcome.catch(() => null);
    expect(outcome).toMatchObject({ kind: "ran" });
    // The folder is there now, as after a start by somebody else.
    expect(await start(MARK).outcome).toMatchObject({
      kind: "notStarted",
      code: "NOT_STARTED",
      fact: expect.stringMatching(/^node "mac-sg" began no background job: .*exists/),
    });
    expect(marks()).toBe("");
  });
});

test("input reaches the job across a lost connection, and its end is told", async () => {
  const job = start('while read -r line; do echo "got $line"; done; echo end');
  job.stdin.write("one\n");
  await until(() => shown === 8);
  for (const cut of cuts) cut();
  // What is on its way when a connection breaks is not sent twice.
  await until(() => cuts.size === 0);
  job.stdin.write("two\n");
  await until(() => shown === 16);
  job.stdin.end();
  expect(await job.outcome).toMatchObject({ kind: "ran", exitCode: 0 });
  expect(await job.output).toBe("got one\ngot two\nend\n");
}, 90_000);

describe("a signal", () => {
  test("ends the job with everything that it started, also what ignores TERM", async () => {
    const job = start(`trap "" TERM; sleep 600 & echo $! >"$HOME/child"; ${MARK}; while :; do sleep 1; done`);
    await until(() => marks() !== "");
    const child = Number(readFileSync(join(home, "child"), "utf8"));
    job.signal("TERM");
    expect(await job.outcome).toEqual({ kind: "ran", exitCode: null, signal: "KILL" });
    await until(() => !isAlive(child));
  }, 90_000);

  test("that comes before the start leaves nothing running", async () => {
    const job = start(`${MARK}; sleep 600`);
    job.signal("TERM");
    const outcome = await job.outcome;
    expect(["notStarted", "ran"]).toContain(outcome.kind);
    const group = Number(fileOf("pgid"));
    if (group > 0) await until(() => !isAlive(group));
  }, 90_000);

  test("right before the gateway stops is not carried out: the job goes on", async () => {
    const job = start(`${MARK}; sleep 600`);
    await following();
    job.signal("TERM");
    job.abandon("the gateway stops", "end");
    expect(await job.outcome).toMatchObject({
      kind: "unknown",
      fact: "the gateway stops",
      advice: `Ask for it with node_process, action poll, jobId ${JOB}`,
    });
    await until(() => cuts.size === 0);
    expect(isAlive(Number(fileOf("pgid")))).toBe(true);
    expect(requests.some(({ script }) => script.includes("TERM"))).toBe(false);
  });
});

test("a job that was killed from outside has an unknown end, not none", async () => {
  const job = start("sleep 600");
  await following();
  signalGroup(Number(fileOf("pgid")), "SIGKILL");
  expect(await job.outcome).toMatchObject({ kind: "unknown", code: "OUTCOME_UNKNOWN" });
}, 90_000);

test("nothing of the call but its command is in what is sent later", async () => {
  const job = start("true", { auditRecord: "announced", cwd: home, env: { SECRET: "word" }, approved: true });
  await job.outcome;
  const [first, ...others] = requests;
  expect(first).toMatchObject({ cwd: home, env: {}, approved: true });
  expect(first).not.toHaveProperty("auditRecord");
  for (const request of others) {
    expect(request).toMatchObject({ approved: true });
    expect(JSON.stringify(request)).not.toMatch(/announced|word|cwd/);
  }
});

test("a look by somebody else tells what the follower tells", async () => {
  const job = start("echo said; exit 1");
  await job.outcome;
  const look = command({ script: pollScript(JOB, 0), input: Buffer.alloc(0) });
  expect(await text(look.stdout)).toBe("state ended 1 5\nsaid\n");
});
