// A command in a spare shell finds what it finds in one of its own, begins once, and nothing is left of a spare.
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PipePool } from "../../../../../src/nodeRouter/transports/node/host/pipePool.ts";
import { SpareShell } from "../../../../../src/nodeRouter/transports/node/host/spareShell.ts";
import { spawnShell } from "../../../../../src/nodeRouter/transports/node/host/spawnShell.ts";
import type {
  ProcessEnd,
  StartedProcess,
} from "../../../../../src/nodeRouter/transports/node/host/startedProcess.ts";
import { livingIn, marksIn } from "../../../../support/executions.ts";
import { type NodeEnd, nodeEnd, stateIn } from "../../../../support/nodeEnd.ts";

const SUPPORT = resolve(import.meta.dirname, "../../../../support/nodeEnd.ts");
/** This machine may be busy. */
const SLOW = { timeout: 20_000, interval: 20 };
const LOGIN = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: "/",
  CDPATH: "/:/usr",
  MARK: "login",
  "A-B": "x",
};

let folder: string;
let node: NodeEnd;
let pipes: PipePool;
let spare: SpareShell;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "nr-spare-")));
  node = nodeEnd();
  pipes = new PipePool();
  spare = new SpareShell(pipes, async () => LOGIN);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  spare.close();
  await pipes.close();
  await node.server.close();
  rmSync(folder, { recursive: true, force: true });
});

const { mark, marks } = marksIn(() => folder);

/** One that waits; told its group. */
async function waits(on: SpareShell): Promise<number> {
  if (on.group === null) await on.after(() => {});
  return vi.waitFor(() => {
    if (on.group === null) throw new Error("there is none yet");
    return on.group;
  }, SLOW);
}

