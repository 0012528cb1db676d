// The constant programs, run by the real shells of this machine.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell text, not templates
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { requestProblem } from "../../../../../src/nodeRouter/transports/requestProblem.ts";
import {
  KEEPER,
  launchCommands,
  PONG,
  READY,
  REFUSED,
  STREAMS,
} from "../../../../../src/nodeRouter/transports/ssh/session/bootstrap.ts";
import { encodeRequest } from "../../../../../src/nodeRouter/transports/ssh/session/request.ts";
import type { CommandRequest } from "../../../../../src/nodeRouter/transports/transport.ts";

const MARKER = "0123456789abcdef0123456789abcdef";
const PTY = { rows: 24, cols: 80, term: "dumb" };
const folder = realpathSync(mkdtempSync(join(tmpdir(), "node-router-boot-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Login shells of this machine; sh is on every one. */
const SHELLS = ["sh", "bash", "dash", "zsh", "fish", "tcsh", "csh"].filter(
  (shell) => spawnSync(shell, ["-c", "exit 0"]).status === 0,
);

/** As sshd does: the login shell gets the command as one argument, in a session of its own. */
function login(
  shell: string,
  command: string,
  more: Readonly<Record<string, string | undefined>> = {},
  cwd: string | undefined = undefined,
): ChildProcessWithoutNullStreams {
  const child = spawn(shell, ["-c", command], {
    detached: true,
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      SHELL: shellPath(shell),
      SECRET_OF_THE_LOGIN: "kept",
      ...more,
    },
  });
  // It may end before all that is for it was written: that is no fault of the test.
  child.stdin.on("error", () => {});
  return child;
}

/** What /bin/sh is on one system or another, as far as this machine has it. */
const STANDARD_SHELLS = ["sh", "bash --posix", "busybox ash", "zsh --emulate sh", "mksh", "ksh93"].filter(
  (shell) => spawnSync("sh", ["-c", `${shell} -c "exit 0"`]).status === 0,
);

/** The program where that is /bin/sh. */
function on(shell: string, command: string): string {
  return command.replace("exec /bin/sh", `exec ${shell}`);
}

function shellPath(shell: string): string {
  return spawnSync("/bin/sh", ["-c", `command -v ${shell}`])
    .stdout.toString()
    .trim();
}

/** A folder in which there is nothing but that shell. */
function folderOf(shell: string): string {
  const [name = ""] = shell.split(" ");
  const bin = mkdtempSync(join(folder, "only-"));
  symlinkSync(shellPath(name), join(bin, name));
  return bin;
}

async function run(
  request: CommandRequest,
  shell = "sh",
  loginShell = false,
  cwd: string | undefined = undefined,
  env: Readonly<Record<string, string | undefined>> = {},
) {
  const child = login(shell, launchCommands(loginShell).runner, env, cwd);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.write(encodeRequest(request, MARKER));
  child.stdin.end(request.input ?? "");
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once("close", (exit, name) => resolve([exit, name]));
  });
  const stdout = Buffer.concat(out).toString("latin1");
  const errors = Buffer.concat(err).toString("latin1");
  const saysErr = `\n${STREAMS} err\n`;
  expect(errors.startsWith(saysErr)).toBe(true);
  const stderr = errors.slice(saysErr.length);
  return {
    code,
    signal,
    greeting: stdout.split(`${MARKER}\n`)[0],
    stdout: stdout.split(`${MARKER}\n`).slice(1).join(`${MARKER}\n`),
    stderr,
  };
}

test("the programs hold no character that a login shell would read in quotes", () => {
  for (const loginShell of [false, true]) {
    for (const command of Object.values(launchCommands(loginShell))) {
      // Between the quotes that we put there ourselves: no quote, no history mark, no line end.
      for (const quoted of command.split("'").filter((_part: string, at: number) => at % 2 === 1)) {
        expect(quoted).not.toMatch(/[!\n\r]/);
        expect(quoted).not.toContain("\\\\");
      }
      expect(command.split("'").length % 2).toBe(1);
    }
  }
});

