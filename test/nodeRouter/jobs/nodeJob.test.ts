// The job scripts, run by real shells with a home of their own. Every process that a test starts ends with it.
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "vitest";
import { KEEP_DAYS, MAX_OUTPUT_BYTES, startScript } from "../../../src/nodeRouter/jobs/nodeJob.ts";
import { ID, isAlive, jobShell, signalGroup, until } from "./jobShell.ts";

const SLOW = 20_000;

describe.for(["/bin/sh", "/bin/bash"])("under %s", { concurrent: true, timeout: SLOW }, (shell) => {
  test("a job outlives its call, is seen running, and ends with its own status and both outputs", async ({
    expect,
  }) => {
    using job = jobShell(shell);
    const gate = join(job.home, "go");
    await job.start(
      `echo "one 'two'"; echo three >&2; while [ ! -e "${gate}" ]; do sleep 0.05; done; exit 7`,
    );
    await until(async () => (await job.poll()).endsWith("three\n"));
    expect(await job.poll()).toBe("state running - 16\none 'two'\nthree\n");
    expect(await job.poll(10)).toBe("state running - 16\nthree\n");
    writeFileSync(gate, "");
    await until(() => existsSync(job.file("exit")));
    expect(await job.poll()).toBe("state ended 7 16\none 'two'\nthree\n");
    expect(await job.poll(16)).toBe("state ended 7 16\n");
    expect(await job.poll(99)).toBe("state ended 7 16\n");
  });

  test("kill ends the job and what it started; a second kill and a look touch nothing", async ({
    expect,
  }) => {
    using job = jobShell(shell);
    const child = join(job.home, "child");
    await job.start(`sleep 60 & echo $! >"${child}"; sleep 60; echo never`);
    await until(() => existsSync(child) && readFileSync(child, "utf8") !== "");
    expect(await job.kill()).toMatch(/^state killed (TERM|KILL)\n$/);
    expect(isAlive(Number(readFileSync(child, "utf8")))).toBe(false);
    const ended = await job.poll();
    expect(ended).toMatch(/^state ended (TERM|KILL) 0\n$/);
    expect(await job.kill()).toBe(ended.replace(" 0\n", "\n"));
  });

  test("a job that ignores TERM is KILLed", async ({ expect }) => {
    using job = jobShell(shell);
    await job.start('trap "" TERM; echo $$; while :; do sleep 1; done');
    await until(() => existsSync(job.file("out")) && readFileSync(job.file("out"), "utf8") !== "");
    const deaf = Number(readFileSync(job.file("out"), "utf8"));
    expect(isAlive(deaf)).toBe(true);
    expect(await job.kill()).toBe("state killed KILL\n");
    await until(() => !isAlive(deaf));
  });

  test("a job whose group was killed from outside is lost, not running and not ended", async ({ expect }) => {
    using job = jobShell(shell);
    const group = await job.start("sleep 60");
    signalGroup(group, "SIGKILL");
    await until(() => !isAlive(group));
    expect(await job.poll()).toBe("state lost - 0\n");
    expect(await job.kill()).toBe("state lost -\n");
  });

  test("another process that got the job's number is neither taken for it nor killed", async ({ expect }) => {
    using job = jobShell(shell);
    const group = await job.start("sleep 60");
    writeFileSync(job.file("start"), "12345\n");
    expect(await job.poll()).toBe("state lost - 0\n");
    expect(await job.kill()).toBe("state lost -\n");
    expect(isAlive(group)).toBe(true);
  });

  test("an ended job's number is never signalled, whoever has it now", async ({ expect }) => {
    using job = jobShell(shell);
    const group = await job.start("sleep 60");
    writeFileSync(job.file("exit"), "0\n");
    expect(await job.kill()).toBe("state ended 0\n");
    expect(isAlive(group)).toBe(true);
  });

  test("a job that never was is gone", async ({ expect }) => {
    using job = jobShell(shell);
    expect(await job.poll()).toBe("state gone - 0\n");
    expect(await job.kill()).toBe("state gone -\n");
  });

  test("output beyond a page comes page by page, no byte lost and none twice", async ({ expect }) => {
    using job = jobShell(shell);
    await job.start("i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done");
    await until(() => existsSync(job.file("exit")));
    const whole = readFileSync(job.file("out"), "utf8");
    let pages = "";
    let looks = 0;
    for (; pages.length < whole.length && looks < 9; looks++) {
      const page = (await job.poll(pages.length)).replace(/^.*\n/, "");
      expect(page.length).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
      pages += page;
    }
    expect(pages).toBe(whole);
    expect(looks).toBe(Math.ceil(whole.length / MAX_OUTPUT_BYTES));
  });

  test("what a running job adds during a look is left for the next one", async ({ expect }) => {
    using job = jobShell(shell);
    await job.start("i=0; while [ $i -lt 300000 ]; do echo 0123456789; i=$((i+1)); done");
    let from = 0;
    for (let look = 0; look < 6; look++) {
      const answer = await job.poll(from);
      const [head = "", size = "0"] = /^state \w+ \S+ (\d+)\n/.exec(answer) ?? [];
      expect(head).not.toBe("");
      const bytes = answer.length - head.length;
      expect(bytes).toBe(Math.min(MAX_OUTPUT_BYTES, Number(size) - from));
      from += bytes;
    }
  });
});

describe("start", { concurrent: true, timeout: SLOW }, () => {
  test("keeps its folder to itself", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    await job.start("true");
    expect((statSync(job.file(".")).mode & 0o777).toString(8)).toBe("700");
  });

  test("without a home nothing is started", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const marker = join(job.home, "ran");
    expect(await job.run(`unset HOME; exec 2>&1; ${startScript(ID, `touch ${marker}`)}`)).toBe(
      "node-router: HOME is not set on this node\n",
    );
    expect(existsSync(marker)).toBe(false);
  });

  test("removes old folders of ended jobs only", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const jobs = dirname(job.file("."));
    const make = (name: string, ended: boolean, days: number) => {
      mkdirSync(join(jobs, name), { recursive: true });
      if (ended) writeFileSync(join(jobs, name, "exit"), "0\n");
      const seconds = Date.now() / 1_000 - days * 86_400;
      utimesSync(join(jobs, name), seconds, seconds);
    };
    make("old-ended", true, KEEP_DAYS + 2);
    make("old-running", false, KEEP_DAYS + 2);
    make("new-ended", true, KEEP_DAYS - 1);
    await job.start("true");
    const left = ["old-ended", "old-running", "new-ended"].filter((name) => existsSync(join(jobs, name)));
    expect(left).toEqual(["old-running", "new-ended"]);
  });
});