interface Asked {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

interface Told extends ProcessEnd {
  readonly out: string;
  readonly err: string;
}

/** Runs it in the spare, or in a shell of its own; the order of `env` and the like is no shell's promise. */
async function told(way: "spare" | "own", { script, args = [], env = {}, cwd = folder, input }: Asked) {
  const texts = { out: "", err: "" };
  const end = Promise.withResolvers<ProcessEnd>();
  const announced: number[] = [];
  const start = {
    script,
    args,
    env: { ...LOGIN, ...env },
    cwd,
    announce: (group: number) => void announced.push(group),
    withdraw: () => {},
  };
  const events = {
    output(stream: "out" | "err", chunk: Buffer) {
      texts[stream] += chunk.toString();
    },
    ended: (how: ProcessEnd) => end.resolve(how),
  };
  let started: StartedProcess | Error | null;
  if (way === "spare") {
    const group = await waits(spare);
    started = await spare.run(start, LOGIN, events);
    expect([announced, started?.processGroup]).toEqual([[group], group]);
  } else {
    await pipes.ready();
    started = await spawnShell(start, events, pipes);
  }
  if (started === null || started instanceof Error) throw new Error(`it was not begun: ${started}`);
  if (input !== undefined) started.write(Buffer.from(input));
  started.endInput();
  const group = new RegExp(String(started.processGroup), "g");
  const { exitCode, signal } = await end.promise;
  const sorted = (text: string): string => text.replace(group, "GROUP").split("\n").sort().join("\n");
  return { out: sorted(texts.out), err: texts.err.replace(group, "GROUP"), exitCode, signal } satisfies Told;
}

describe("a command in a spare shell and one in a shell of its own are told the same of", () => {
  const strange = { B: "a 'b' \"c\" $d `e` \\f é", EMPTY: "", MARK: "own", PATH: "/opt/x y:/usr/bin:/bin" };
  test.each<[string, Asked]>([
    ["the environment", { script: "env", env: strange }],
    ["the environment without any of its own", { script: "env" }],
    ["what is exported", { script: "export -p", env: strange }],
    [
      "every variable that a shell has",
      { script: "set | grep -Ev '^(RANDOM|SECONDS|EPOCH|BASHPID|KSH_MATCH)'", env: strange, args: ["a"] },
    ],
    ["the directory", { script: 'pwd; pwd -P; echo "$PWD"; env | grep PWD' }],
    ["the directory that was before", { script: "cd /; env | grep PWD; cd -; cd usr; export -p | grep PWD" }],
    ["the root", { script: 'pwd; echo "$PWD"; cd usr && pwd', cwd: "/" }],
    [
      "name and arguments",
      { script: 'echo "$0|$#|$*|$-|$?"; for a; do echo "$a"; done', args: ["a b", "'", ""] },
    ],
    ["the process group", { script: "ps -o pgid=,ppid=,nice=,args= -p $$" }],
    ["mask and limits", { script: "umask; ulimit -a; trap" }],
    [
      "open descriptors",
      { script: "for f in 0 1 2 3 4 5 6 7 8 9; do if true <&$f; then echo $f; fi; done 2>/dev/null" },
    ],
    ["terminals", { script: "for f in 0 1 2; do [ -t $f ] || echo no; done" }],
    ["input", { script: 'read a; echo "<$a>"; cat; read b; echo $?', input: "one\ntwo\nthree" }],
    ["input that is none", { script: "cat; echo $?" }],
    [
      "output that is opened by name",
      { script: "echo a >/dev/stderr; echo b | tee /dev/stderr >/dev/stdout" },
    ],
    ["an exit code", { script: "exit 7" }],
    ["an exit code of 126", { script: "exit 126" }],
    ["a signal", { script: "kill -TERM $$; sleep 5" }],
    ["a program that is not there, and its line", { script: "true\n\nnone-such\necho $?", args: ["a\nb"] }],
    ["a syntax error", { script: "true\nif" }],
    ["a script that ends early", { script: "set -eu; false; echo no" }],
    [
      "much text",
      { script: `echo ${"x".repeat(300_000)} | wc -c; echo "$1" | wc -c`, args: ["y".repeat(99)] },
    ],
  ])("%s", async (_, asked) => {
    const own = await told("own", asked);
    expect(await told("spare", asked)).toEqual(own);
  });

  test("a directory that was entered by another name, and one with signs in its name", async () => {
    mkdirSync(join(folder, "a 'b' $c -"));
    symlinkSync(join(folder, "a 'b' $c -"), join(folder, "link"));
    for (const cwd of [join(folder, "link"), join(folder, "a 'b' $c -")]) {
      const asked = { script: 'pwd; pwd -P; echo "$PWD"; cd ..; pwd', cwd };
      const own = await told("own", asked);
      expect(own.out).toContain(cwd);
      expect(await told("spare", asked)).toEqual(own);
    }
  });
});

describe("a spare shell", () => {
  test("is there after the first command, is no work, and the next command is it", async () => {
    const first = await node.complete("true");
    const group = await waits(node.server.spare);
    expect([node.server.hasActiveWork, group === first.processGroup]).toEqual([false, false]);
    const second = await node.complete("echo a; echo b >&2; exit 3", { env: { X: "1" }, cwd: folder });
    expect(second).toMatchObject({ out: "a\n", err: "b\n", end: { exitCode: 3 }, processGroup: group });
    expect(await waits(node.server.spare)).not.toBe(group);
  });

  test("is there after a hello", async () => {
    await node.ask({ op: "hello" });
    expect(await waits(node.server.spare)).toBeGreaterThan(1);
  });

  test("is one: of ten commands at once one is it, and each runs once", async () => {
    const group = await waits(node.server.spare);
    const all = await Promise.all(Array.from({ length: 10 }, () => node.complete(`${mark()} echo x`)));
    expect(all.map(({ out }) => out)).toEqual(Array.from({ length: 10 }, () => "x\n"));
    expect(all.filter(({ processGroup }) => processGroup === group)).toHaveLength(1);
    expect(marks()).toBe(10);
  });

  test("is none where a command would see it: that one gets a shell of its own, and the spare waits on", async () => {
    const group = await waits(node.server.spare);
    const { out, processGroup } = await node.complete('echo "$LC_X"', { env: { LC_X: "/x" } });
    expect([out, processGroup === group, node.server.spare.group]).toEqual(["/x\n", false, group]);
  });

  test("that has died is none, however much of that was seen: the command runs once", async () => {
    // Its streams tell of its end in one of the next turns, and the system in another.
    for (const turns of [0, 1, 2, 3, 4, 6, 10, null]) {
      const group = await waits(node.server.spare);
      process.kill(-group, "SIGKILL");
      for (let turn = 0; turn < (turns ?? 0); turn++) await new Promise(setImmediate);
      if (turns === null) await vi.waitFor(() => expect(node.server.spare.group).toBeNull(), SLOW);
      const { out, processGroup } = await node.complete(`${mark()} echo x`);
      expect([out, processGroup === group]).toEqual(["x\n", false]);
    }
    expect(marks()).toBe(8);
  });

  test.each([["sh"], ["cat"]])(
    "whose %s is killed while it is given a large command has run nothing of it, and the command runs once",
    async (program) => {
      const group = await waits(node.server.spare);
      const pid = await vi.waitFor(() => {
        const lines = execFileSync("ps", ["-A", "-o", "pgid=,comm=,pid="], { encoding: "utf8" }).split("\n");
        const line = lines.find((text) => new RegExp(`^ *${group} +(\\S*/)?${program} `).test(text));
        if (line === undefined) throw new Error("it is not there yet");
        return Number(line.trim().split(/ +/).at(-1));
      }, SLOW);
      // More than a pipe takes: it is in the midst of it.
      process.kill(-group, "SIGSTOP");
      const large = node.complete(`${mark()} echo "$1" | wc -c`, { args: ["x".repeat(2 << 20)] });
      await vi.waitFor(() => expect(node.server.spare.group).toBeNull(), SLOW);
      process.kill(pid, "SIGKILL");
      process.kill(-group, "SIGCONT");
      const { out, processGroup } = await large;
      expect([out.trim(), processGroup === group, marks()]).toEqual([String((2 << 20) + 1), false, 1]);
      await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
    },
  );

  test("cannot enter a directory that is gone by now: nothing has run, and nothing was said", async () => {
    const group = await waits(spare);
    const gone: number[] = [];
    const said: string[] = [];
    const start = {
      script: mark(),
      args: [],
      env: LOGIN,
      cwd: join(folder, "none"),
      announce: () => {},
      withdraw: (of: number) => void gone.push(of),
    };
    const events = { output: (_: string, chunk: Buffer) => void said.push(String(chunk)), ended: () => {} };
    expect(await spare.run(start, LOGIN, events)).toBeNull();
    expect([gone, said, marks()]).toEqual([[group], [], 0]);
  });

  test("that somebody stopped holds no command up for ever: it is ended, and has run nothing", async () => {
    const stopped = new SpareShell(pipes, async () => LOGIN, 100);
    const group = await waits(stopped);
    process.kill(-group, "SIGSTOP");
    const command = { script: mark(), args: [], env: LOGIN, cwd: folder };
    const start = { ...command, announce: () => {}, withdraw: () => {} };
    expect(await stopped.run(start, LOGIN, { output: () => {}, ended: () => {} })).toBeNull();
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
    expect(marks()).toBe(0);
    stopped.close();
  });

  test("is not given what the node's owner does not allow any more, and waits on", async () => {
    const group = await waits(node.server.spare);
    const changed = {
      prepareExecAuthorization: () => () => {
        throw new Error("it changed");
      },
    };
    expect(await node.run(mark(), {}, changed)).toMatchObject({ kind: "refused", why: "denied" });
    expect([node.server.spare.group, marks()]).toEqual([group, 0]);
  });

  test("that was lost is no way around the owner: who changed his mind meanwhile is asked again", async () => {
    const group = await waits(node.server.spare);
    process.kill(-group, "SIGKILL");
    let asked = 0;
    const onceOnly = {
      prepareExecAuthorization: () => () => {
        if (asked++ > 0) throw new Error("it changed");
      },
    };
    expect(await node.run(mark(), {}, onceOnly)).toMatchObject({ kind: "refused", why: "denied" });
    expect([asked, marks()]).toEqual([2, 0]);
  });

  test("with the variables of an earlier login is thrown away", async () => {
    const group = await waits(spare);
    const events = { output: () => {}, ended: () => {} };
    const login = { ...LOGIN };
    const start = { script: "", args: [], env: login, cwd: "/", announce: () => {}, withdraw: () => {} };
    expect(await spare.run(start, login, events)).toBeNull();
    expect(spare.group).toBeNull();
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
  });

  test("ends with the server", async () => {
    const group = await waits(node.server.spare);
    expect(livingIn(group)).toBeGreaterThan(0);
    await node.server.close();
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
  });

  test("is not made where a command gets no shell, nor where there are no pipes", async () => {
    const windows = nodeEnd({ platform: "win32" });
    await windows.ask({ op: "hello" });
    vi.stubEnv("TMPDIR", join(folder, "nowhere"));
    const without = nodeEnd();
    await without.ask({ op: "hello" });
    await new Promise((done) => setTimeout(done, 300));
    expect([windows.server.spare.group, without.server.spare.group]).toEqual([null, null]);
    await windows.server.close();
    await without.server.close();
  });

  test("that is a command is ended like one: by a signal, and when the gateway gives it up", async () => {
    const group = await waits(node.server.spare);
    const key = randomUUID();
    const { processGroup } = stateIn(await node.run("sleep 300 & sleep 300", { key, waitMs: 50 }));
    expect(processGroup).toBe(group);
    await node.ask({ op: "forget", key });
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
  });
});

describe("when the node host", () => {
  /** A node host of its own with a spare; told its group. */
  async function nodeHost(more: string) {
    const code = `
      import { nodeEnd } from ${JSON.stringify(SUPPORT)};
      const node = nodeEnd();
      await node.ask({ op: "hello" });
      while (node.server.spare.group === null) await new Promise((done) => setTimeout(done, 20));
      const { group } = node.server.spare;
      ${more}
      console.log(group);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line]: unknown[] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    return { child, group: Number(String(line)) };
  }

  test("is killed, the spare ends by itself", async () => {
    const { child, group } = await nodeHost("setInterval(() => {}, 1000);");
    expect(livingIn(group)).toBeGreaterThan(0);
    child.kill("SIGKILL");
    await once(child, "exit");
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
  });

  test("is killed, what the spare has become ends too", async () => {
    const { child, group } = await nodeHost(
      `setInterval(() => {}, 1000);
       const run = await node.run('trap "" TERM HUP; while :; do sleep 1; done', { waitMs: 0, eof: false });
       if (run.processGroup !== group) throw new Error("it is another");`,
    );
    expect(livingIn(group)).toBeGreaterThan(0);
    child.kill("SIGKILL");
    await once(child, "exit");
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
  });

  test("has nothing else to do, the spare keeps it from no end", async () => {
    const { child, group } = await nodeHost("");
    if (child.exitCode === null) await once(child, "exit");
    await vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);
  });
});