describe.each(SHELLS)("login shell %s", (shell) => {
  test("a command gets its environment, arguments, directory and input, and its exit code comes back", async () => {
    const result = await run(
      {
        script: 'pwd; printf "%s|%s|%s\\n" "$A" "$1" "$2"; cat; exit 37',
        env: { A: 'it\'s "$HOME" `x` \\ \n line' },
        args: ["a b", "c'd"],
        cwd: folder,
        input: Buffer.from("in\0put"),
      },
      shell,
    );
    expect(result.stdout).toBe(`${folder}\nit's "$HOME" \`x\` \\ \n line|a b|c'd\nin\0put`);
    expect(result.code).toBe(37);
    expect(result.stderr).toBe(`${MARKER} start\n`);
  });

  test("through a profile the command is the same, and the login's environment is kept", async () => {
    const result = await run({ script: 'echo "$SECRET_OF_THE_LOGIN"; exit 3' }, shell, true);
    expect(result.stdout).toBe("kept\n");
    expect(result.code).toBe(3);
  });
});

test("a request never holds the line that says it began: no echo of it can be taken for that", () => {
  for (const request of [
    { script: "x" },
    { script: "x", cwd: "/" },
    { script: "x", pty: PTY, makeCwd: true, cwd: "/a" },
  ]) {
    const sent = encodeRequest(request, MARKER).toString();
    expect(sent.split(MARKER)).toHaveLength(2);
    expect(sent).toMatch(new RegExp(`^${MARKER} \\d+\\n`));
  }
});

test("a runner and a keeper in a terminal say so and end before they read anything", async () => {
  if (spawnSync("script", ["--version"]).status !== 0)
    return console.warn("left out: script is not installed");
  for (const program of [
    launchCommands(false).runner,
    launchCommands(false).keeper,
    launchCommands(true).runner,
  ]) {
    const { stdout } = spawnSync("script", ["-q", "-c", program, "/dev/null"], {
      input: "",
      env: { SHELL: "/bin/sh", PATH: process.env.PATH },
    });
    expect(stdout.toString()).toContain(`${REFUSED} terminal`);
    expect(stdout.toString()).not.toMatch(new RegExp(`${READY}|${KEEPER}`));
  }
});

test("without a directory of its own a command begins in the login's home, wherever a start file went", async () => {
  expect((await run({ script: "pwd" }, "sh", false, "/usr")).stdout).toBe(`${folder}\n`);
});

test.each([undefined, "/nonexistent"])(
  "a login without PATH (%s) has the system's programs, behind its own",
  async (PATH) => {
    const { stdout, code } = await run(
      { script: 'dd </dev/null 2>/dev/null && echo "$PATH"' },
      shellPath("sh"),
      false,
      folder,
      {
        PATH,
      },
    );
    expect(stdout).toMatch(/(^|:)\/usr\/bin:/);
    expect(code).toBe(0);
  },
);

