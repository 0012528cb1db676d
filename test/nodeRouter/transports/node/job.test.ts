// The job scripts, run by real shells with a home of their own. Every process that a test starts ends with it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  KEEP_DAYS,
  killScript,
  MAX_OUTPUT_BYTES,
  pollScript,
  STARTED,
  startScript,
} from "../../../../src/nodeRouter/transports/node/job.ts";

const ID = "nr-0123456789ab";
let home = "";
const groups: number[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "node-router-job-"));
});
afterEach(() => {
  for (const group of groups.splice(0)) signal(group, "SIGKILL");
  rmSync(home, { recursive: true, force: true });
});

function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name);
  } catch {
    return false;
  }
}

/** As the node host does it: one script, a limit, and its stdout. */
function run(shell: string, script: string): string {
  const env = { PATH: process.env.PATH, HOME: home };
  return spawnSync(shell, ["-c", script], { env, encoding: "utf8", timeout: 10_000 }).stdout;
}

/** Starts a job and gives its process group. */
function start(shell: string, command: string): number {
  const [, id, group] =
    new RegExp(`^${STARTED} (\\S+) (\\d+)\n$`).exec(run(shell, startScript(ID, command))) ?? [];
  expect(id).toBe(ID);
  groups.push(Number(group));
  return Number(group);
}

function file(name: string): string {
  return join(home, ".openclaw-node-router", "jobs", ID, name);
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 200; tries++) await delay(25);
  expect(holds()).toBe(true);
}

describe.each(["/bin/sh", "/bin/bash"])("under %s", (shell) => {
  const poll = (offset = 0) => run(shell, pollScript(ID, offset));
  const kill = () => run(shell, killScript(ID));

  test("a job outlives its call, is seen running, and ends with its own status and both outputs", async () => {
    start(
      shell,
      `echo "one 'two'"; echo three >&2; while [ ! -e "${home}/go" ]; do sleep 0.05; done; exit 7`,
    );
    await until(() => poll().endsWith("three\n"));
    expect(poll()).toBe("state running - 16\none 'two'\nthree\n");
    expect(poll(10)).toBe("state running - 16\nthree\n");
    writeFileSync(join(home, "go"), "");
    await until(() => existsSync(file("exit")));
    expect(poll()).toBe("state ended 7 16\none 'two'\nthree\n");
    expect(poll(16)).toBe("state ended 7 16\n");
    expect(poll(99)).toBe("state ended 7 16\n");
  });

  test("kill ends the job and what it started; a second kill and a look touch nothing", async () => {
    const group = start(shell, "sleep 60 & sleep 60; echo never");
    expect(kill()).toBe("state killed TERM\n");
    await until(() => !signal(group, 0));
    expect(poll()).toBe("state ended TERM 0\n");
    expect(kill()).toBe("state ended TERM\n");
  });

  test("a job that ignores TERM is KILLed", async () => {
    const group = start(shell, `trap '' TERM; touch "${home}/deaf"; while :; do sleep 1; done`);
    await until(() => existsSync(join(home, "deaf")));
    expect(kill()).toBe("state killed KILL\n");
    await until(() => !signal(group, 0));
  });

  test("a job whose group was killed from outside is lost, not running and not ended", async () => {
    const group = start(shell, "sleep 60");
    signal(group, "SIGKILL");
    await until(() => !signal(group, 0));
    expect(poll()).toBe("state lost - 0\n");
    expect(kill()).toBe("state lost -\n");
  });

  test("another process that got the job's number is neither taken for it nor killed", async () => {
    const group = start(shell, "sleep 60");
    writeFileSync(file("start"), "12345\n");
    expect(poll()).toBe("state lost - 0\n");
    expect(kill()).toBe("state lost -\n");
    expect(signal(group, 0)).toBe(true);
  });

  test("an ended job's number is never signalled, whoever has it now", async () => {
    const group = start(shell, "sleep 60");
    writeFileSync(file("exit"), "0\n");
    expect(kill()).toBe("state ended 0\n");
    expect(signal(group, 0)).toBe(true);
  });

  test("a job that never was is gone", () => {
    expect(poll()).toBe("state gone - 0\n");
    expect(kill()).toBe("state gone -\n");
  });

  test("output beyond a page comes page by page, no byte lost and none twice", async () => {
    start(shell, "i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done");
    await until(() => existsSync(file("exit")));
    const whole = readFileSync(file("out"), "utf8");
    let pages = "";
    let looks = 0;
    for (; pages.length < whole.length && looks < 9; looks++) {
      const page = poll(pages.length).replace(/^.*\n/, "");
      expect(page.length).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
      pages += page;
    }
    expect(pages).toBe(whole);
    expect(looks).toBe(Math.ceil(whole.length / MAX_OUTPUT_BYTES));
  });

  test("what a running job adds during a look is left for the next one", async () => {
    start(shell, "while :; do echo 0123456789; done");
    await until(() => existsSync(file("out")));
    for (let look = 0; look < 5; look++) {
      const [head = "", size = ""] = /^state running - (\d+)\n/.exec(poll()) ?? [];
      expect(head).not.toBe("");
      const rest = poll(Number(size));
      const [line = "", later = ""] = /^state running - (\d+)\n/.exec(rest) ?? [];
      expect(rest.length - line.length).toBe(Math.min(MAX_OUTPUT_BYTES, Number(later) - Number(size)));
    }
    expect(kill()).toBe("state killed TERM\n");
  });
});

describe("start", () => {
  test("keeps its folder to itself, and needs a home", () => {
    start("/bin/sh", "true");
    expect(spawnSync("stat", ["-c", "%a", file(".")], { encoding: "utf8" }).stdout).toBe("700\n");
    const homeless = spawnSync("/bin/sh", ["-c", startScript(ID, "true")], {
      env: { PATH: process.env.PATH },
    });
    expect(homeless.status).toBe(1);
    expect(String(homeless.stderr)).toBe("node-router: HOME is not set on this node\n");
  });

  test("removes old folders of ended jobs only", () => {
    start("/bin/sh", "true");
    const jobs = join(home, ".openclaw-node-router", "jobs");
    const make = (name: string, ended: boolean, days: number) => {
      spawnSync("mkdir", ["-p", join(jobs, name)]);
      if (ended) writeFileSync(join(jobs, name, "exit"), "0\n");
      const seconds = Date.now() / 1_000 - days * 86_400;
      utimesSync(join(jobs, name), seconds, seconds);
    };
    make("old-ended", true, KEEP_DAYS + 2);
    make("old-running", false, KEEP_DAYS + 2);
    make("new-ended", true, KEEP_DAYS - 1);
    start("/bin/sh", "true");
    const left = ["old-ended", "old-running", "new-ended"].filter((name) => existsSync(join(jobs, name)));
    expect(left).toEqual(["old-running", "new-ended"]);
  });
});
