// The job scripts, run by real shells with a home of their own. Every process that a test starts ends with it.
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "vitest";
import {
  barScript,
  endInputScript,
  killScript,
  MAX_OUTPUT_BYTES,
} from "../../../src/nodeRouter/jobs/jobLooks.ts";
import {
  KEEP_DAYS,
  KEEP_FOLDERS,
  KEPT_OUTPUT_BYTES,
  MAX_JOBS_ON_NODE,
  STARTED,
  startScript,
} from "../../../src/nodeRouter/jobs/nodeJob.ts";
import { ID, isAlive, jobShell, signalGroup, until } from "./jobShell.ts";

const OTHER_ID = "nr-fffffffffff1";

/** Its leader ends at TERM, and the rest does not. */
const DEAF = 'trap "" TERM; echo $$; while :; do sleep 1; done';

const SLOW = 90_000;

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
    await job.start(DEAF);
    await until(() => existsSync(job.file("out")) && readFileSync(job.file("out"), "utf8") !== "");
    const deaf = Number(readFileSync(job.file("out"), "utf8"));
    expect(isAlive(deaf)).toBe(true);
    expect(await job.kill()).toBe("state killed KILL\n");
    await until(() => !isAlive(deaf));
  });

  test("a job of which something ignores TERM has not ended before that is ended", async ({ expect }) => {
    using job = jobShell(shell);
    const group = await job.start(DEAF);
    await until(() => existsSync(job.file("out")) && readFileSync(job.file("out"), "utf8") !== "");
    const deaf = Number(readFileSync(job.file("out"), "utf8"));
    const killed = job.kill();
    await until(() => !isAlive(group));
    // Its leader alone is gone by then.
    expect(await job.poll()).toMatch(/^state ended KILL /);
    expect(isAlive(deaf)).toBe(false);
    expect(await killed).toBe("state killed KILL\n");
  });

  test("a job is ended whole though whoever ends it is cut off behind the TERM", async ({ expect }) => {
    using job = jobShell(shell);
    const group = await job.start(DEAF);
    await until(() => existsSync(job.file("out")) && readFileSync(job.file("out"), "utf8") !== "");
    const deaf = Number(readFileSync(job.file("out"), "utf8"));
    const cut = spawn(shell, ["-c", killScript(ID)], {
      env: { PATH: process.env.PATH, HOME: job.home },
      detached: true,
    });
    await until(() => !isAlive(group));
    signalGroup(cut.pid ?? 0, "SIGKILL");
    expect(isAlive(deaf)).toBe(true);
    expect(await job.kill()).toMatch(/^state (ended|killed) KILL\n$/);
    expect(isAlive(deaf)).toBe(false);
  });

  test("a job whose group was killed from outside is lost, not running and not ended", async ({ expect }) => {
    using job = jobShell(shell);
    const group = await job.start("sleep 60");
    signalGroup(group, "SIGKILL");
    await until(() => !isAlive(group));
    expect(await job.poll()).toBe("state lost - 0\n");
    expect(await job.kill()).toBe("state lost -\n");
  });

  test("a job that was ended has ended also before whoever ended it has noted that, and where it never can", async ({
    expect,
  }) => {
    using job = jobShell(shell);
    const group = await job.start("sleep 60");
    writeFileSync(job.file("killed"), "KILL\n");
    signalGroup(group, "SIGKILL");
    await until(() => !isAlive(group));
    expect(await job.poll()).toBe("state ended KILL 0\n");
    expect(await job.kill()).toBe("state ended KILL\n");
  });

  test("a job that outlives what it was sent is running", async ({ expect }) => {
    using job = jobShell(shell);
    await job.start("sleep 60");
    writeFileSync(job.file("killed"), "TERM\n");
    expect(await job.poll()).toBe("state running - 0\n");
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

  test("removes old folders of jobs that are over, never of one that runs, nor a young one", async ({
    expect,
  }) => {
    using job = jobShell("/bin/sh");
    await job.start("sleep 60");
    const jobs = dirname(job.file("."));
    const make = (name: string, ended: boolean, days: number) => {
      mkdirSync(join(jobs, name), { recursive: true });
      if (ended) writeFileSync(join(jobs, name, "exit"), "0\n");
      const seconds = Date.now() / 1_000 - days * 86_400;
      utimesSync(join(jobs, name), seconds, seconds);
    };
    make("nr-old-ended", true, KEEP_DAYS + 2);
    make("nr-old-lost", false, KEEP_DAYS + 2);
    make("nr-new-ended", true, KEEP_DAYS - 1);
    make("nr-new-lost", false, KEEP_DAYS - 1);
    make("somebody-elses", true, KEEP_DAYS + 2);
    utimesSync(job.file("."), 0, 0);
    await job.run(startScript(OTHER_ID, "true"));
    const left = ["nr-new-ended", "nr-new-lost", ID, OTHER_ID, "somebody-elses"];
    expect(readdirSync(jobs).toSorted()).toEqual(left.toSorted());
  });

  test("keeps the youngest folders of ended jobs, and not all there ever were", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const jobs = dirname(job.file("."));
    for (let n = 0; n < KEEP_FOLDERS + 5; n++) {
      const folder = join(jobs, `nr-${String(n).padStart(3, "0")}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "exit"), "0\n");
      utimesSync(folder, Date.now() / 1_000 - 10_000 + n, Date.now() / 1_000 - 10_000 + n);
    }
    await job.start("true");
    const left = readdirSync(jobs);
    expect(left).toHaveLength(KEEP_FOLDERS + 1);
    expect([left.includes("nr-004"), left.includes("nr-005")]).toEqual([false, true]);
  });

  test("begins a job once: a second start with its id begins nothing, and fails", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const mark = join(job.home, "mark");
    await job.start(`echo x >>"${mark}"; sleep 60`);
    expect(await job.run(startScript(ID, `echo x >>"${mark}"`))).toBe("");
    await until(() => existsSync(mark) && readFileSync(mark, "utf8") !== "");
    expect(readFileSync(mark, "utf8")).toBe("x\n");
  });

  test("two starts at once begin it once", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const mark = join(job.home, "mark");
    const script = startScript(ID, `echo x >>"${mark}"`);
    const said = await Promise.all([job.run(script), job.run(script), job.run(script)]);
    expect(said.filter((text) => text.startsWith(STARTED))).toHaveLength(1);
    await until(() => existsSync(job.file("exit")));
    expect(readFileSync(mark, "utf8")).toBe("x\n");
  });

  test("that was barred before begins nothing, and one that has begun is not barred", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const mark = join(job.home, "mark");
    expect(await job.run(barScript(ID))).toBe("state never -\n");
    expect(await job.run(startScript(ID, `echo x >"${mark}"`))).toBe("");
    expect(await job.run(barScript(ID))).toBe("state never -\n");
    expect(await job.poll()).toBe("state ended never 0\n");
    expect(existsSync(mark)).toBe(false);
    const started = await job.run(startScript(OTHER_ID, "true"));
    expect(await job.run(barScript(OTHER_ID))).toBe(`state there ${started.trim().split(" ").at(-1)}\n`);
  });

  test("that was cut off before it began is barred like one that never came, and is not taken for one that ran", async ({
    expect,
  }) => {
    using job = jobShell("/bin/sh");
    mkdirSync(job.file("."), { recursive: true });
    writeFileSync(job.file("run"), "echo secret");
    expect(await job.poll()).toBe("state gone - 0\n");
    expect(await job.run(barScript(ID))).toBe("state never -\n");
    expect(await job.poll()).toBe("state ended never 0\n");
    expect(existsSync(job.file("run"))).toBe(false);
  });

  test("is refused while as many run as may, and not for those that are over", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const group = await job.start("sleep 60");
    const jobs = dirname(job.file("."));
    const fill = (count: number, ended: boolean) => {
      for (let n = 0; n < count; n++) {
        const folder = join(jobs, `nr-${ended}-${n}`);
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, "pgid"), `${group}\n`);
        writeFileSync(join(folder, "start"), readFileSync(job.file("start")));
        if (ended) writeFileSync(join(folder, "exit"), "0\n");
      }
    };
    fill(MAX_JOBS_ON_NODE, true);
    fill(MAX_JOBS_ON_NODE - 2, false);
    expect(await job.run(startScript(OTHER_ID, "true"))).toContain(STARTED);
    fill(MAX_JOBS_ON_NODE - 1, false);
    const refused = await job.run(`exec 2>&1; ${startScript("nr-fffffffffff0", "true")}`);
    expect(refused).toBe(
      `node-router: ${MAX_JOBS_ON_NODE} background commands run on this node already; end one with node_process, action kill\n`,
    );
  });

  test("on a full disk begins nothing and leaves nothing", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const mark = join(job.home, "mark");
    // No file may grow, as on a disk without room.
    const said = await job.run(`exec 2>&1; trap '' XFSZ; ulimit -f 0; ${startScript(ID, `mkdir "${mark}"`)}`);
    expect(said).not.toContain(STARTED);
    expect(existsSync(mark)).toBe(false);
    expect(existsSync(job.file("."))).toBe(false);
  });

  test("shows the command to nobody: it is in no argument list, and in no file once it runs", async ({
    expect,
  }) => {
    using job = jobShell("/bin/sh");
    await job.start("echo begun; : secret-word; sleep 60");
    await until(async () => (await job.poll()).endsWith("begun\n"));
    expect(spawnSync("ps", ["-A", "-ww", "-o", "args="], { encoding: "utf8" }).stdout).not.toMatch(
      /secret-word/,
    );
    expect(existsSync(job.file("run"))).toBe(false);
  });
});

describe("input", { concurrent: true, timeout: SLOW }, () => {
  test("comes from whoever follows, outlives them, and ends when it is ended", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    await job.start('while read -r l; do echo "got $l"; done; echo end', { input: true });
    for (const line of ["one", "two"]) {
      const follow = job.follow(0, true);
      follow.stdin.write(`${line}\n`);
      await until(() => follow.out().endsWith(`got ${line}\n`));
      follow.kill();
      await follow.ended;
    }
    expect(await job.poll()).toMatch(/^state running - \d+\ngot one\ngot two\n$/);
    await job.run(endInputScript(ID));
    await until(() => existsSync(job.file("exit")));
    expect(await job.poll()).toMatch(/^state ended 0 \d+\ngot one\ngot two\nend\n$/);
  });

  test("without it a command that reads has its end at once", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    await job.start("cat; echo end");
    await until(() => existsSync(job.file("exit")));
    expect(await job.poll()).toBe("state ended 0 4\nend\n");
  });
});

describe("follow", { concurrent: true, timeout: SLOW }, () => {
  test("gives what comes from a byte on, and says how it ended", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const gate = join(job.home, "go");
    await job.start(`printf 0123456789; until test -e "${gate}"; do sleep 0.05; done; printf abc; exit 4`);
    await until(async () => (await job.poll()).endsWith("9"));
    const follow = job.follow(4);
    await until(() => follow.out() === "456789");
    writeFileSync(gate, "");
    await follow.ended;
    expect(follow.out()).toBe("456789abc");
    expect(follow.err()).toBe("state ended 4 13\n");
  });

  test("of a job that ended before, or never was, says so at once", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const never = job.follow(0);
    await never.ended;
    expect(never.err()).toBe("state gone - 0\n");
    await job.start("echo all; exit 2");
    await until(() => existsSync(job.file("exit")));
    const follow = job.follow(0);
    await follow.ended;
    expect([follow.out(), follow.err()]).toEqual(["all\n", "state ended 2 4\n"]);
  });

  test("and a look tell how much was dropped where the output outgrew its room", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    await job.start("printf kept");
    await until(() => existsSync(job.file("exit")));
    writeFileSync(job.file("base"), "100\n");
    expect(await job.poll(10)).toBe("state ended 0 104 100\nkept");
    expect(await job.poll(102)).toBe("state ended 0 104\npt");
    const follow = job.follow(10);
    await follow.ended;
    expect([follow.out(), follow.err()]).toEqual(["kept", "skipped 90\nstate ended 0 104\n"]);
  });

  test("output beyond its room is dropped on the node, and the job goes on", async ({ expect }) => {
    using job = jobShell("/bin/sh");
    const gate = join(job.home, "go");
    const small = startScript(ID, `printf 0123456789; until test -e "${gate}"; do sleep 0.05; done; echo on`);
    const group = await job.begin(
      small.replaceAll(`${KEPT_OUTPUT_BYTES}`, "5").replace("sleep 5", "sleep 0.1"),
    );
    expect(group).toBeGreaterThan(0);
    await until(() => existsSync(job.file("base")) && statSync(job.file("out")).size === 0);
    expect(await job.poll()).toBe("state running - 10 10\n");
    writeFileSync(gate, "");
    await until(() => existsSync(job.file("exit")));
    expect(await job.poll()).toBe("state ended 0 13 10\non\n");
  });
});