test.runIf(SHELLS.includes("bash"))("options that a login exports print nothing of the request", async () => {
  const child = login("bash", on("bash --posix", launchCommands(false).runner), {
    SHELLOPTS: "xtrace:verbose:errexit:nounset",
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.end(
    encodeRequest({ script: "false; echo $nothing; exit 4", env: { TOKEN: "T0P-SECRET" } }, MARKER),
  );
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(4);
  expect(errors.slice(errors.lastIndexOf(`\n${STREAMS} err\n`) + 1)).toBe(
    `${STREAMS} err\n${MARKER} start\n`,
  );
});

test("nothing of the command is in any argument list while it runs", async () => {
  const result = await run({
    script: "ps -o args= -p $$; echo T0P-SECRET-TEXT >/dev/null",
    env: { TOKEN: "T0P-SECRET-VALUE" },
    cwd: folder,
  });
  expect(result.stdout).toContain("/bin/sh -c");
  expect(result.stdout).not.toContain("T0P-SECRET");
  expect(result.stdout).not.toContain(folder);
});

test("the shell that runs the command keeps no variable of the runner", async () => {
  const clean = await run({ script: "set" });
  const names = clean.stdout.split("\n").map((line) => line.split("=")[0]);
  for (const name of ["h", "n", "c", "k", "b", "l", "s", "t", "o", "p", "g", "r", "NODE_ROUTER_BOOT"]) {
    expect(names).not.toContain(name);
  }
});

test("the command's locale is the login's, not the runner's", async () => {
  expect((await run({ script: 'echo "[${LC_ALL-none}]"' })).stdout).toBe("[none]\n");
  expect((await run({ script: 'echo "[${LC_ALL-none}]"', env: { LC_ALL: "C.UTF-8" } })).stdout).toBe(
    "[C.UTF-8]\n",
  );
});

test("a syntax error is the command's own: it had begun", async () => {
  const result = await run({ script: "if" });
  expect(result.stderr.startsWith(`${MARKER} start\n`)).toBe(true);
  expect(result.code).toBe(2);
});

test.each([
  ["/no/such/directory", "missing"],
  ["/etc/passwd", "not-a-directory"],
])("the working directory %s is said to be %s, and nothing runs", async (cwd, reason) => {
  const result = await run({ script: "echo ran", cwd });
  expect(result.stderr).toBe(`${MARKER} cwd ${reason}\n`);
  expect(result.stdout).toBe("");
});

test("a working directory is made only when that was asked for", async () => {
  const cwd = join(folder, "made 'here'", "deep");
  expect((await run({ script: "pwd", cwd })).stdout).toBe("");
  expect((await run({ script: "pwd", cwd, makeCwd: true })).stdout).toBe(`${cwd}\n`);
});

test("directories are put before PATH in their order", async () => {
  const result = await run({ script: 'echo "$PATH"', pathPrepend: ["/opt/a b/bin", "/opt/$x"] });
  expect(result.stdout.startsWith("/opt/a b/bin:/opt/$x:/")).toBe(true);
});

test("a large command comes through whole", async () => {
  const result = await run({ script: `printf %s "${"é".repeat(200_000)}" | wc -c` });
  expect(result.stdout.trim()).toBe("400000");
});

test.each([0, 1, 40, -1])("a request that ends early (cut at %i) never runs", async (cut) => {
  const child = login("sh", launchCommands(false).runner);
  const request = encodeRequest({ script: "echo ran" }, MARKER);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stdin.end(request.subarray(0, cut === -1 ? request.length - 1 : cut));
  await new Promise((resolve) => child.once("close", resolve));
  expect(output).toContain(READY);
  expect(output).not.toContain("ran");
});

test.each([
  ["a short line", { script: "echo '  a  b '; cat" }, true],
  ["a line with spaces around", { script: "  echo '  a  b '; cat  " }, true],
  ["a line with backslashes", { script: "echo '  a  b '; cat # \\\\n \\" }, true],
  ["several lines", { script: "echo '  a  b '\ncat" }, false],
  ["a long line", { script: `echo '  a  b '; cat; : ${"x".repeat(2_048)}` }, false],
  ["other letters", { script: "echo '  a  b '; cat; : \u00e9" }, false],
])("a request of %s runs, and takes its own input", async (_name, request, isLine) => {
  expect(encodeRequest(request, MARKER).toString().startsWith(`${MARKER} 0\n`)).toBe(isLine);
  const result = await run({ ...request, input: Buffer.from("line\nand more") });
  expect(result.stdout).toBe("  a  b \nline\nand more");
});

test.each([
  [{ script: "echo ran; exit 3" }, true],
  [{ script: "echo ran\nexit 3" }, false],
])(
  "a directory, variables and arguments come before the command, however it is read",
  async (part, isLine) => {
    const request = { ...part, cwd: "/", env: { A: "1" }, pathPrepend: ["/x"], args: ["a b"] };
    expect(encodeRequest(request, MARKER).toString().startsWith(`${MARKER} 0\n`)).toBe(isLine);
    const asked = { ...request, script: `printf "%s " "$PWD" "$A" "\${PATH%%:*}" "$1"; ${request.script}` };
    expect(await run(asked)).toMatchObject({ stdout: "/ 1 /x a b ran\n", code: 3 });
    const missing = await run({ ...asked, cwd: "/nonexistent" });
    expect(missing).toMatchObject({ stdout: "", code: 126 });
  },
);

test("any command text, variable and argument arrives as it is", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !value.includes("\0"));
  await fc.assert(
    fc.asyncProperty(text, text, async (value, argument) => {
      const result = await run({
        script: 'printf "%s\\001%s" "$V" "$1"',
        env: { V: value },
        args: [argument],
      });
      expect(Buffer.from(result.stdout, "latin1").toString()).toBe(`${value}\u0001${argument}`);
    }),
    { numRuns: 25 },
  );
});

