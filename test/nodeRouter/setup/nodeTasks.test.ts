// What a set-up does on the machine, in a real shell, with an `openclaw` that writes down what it was asked.
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NODE_TASKS, type NodeTask } from "../../../src/nodeRouter/setup/nodeTasks.ts";
import { saidBy } from "../../../src/nodeRouter/setup/saidBy.ts";
import { groupAlive } from "../../support/process.ts";
import { waitFor } from "../../support/wait.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "node-router-tasks-"));
  for (const folder of ["bin", "tmp"]) mkdirSync(join(home, folder));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

/** @param script of the machine's `openclaw`; it is found through the profile alone. */
function install(script: string): void {
  const log = `printf '%s\\n' "$*" >>"$HOME/asked"`;
  writeFileSync(join(home, "bin", "openclaw"), `#!/bin/sh\n${log}\n${script}\n`);
  chmodSync(join(home, "bin", "openclaw"), 0o755);
  writeFileSync(
    join(home, ".profile"),
    `echo welcome to this machine\nPATH="$HOME/bin:$PATH"; export PATH\n`,
  );
}

const asked = () =>
  existsSync(join(home, "asked")) ? readFileSync(join(home, "asked"), "utf8").trim().split("\n") : [];
const leftBehind = () => readdirSync(join(home, "tmp"));

async function run(task: NodeTask, args: readonly string[] = [], input = "") {
  const { script } = NODE_TASKS[task];
  const child = spawn("/bin/sh", ["-c", script, "sh", ...args], {
    env: { HOME: home, SHELL: "/bin/sh", PATH: "/usr/bin:/bin", TMPDIR: join(home, "tmp") },
  });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    out.stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    out.stderr += chunk.toString();
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  // Its words may come after its end.
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...out, said: saidBy(out.stdout) };
}

describe("openclaw", () => {
  test("is found where only the login's own profile says it is, with its version and this plugin's", async () => {
    const list = `{ "plugins": [\n { "id": "a2a", "version": "9" },\n { "id": "node-router",\n "name": "Node Router", "version": "0.1.0" } ] }`;
    install(`case $1 in --version) echo "OpenClaw 2026.9.6 (abc)";; plugins) echo '${list}';; esac`);
    const { code, said } = await run("openclaw");
    expect(code).toBe(0);
    expect(said.get("version")).toBe("OpenClaw 2026.9.6 (abc)");
    expect(said.get("plugin")).toBe("0.1.0");
    expect(["systemd", "launchd", "none"]).toContain(said.get("service"));
  });

  test("of another plugin alone says nothing of this one, and without OpenClaw says that it is missing", async () => {
    expect((await run("openclaw")).said.get("missing")).toBe("openclaw");
    install(`echo '{"plugins":[{"id":"node-router-extra","version":"3"},{"id":"a2a","version":"9"}]}'`);
    expect((await run("openclaw")).said.has("plugin")).toBe(false);
  });
});

test("folder looks, makes one with those above it, and removes an empty one but none that holds something", async () => {
  const folder = join(home, "a b", "work");
  const look = async () => (await run("folder", [folder, "look"])).said.get("folder") ?? null;
  expect(await look()).toBeNull();
  expect((await run("folder", [folder, "make"])).code).toBe(0);
  expect(await look()).toBe(folder);
  writeFileSync(join(folder, "kept"), "x");
  expect((await run("folder", [folder, "remove"])).code).not.toBe(0);
  rmSync(join(folder, "kept"));
  await run("folder", [folder, "remove"]);
  expect(await look()).toBeNull();
});

test("identity says the device that openclaw names, and nothing where there is none yet", async () => {
  install(`echo '{ "deviceId": "${"ab".repeat(32)}",'; echo '"publicKey": "x" }'`);
  expect((await run("identity")).said.get("device")).toBe("ab".repeat(32));
  install("echo none >&2; exit 1");
  expect((await run("identity")).said.has("device")).toBe(false);
});

describe("install", () => {
  test("hands the whole archive to openclaw, accepts what it may do, and leaves no copy", async () => {
    install(`cp "\${3#npm-pack:}" "$HOME/got"`);
    expect((await run("install", [], "the archive")).code).toBe(0);
    expect(readFileSync(join(home, "got"), "utf8")).toBe("the archive");
    expect(asked()[0]).toMatch(
      /^plugins install npm-pack:\S+openclaw-node-router\.tgz --force --accept-capabilities$/,
    );
    expect(leftBehind()).toEqual([]);
  });

  test("that fails is a failure with openclaw's words, and leaves no copy either", async () => {
    install("echo the disk is full >&2; exit 3");
    expect(await run("install", [], "the archive")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("full"),
    });
    expect(leftBehind()).toEqual([]);
  });
});