test.each<[string, CommandRequest]>([
  ["NUL", { script: "a\0b" }],
  ["NUL", { script: "a", args: ["\0"] }],
  ["NUL", { script: "a", env: { A: "\0" } }],
  ["export", { script: "a", env: { "A-B": "1" } }],
  ["export", { script: "a", env: { "A;rm": "1" } }],
])("what no shell can take is found before it is sent (%s)", (fact, request) => {
  expect(requestProblem(request)).toContain(fact);
  expect(requestProblem({ script: "a", env: { A_1: "x" }, args: ["y"], cwd: "/z" })).toBeNull();
});

describe.runIf(SHELLS.includes("bash"))("where /bin/sh is bash and the login sets TMOUT", () => {
  const TMOUT = { TMOUT: "0.05" };
  const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, "still there"));

  test("a runner goes on waiting, and the command has the login's value", async () => {
    const child = login("sh", on("bash --posix", launchCommands(false).runner), TMOUT);
    await until(child.stdout, READY);
    const closed = new Promise((resolve) => child.once("close", resolve));
    expect(await Promise.race([closed, soon(400)])).toBe("still there");
    const output = until(child.stdout, "[0.05]");
    child.stdin.write(encodeRequest({ script: 'echo "[$TMOUT]"' }, MARKER));
    await output;
    await closed;
  });

  test("a keeper does not take the silence for the gateway's end", async () => {
    const keeper = login("sh", on("bash --posix", launchCommands(false).keeper), TMOUT);
    const command = spawn("/bin/sh", ["-c", "echo up; exec sleep 600"], { detached: true });
    await Promise.all([until(keeper.stdout, `${KEEPER} ready`), until(command.stdout, "up")]);
    const ended = new Promise((resolve) => command.once("exit", (_code, signal) => resolve(signal)));
    keeper.stdin.write(`+ ${command.pid} 0\n`);
    expect(await Promise.race([ended, soon(400)])).toBe("still there");
    keeper.stdin.end();
    expect(await ended).toBe("SIGTERM");
  });
});

describe.each(STANDARD_SHELLS)("where /bin/sh is %s", (shell) => {
  test.each([
    ["é 1", "by dd"],
    ["e 1", "by itself"],
  ])("a runner becomes its command (%s, read %s)", async (argument, how) => {
    const child = login("sh", on(shell, launchCommands(false).runner));
    const output = until(child.stdout, `|${argument}|in`);
    const ended = new Promise((resolve) => child.once("close", resolve));
    const script = 'printf "%s|%s|" "$V" "$1"; cat; exit 9';
    const request = encodeRequest({ script, env: { V: "it's" }, args: [argument] }, MARKER).toString();
    expect(request.startsWith(`${MARKER} 0\n`)).toBe(how === "by itself");
    child.stdin.end(`${request}in`);
    expect(await output).toContain(`${MARKER}\nit's|${argument}|in`);
    expect(await ended).toBe(9);
  });

  test("a keeper answers pings by builtins alone, in their order", async () => {
    const keeper = login(shellPath("sh"), on(shell, launchCommands(false).keeper), {
      PATH: folderOf(shell),
    });
    const answered = until(keeper.stdout, `${PONG} 3\n`);
    keeper.stdin.write("P 1\nP 2\nP 3\n");
    expect((await answered).split("\n").filter((line) => line.startsWith(PONG))).toEqual(
      [1, 2, 3].map((nonce) => `${PONG} ${nonce}`),
    );
    keeper.stdin.end();
    await new Promise((resolve) => keeper.once("exit", resolve));
  });

  test("a keeper whose answers nobody can read any more goes on to keep", async () => {
    const keeper = login("sh", on(shell, launchCommands(false).keeper));
    const command = spawn("/bin/sh", ["-c", "echo up; exec sleep 600"], { detached: true });
    await Promise.all([until(keeper.stdout, `${KEEPER} ready`), until(command.stdout, "up")]);
    const ended = new Promise((resolve) => command.once("exit", (_code, signal) => resolve(signal)));
    keeper.stdout.destroy();
    keeper.stderr.destroy();
    keeper.stdin.write(`+ ${command.pid} 0\n${"P 1\n".repeat(20)}`);
    keeper.stdin.end();
    expect(await ended).toBe("SIGTERM");
  });

  test("a keeper ends what ignores TERM, and at its own end what it watches", async () => {
    const keeper = login("sh", on(shell, launchCommands(false).keeper));
    const groups = ["trap '' TERM; echo up; sleep 600; sleep 600", "echo up; exec sleep 600"].map((script) =>
      spawn("/bin/sh", ["-c", script], { detached: true }),
    );
    await Promise.all([
      until(keeper.stdout, `${KEEPER} ready`),
      ...groups.map(({ stdout }) => until(stdout, "up")),
    ]);
    const [stubborn, watched] = groups.map((command) => {
      const ended = new Promise((resolve) => command.once("exit", (_code, signal) => resolve(signal)));
      return { pid: command.pid, ended };
    });
    keeper.stdin.write(`+ ${stubborn?.pid} 0\n+ ${watched?.pid} 0\nT ${stubborn?.pid}\n`);
    expect(await stubborn?.ended).toBe("SIGKILL");
    keeper.stdin.end();
    expect(await watched?.ended).toBe("SIGTERM");
  });
});

describe("a server that gives its sessions no process group of their own", () => {
  /** As dropbear does it: the command is a child in the server's own group. */
  async function inServersGroup(path: string) {
    const server = spawn("/bin/sh", ["-c", '/bin/sh -c "$1" & wait $!', "sh", launchCommands(false).runner], {
      detached: true,
      env: { PATH: path, HOME: folder },
    });
    // In the background the runner has no input, and so ends; what it said of itself is all that is asked here.
    const ended = new Promise((resolve) => server.once("close", resolve));
    const text = await until(server.stdout, READY);
    await ended;
    const [, pid, group] = new RegExp(`${READY} (\\d+) \\d+ *(\\d+)`).exec(text) ?? [];
    return { server: server.pid, pid: Number(pid), group: Number(group) };
  }
  const hasSetsid = spawnSync("sh", ["-c", "command -v setsid || command -v perl"]).status === 0;

  test.runIf(hasSetsid)("has runners that take one", async () => {
    const { server, pid, group } = await inServersGroup(process.env.PATH ?? "");
    expect(group).toBe(pid);
    expect(group).not.toBe(server);
  });

  test("has runners that tell whose group they are in where there is no program to take one", async () => {
    const bin = mkdtempSync(join(folder, "bin-"));
    for (const tool of ["ps", "dd"]) symlinkSync(shellPath(tool), join(bin, tool));
    const { server, pid, group } = await inServersGroup(bin);
    expect(group).toBe(server);
    expect(group).not.toBe(pid);
  });

  test("needs no ps where there is a /proc", async () => {
    if (!existsSync("/proc/self/stat")) return;
    const bin = mkdtempSync(join(folder, "bin-"));
    symlinkSync(shellPath("dd"), join(bin, "dd"));
    const { server, group } = await inServersGroup(bin);
    expect(group).toBe(server);
  });
});