describe("connect", () => {
  /** Reads the code as openclaw does: the file is gone when it has it. It has no config that could be written. */
  const READS = `case $1 in config) exit 1;; esac; f=$3; stat -c %a "$f" >"$HOME/mode" 2>/dev/null; cat "$f" >"$HOME/code"; rm -f "$f"`;

  test("hands the code over in a file of this user alone, never in an argument, and leaves none", async () => {
    install(READS);
    expect((await run("connect", ["mac-sg", "service"], "secret-code")).code).toBe(0);
    expect(readFileSync(join(home, "code"), "utf8")).toBe("secret-code");
    if (process.platform === "linux") expect(readFileSync(join(home, "mode"), "utf8").trim()).toBe("600");
    expect(asked().filter((line) => !line.startsWith("config "))).toEqual([
      expect.stringMatching(/^connect --target-file \S+ --service --display-name mac-sg$/),
    ]);
    expect(leftBehind()).toEqual([]);
  });

  const WAITS = "env.vars.OPENCLAW_HANDSHAKE_TIMEOUT_MS";
  /** A config of one key. */
  const CONFIG = `case "$1 $2" in "config get") cat "$HOME/waits"; exit;; "config set") echo "$4" | tr -d '"' >"$HOME/waits"; exit;; "config unset") rm "$HOME/waits"; exit;; esac`;
  const waits = () =>
    existsSync(join(home, "waits")) ? readFileSync(join(home, "waits"), "utf8").trim() : null;

  test("lets the node host's attempts outlast a cut of 10 minutes before its first one, and disconnect takes that back", async () => {
    install(`${CONFIG}; ${READS}`);
    expect((await run("connect", ["mac-sg", "service"], "secret-code")).code).toBe(0);
    expect(waits()).toBe("600000");
    expect(asked().slice(0, 2)).toEqual([`config get ${WAITS}`, `config set ${WAITS} "600000"`]);
    await run("disconnect", ["mac-sg", "service"]);
    expect(waits()).toBeNull();
  });

  test("keeps what somebody else has set there, and so does disconnect", async () => {
    install(`${CONFIG}; ${READS}`);
    writeFileSync(join(home, "waits"), "20000\n");
    expect((await run("connect", ["mac-sg", "service"], "secret-code")).code).toBe(0);
    await run("disconnect", ["mac-sg", "service"]);
    expect(waits()).toBe("20000");
  });

  test("goes on where the config there cannot be written", async () => {
    install(READS);
    expect((await run("connect", ["mac-sg", "service"], "secret-code")).code).toBe(0);
    expect(readFileSync(join(home, "code"), "utf8")).toBe("secret-code");
  });

  test("without a service goes on when the session has ended, until disconnect ends it and no other", async () => {
    install(`echo $$ >"$HOME/pid-$5"; ${READS}; while :; do sleep 0.2; done`);
    const connected = await run("connect", ["mac-sg", "foreground"], "secret-code");
    expect(connected.code).toBe(0);
    expect(connected.said.get("log")).toBe(join(home, ".openclaw/node-router-node.log"));
    await run("connect", ["mac-sg-2", "foreground"], "another-code");
    const pidOf = (name: string) => Number(readFileSync(join(home, `pid-${name}`), "utf8"));
    const isAlive = (pid: number) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    const [own, other] = [pidOf("mac-sg"), pidOf("mac-sg-2")];
    try {
      await run("disconnect", ["mac-sg", "foreground"]);
      await waitFor("the node host to end", () => !isAlive(own));
      expect(isAlive(other)).toBe(true);
    } finally {
      for (const pid of [own, other]) if (groupAlive(pid)) process.kill(-pid, "SIGKILL");
    }
  });

  test("that ends without having read the code is a failure with the end of its log, and leaves no code", async () => {
    install("echo no gateway there; exit 1");
    const { code, stderr } = await run("connect", ["mac-sg", "foreground"], "secret-code");
    expect([code, stderr.trim().split("\n").at(-1)]).toEqual([1, "no gateway there"]);
    expect(leftBehind()).toEqual([]);
  });
});

test("words of a login shell are not taken for the task's, nor half a line", () => {
  const said = saidBy("welcome\nhome /wrong\nnode-router-says home /home/claw\nnode-router-says broken");
  expect([...said]).toEqual([["home", "/home/claw"]]);
});