describe("keeper", () => {
  /** A keeper and a command in a process group of its own, which has done what is `before`. */
  async function setUp(script: string, before = "") {
    const keeper = login("sh", launchCommands(false).keeper);
    const command = spawn("/bin/sh", ["-c", `${before}echo up; ${script}`], { detached: true });
    await Promise.all([until(keeper.stdout, `${KEEPER} ready`), until(command.stdout, "up")]);
    const ended = new Promise<string>((resolve) => {
      command.once("exit", (code, signal) => resolve(signal ?? `exit ${code}`));
    });
    const gone = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
    return { keeper, command, ended, gone, group: command.pid ?? 0 };
  }

  test("introduces the node", async () => {
    const keeper = login("sh", launchCommands(false).keeper);
    const text = await until(keeper.stdout, `${KEEPER} ready`);
    keeper.stdin.end();
    expect(text).toMatch(/node-router-keeper os \w+/);
    expect(text).toContain(`node-router-keeper home ${folder}\n`);
    await new Promise((resolve) => keeper.once("exit", resolve));
  });

  test("ends the whole group when it is told to", async () => {
    const { keeper, ended, gone, group } = await setUp("sleep 600 & sleep 600");
    keeper.stdin.write(`+ ${group} 0\nT ${group}\n`);
    expect(await ended).toBe("SIGTERM");
    keeper.stdin.end();
    await gone;
    // Until somebody has buried the child, too.
    await expect.poll(() => isAlive(group)).toBe(false);
  });

  test("ends a group that ignores TERM with KILL", async () => {
    const { keeper, ended, group } = await setUp("sleep 600; sleep 600", "trap '' TERM; ");
    keeper.stdin.write(`T ${group}\n`);
    expect(await ended).toBe("SIGKILL");
    keeper.stdin.end();
  });

  test("passes other signals on", async () => {
    const { keeper, ended, group } = await setUp("sleep 600");
    // Not INT: dash holds that one back for a moment while it starts a program, and forgets it with itself.
    keeper.stdin.write(`S ${group} USR1\n`);
    expect(await ended).toBe("SIGUSR1");
    keeper.stdin.end();
  });

  test("ends what it watches when its input ends, and lets go what it was told to forget", async () => {
    const watched = await setUp("sleep 600");
    const other = await setUp("sleep 600");
    other.keeper.stdin.end();
    await other.gone;
    watched.keeper.stdin.write(`+ ${watched.group} 0\n+ ${other.group} 0\n- ${other.group}\n`);
    watched.keeper.stdin.end();
    expect(await watched.ended).toBe("SIGTERM");
    await watched.gone;
    expect(isAlive(other.group)).toBe(true);
    process.kill(-other.group, "SIGKILL");
    await other.ended;
  });

  test("leaves a command of another connection alone until that connection is gone too", async () => {
    const { keeper, ended, gone, group } = await setUp("sleep 600");
    const server = spawn("sleep", ["600"]);
    keeper.stdin.write(`+ ${group} ${server.pid}\n`);
    keeper.stdin.end();
    const first = await Promise.race([
      ended,
      new Promise((resolve) => setTimeout(resolve, 300, "still there")),
    ]);
    expect(first).toBe("still there");
    server.kill("SIGKILL");
    await new Promise((resolve) => server.once("exit", resolve));
    expect(await ended).toBe("SIGTERM");
    await gone;
  });

  test("knows a connection of root's for alive, to which it may send no signal", async () => {
    const { keeper, command, ended, group } = await setUp("sleep 600");
    // Process 1 is always there, and root's: for everybody else it stands for sshd below `su`.
    keeper.stdin.write(`+ ${group} 1\n`);
    keeper.stdin.end();
    const first = await Promise.race([
      ended,
      new Promise((resolve) => setTimeout(resolve, 300, "still there")),
    ]);
    expect(first).toBe("still there");
    process.kill(-(command.pid ?? 0), "SIGKILL");
    await ended;
    keeper.kill("SIGKILL");
  });

  test("ends what an earlier connection left behind only if it is still the same process", async () => {
    const { keeper, ended, group } = await setUp("sleep 600");
    const startTime = bornAt(group);
    keeper.stdin.write(`R ${group} Thu Jan 1 00:00:00 1970\nR ${group} 1\nS ${group} CONT\n`);
    keeper.stdin.write(`S ${group} STOP\n`);
    expect(isAlive(group)).toBe(true);
    keeper.stdin.write(`S ${group} CONT\nR ${group} ${startTime}\n`);
    expect(await ended).toBe("SIGTERM");
    keeper.stdin.end();
  });
});

/** Field 22 of /proc/<pid>/stat (proc(5)), where there is one; else what ps says. */
function bornAt(pid: number): string {
  if (existsSync(`/proc/${pid}/stat`)) {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[19] ?? "";
  }
  const ps = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { env: { ...process.env, LC_ALL: "C" } });
  return ps.stdout.toString().trim().replace(/\s+/g, " ");
}

function until(stream: NodeJS.ReadableStream, words: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(words)) resolve(text);
    });
  });
}

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
