// An agent whose workspace is on an SSH node: every workspace tool, through the real gateway, on a real sshd.
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExplainReport } from "../../src/nodeRouter/explain/report.ts";
import { section } from "../../src/nodeRouter/host/hostConfig.ts";
import type { DoctorReport } from "../../src/nodeRouter/surfaces/doctor/doctor.ts";
import type { GuardReport } from "../../src/nodeRouter/surfaces/methods/methods.ts";
import type { TrustReport } from "../../src/nodeRouter/surfaces/methods/sshMethods.ts";
import type { CliResult } from "../support/cli.ts";
import { type JsonObject, merge } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { isAlive, processesOf } from "../support/leftovers.ts";
import type { ModelRequest } from "../support/model.ts";
import { skipWithoutSshd } from "../support/ssh/sshd.ts";
import { waitFor } from "../support/wait.ts";
import { call, callAny, changeConfig, folderOf, machineOf, PROBE } from "./deployment.ts";
import { ledgerFile, recordsOf } from "./ledgerOf.ts";
import { SANDBOX, type SshDeployment, type SshNode, startSshDeployment } from "./sshDeployment.ts";

/** 1 x 1 pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

const LINE = "[node-router] ran on mac-sg (SG, declared) over ssh · rule singapore";

/** Would tell of itself in the audit if a command's text were kept. */
const SECRET = "correct-horse-battery";

describe.skipIf(skipWithoutSshd("test/e2e/sshWorkspace"))("a workspace on an SSH node", () => {
  let deployment: SshDeployment;
  let gateway: Gateway;
  let cn: SshNode;
  let fresh: SshNode;
  /** On the node. */
  let workspace: string;
  /** The agent's folder on the gateway. */
  let local: string;

  beforeAll(async () => {
    deployment = await startSshDeployment({
      config: {
        models: {
          providers: { scripted: { models: [scriptedModel] } },
        },
        agents: {
          entries: {
            mover: { name: "Mover", sandbox: SANDBOX },
            newcomer: { name: "Newcomer", sandbox: SANDBOX },
          },
        },
      },
      entry: (home) => ({ paths: [join(home, "shared")], env: { FROM_NODE: "set by the operator" } }),
      router: async (router, start) => {
        cn = await start("mac-cn", "cn");
        fresh = await start("mac-new", "new", { knownHosts: () => "" });
        return merge(router, {
          nodes: { [cn.name]: cn.entry, [fresh.name]: fresh.entry },
          rules: rulesFor("sg"),
        });
      },
    });
    ({ gateway, workspace } = deployment);
    local = join(gateway.home.home, "workspace-worker-sg");
  });

  afterAll(async () => {
    const dir = gateway?.home.dir;
    await deployment?.stop();
    // The gateway, the sshds, and what commands started are all gone.
    if (dir !== undefined) await waitFor("nothing to be left", () => processesOf(dir).length === 0);
  });

  const scriptedModel: JsonObject = {
    id: "model",
    name: "model",
    reasoning: false,
    input: ["text", "image"],
    contextWindow: 1_000_000,
    maxTokens: 4096,
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
  };

  const rulesFor = (moverRegion: string): JsonObject[] => [
    { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
    { name: "china", agents: ["worker-cn"], require: "region=cn" },
    { name: "moving", agents: ["mover"], require: `region=${moverRegion}` },
    { name: "new", agents: ["newcomer"], require: "region=new" },
  ];

  const ask = async (agent: string, ...lines: string[]): Promise<readonly string[]> =>
    (await gateway.agent(agent, lines.join("\n"))).results;
  const work = (...lines: string[]): Promise<readonly string[]> => ask("worker-sg", ...lines);
  const exec = (command: string, more: JsonObject = {}): string => call("exec", { command, ...more });
  const on = (path: string): string => join(workspace, path);
  const rpc = <T>(name: string, params: object = {}): Promise<T> =>
    gateway.rpc<T>(`noderouter.${name}`, params);
  const cli = (...args: string[]): Promise<CliResult> => gateway.router(...args);
  const lastRequest = (sessionKey: string): ModelRequest => {
    const request = gateway.model.requests.findLast(({ session }) => session === sessionKey);
    if (request === undefined) throw new Error(`the model was not asked in ${sessionKey}`);
    return request;
  };

  describe("commands", () => {
    test("a command runs on the node in its workspace, and output, exit code, signal and a missing program come back", async () => {
      const results = await work(
        exec(PROBE),
        exec("echo out; echo err >&2; exit 7"),
        exec("echo before; kill -TERM $$"),
        exec("no-such-program"),
        exec("printf 'no line end'"),
      );
      expect(results[0]).toBe(`machine=mac-sg folder=${workspace}\n${LINE}`);
      expect(results[1]).toMatch(
        /^(?=[\s\S]*out\n)(?=[\s\S]*err\n)[\s\S]*\(Command exited with code 7\)\n\[node-router\]/,
      );
      expect(results[2]).toBe(`before\n\nCommand aborted by signal SIGTERM\n${LINE}`);
      expect(results[3]).toMatch(/no-such-program.*not found\n\nCommand not found\n/);
      expect(results[4]).toBe(`no line end\n${LINE}`);
    });

    test("env arrives byte for byte beside the node's own, and nothing of the gateway's environment does", async () => {
      const values = {
        PLAIN: "first, because leading empty lines are dropped",
        EMPTY: "",
        QUOTES: `it's "quoted" \`touch ${on("backtick")}\``,
        DOLLAR: `$HOME $(touch ${on("dollar")}) \${PATH}`,
        BREAKS: `a\nb\r\n; touch ${on("semicolon")} #`,
        BACKSLASH: "\\ \\n \\' '\\''",
        UNICODE: "新加坡 🇸🇬",
      };
      const names = Object.keys(values);
      const command = names.map((name) => `printf '%s' "$${name}" | base64 | tr -d '\\n'; echo`).join("; ");
      const results = await work(
        exec(command, { env: values }),
        exec('echo "$FROM_NODE|$WHOAMI|$OPENCLAW_STATE_DIR|$HOME|$NODE_ROUTER_CALL|$(env | grep -c TOKEN)"', {
          env: { NODE_ROUTER_CALL: "guessed", NODE_ROUTE: "mac-cn" },
        }),
        exec("true", { env: { "A-B": "1" } }),
      );
      const lines = (results[0] ?? "").split("\n");
      const received = names.map((name, at) => [name, Buffer.from(lines[at] ?? "", "base64").toString()]);
      expect(Object.fromEntries(received)).toEqual(values);
      expect(readdirSync(workspace)).not.toContain("backtick");
      expect(readdirSync(workspace)).not.toContain("dollar");
      expect(readdirSync(workspace)).not.toContain("semicolon");
      expect(results[1]).toBe(`set by the operator|||${deployment.home}||0\n${LINE}`);
      expect(results[2]).toContain('ENV_INVALID: env name "A…" is not a shell name');
    });

    test("workdir: relative to the workspace, absolute on the node, or the gateway's own path; a missing one runs nothing", async () => {
      mkdirSync(on("sub/deep"), { recursive: true });
      const cases: [string | null, string][] = [
        [null, workspace],
        ["sub", on("sub")],
        ["./sub/deep", on("sub/deep")],
        [deployment.home, deployment.home],
        [local, workspace],
        [join(local, "sub"), on("sub")],
      ];
      const results = await work(
        ...cases.map(([workdir]) => exec(PROBE, workdir === null ? {} : { workdir })),
        exec(`touch ${on("ran-all-the-same")}`, { workdir: on("missing") }),
      );
      expect(results.slice(0, -1).map((text) => [machineOf(text), folderOf(text)])).toEqual(
        cases.map(([, folder]) => ["mac-sg", folder]),
      );
      expect(results.at(-1)).toContain(
        `WORKDIR_UNAVAILABLE: the working directory "${on("missing")}" does not exist on node "mac-sg"`,
      );
      expect(results.at(-1)).toMatch(/did not start on mac-sg .* nothing ran$/);
      expect(existsSync(on("ran-all-the-same"))).toBe(false);
    });

    test("pty: true is a terminal on the node, and without it there is none", async () => {
      const command = "tty; stty size 2>/dev/null; echo $TERM";
      const [terminal, pipe] = await work(exec(command, { pty: true }), exec(command));
      expect(terminal).toMatch(/^\/dev\/\S+\r?\n30 120\r?\nxterm-256color/);
      expect(pipe).toMatch(/^not a tty\n/);
    });

    test("timeoutSeconds ends the whole process group on the node, and the result says that it timed out", async () => {
      const [result] = await work(
        exec("sleep 600 & echo $! >timed; echo $$ >>timed; wait", { timeoutSeconds: 15 }),
      );
      expect(result).toContain("Command timed out after 15 seconds");
      await gone("timed");
    });

    test("twenty parallel calls of four runs keep each its own output and exit code", async () => {
      const numbers = [1, 2, 3, 4, 5];
      const runs = await Promise.all(
        [1, 2, 3, 4].map((run) =>
          work(
            "PARALLEL",
            ...numbers.map((n) => exec(`echo run-${run}-call-${n}; sleep 0.1; exit ${10 * run + n}`)),
            "END",
          ),
        ),
      );
      expect(
        runs.map((results) =>
          results.map((text) => text.split("\n").filter((_, at) => at === 0 || at === 2)),
        ),
      ).toEqual(
        [1, 2, 3, 4].map((run) =>
          numbers.map((n) => [`run-${run}-call-${n}`, `(Command exited with code ${10 * run + n})`]),
        ),
      );
    });

    /** Waits until the processes whose ids the command wrote into this file are gone. */
    const gone = async (file: string): Promise<void> => {
      const pids = readFileSync(on(file), "utf8").trim().split("\n").map(Number);
      expect(pids.length).toBeGreaterThan(1);
      await waitFor("the process group on the node to be gone", () => !pids.some(isAlive));
    };

    describe("in the background", () => {
      const sessionKey = "agent:worker-sg:background";
      const inSession = async (...lines: string[]): Promise<readonly string[]> =>
        (await gateway.agent("worker-sg", lines.join("\n"), { sessionKey })).results;
      const idOf = (text: string | undefined): string => /session ([\w-]+)/.exec(text ?? "")?.[1] ?? "none";
      const poll = (sessionId: string): string =>
        call("process", { action: "poll", sessionId, timeout: 10_000 });
      /** Everything that polls bring until the job has ended. */
      const endOf = async (sessionId: string): Promise<string> => {
        let seen = "";
        await waitFor(`the end of job ${sessionId}`, async () => {
          const [polled = ""] = await inSession(poll(sessionId));
          seen += polled;
          return !polled.includes("still running");
        });
        return seen;
      };
      const act = (action: string, sessionId: string, more: JsonObject = {}): string =>
        call("process", { action, sessionId, ...more });

      test("a job goes on after its call: poll, list and log show it, write reaches it, and its end is told", async () => {
        const [started] = await inSession(
          exec('echo begun; read -r line; echo "got $line"; cat >rest; echo done; exit 3', {
            background: true,
          }),
        );
        expect(started).toMatch(
          /^Command still running[\s\S]*\[node-router\] (?:runs|starts in the background) on mac-sg \(SG, declared\) over ssh/,
        );
        const id = idOf(started);
        const input = `hello ${SECRET}\n`;
        await inSession(act("write", id, { data: input }));
        await waitFor("the job's answer in its log", async () =>
          (await inSession(act("log", id)))[0]?.includes(`begun\ngot ${input.trim()}`),
        );
        // Input to a shell is a command: it has a record of its own, without its text.
        const record = await waitFor("the record of the input", () =>
          recordsOf(gateway).find(
            ({ kind, inputSha256 }) => kind === "input" && inputSha256 === sha256(input),
          ),
        );
        expect(record).toMatchObject({
          phase: "end",
          agent: "worker-sg",
          sessionKey,
          node: "mac-sg",
          outcome: "done",
          bytesIn: input.length,
        });
        expect(readFileSync(ledgerFile(gateway), "utf8")).not.toContain(SECRET);
        await inSession(act("write", id, { data: "one\ntwo\n", eof: true }));
        const ended = await endOf(id);
        expect(ended).toContain("done");
        expect(ended).toContain("exited with code 3");
        expect(readFileSync(on("rest"), "utf8")).toBe("one\ntwo\n");
        // The command's own record comes with its end.
        await waitFor("the record of the command", () =>
          recordsOf(gateway).some(({ kind, id }) => kind === "command" && id === record.commandId),
        );
      });

      test("kill ends the whole group on the node, even one that ignores TERM", async () => {
        const [polite, stubborn] = await inSession(
          exec("sleep 600 & echo $! >polite; echo $$ >>polite; wait", { background: true }),
          exec("trap '' TERM; sleep 600 & echo $! >stubborn; echo $$ >>stubborn; wait", { background: true }),
        );
        await waitFor("both jobs to begin", () =>
          ["polite", "stubborn"].every((name) => linesIn(on(name)) === 2),
        );
        const [first, second] = await inSession(act("kill", idOf(polite)), act("kill", idOf(stubborn)));
        expect([first, second].join()).not.toMatch(/fail|error/i);
        await gone("polite");
        await gone("stubborn");
        expect(await endOf(idOf(polite))).toContain("SIGTERM");
      });

      test("yieldMs hands a slow command over as a job instead of waiting for it", async () => {
        const [started] = await inSession(
          exec("echo first; until [ -e go ]; do sleep 0.05; done; echo last", { yieldMs: 100 }),
        );
        expect(started).toContain("Command still running");
        await inSession(exec("touch go"));
        expect(await endOf(idOf(started))).toContain("last");
      });
    });
  });

  describe("files", () => {
    test("what write makes, exec reads on the node, and the gateway has nothing of it", async () => {
      const content = "\u0000\u0001 é 新加坡 😀\r\n\tend without a line end";
      const path = "notes/ünï cödé/日本 'quoted'.txt";
      const [written, read, output] = await work(
        call("write", { path, content }),
        call("read", { path }),
        exec(`base64 < "${path}" | tr -d '\\n'`),
      );
      expect(written).toContain("Successfully wrote");
      // The host's read tool shows a file's lines, whatever ends them.
      expect(read).toBe(content.replaceAll("\r\n", "\n"));
      expect(Buffer.from((output ?? "").split("\n")[0] ?? "", "base64").toString()).toBe(content);
      expect(readFileSync(on(path), "utf8")).toBe(content);
      expect(existsSync(join(local, path))).toBe(false);
      expect(existsSync(join(local, "notes"))).toBe(false);
    });

    test("the gateway's path of the workspace means the node's, for file tools as for exec", async () => {
      const [, read] = await work(
        call("write", { path: join(local, "by-gateway-path.txt"), content: "on the node" }),
        call("read", { path: on("by-gateway-path.txt") }),
      );
      expect(read).toBe("on the node");
      expect(existsSync(join(local, "by-gateway-path.txt"))).toBe(false);
    });

    test("overwriting keeps the file's mode and leaves no other file behind", async () => {
      mkdirSync(on("tools"), { recursive: true });
      writeFileSync(on("tools/run.sh"), "echo old\n");
      chmodSync(on("tools/run.sh"), 0o754);
      const [, , output] = await work(
        call("write", { path: "tools/run.sh", content: "#!/bin/sh\necho new\n" }),
        call("edit", { path: "tools/run.sh", edits: [{ oldText: "new", newText: "newer" }] }),
        exec("./tools/run.sh"),
      );
      expect(output).toMatch(/^newer\n/);
      expect(statSync(on("tools/run.sh")).mode & 0o777).toBe(0o754);
      expect(readdirSync(on("tools"))).toEqual(["run.sh"]);
    });

    test("edit changes what it names, and nothing when the text is not there", async () => {
      writeFileSync(on("letter.txt"), "one\ntwo\nthree\n");
      const [done, failed] = await work(
        call("edit", { path: "letter.txt", edits: [{ oldText: "two", newText: "2" }] }),
        call("edit", { path: "letter.txt", edits: [{ oldText: "not in it", newText: "x" }] }),
      );
      expect(done).toContain("Successfully replaced 1 block");
      expect(failed).toMatch(/could not find|error/i);
      expect(readFileSync(on("letter.txt"), "utf8")).toBe("one\n2\nthree\n");
    });

    test("a file that changes by itself is read as it is by then, by every call", async () => {
      const path = on("clock.txt");
      let tick = 0;
      const turn = () => {
        tick += 1;
        writeFileSync(`${path}.new`, `${tick}`);
        renameSync(`${path}.new`, path);
      };
      turn();
      const clock = setInterval(turn, 5);
      try {
        const reads = Array.from({ length: 6 }, () => call("read", { path: "clock.txt" }));
        const ticks = (await work(...reads)).map(Number);
        // Each call takes longer than a tick.
        expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
        expect(ticks).toHaveLength(6);
      } finally {
        clearInterval(clock);
      }
    });

    test("an edit of a file that something else changes meanwhile is refused and loses nothing, or was in time", async () => {
      const path = on("contended.txt");
      writeFileSync(path, "start\n");
      let lines = 0;
      const others = setInterval(() => {
        lines += 1;
        appendFileSync(path, `line ${lines}\n`);
      }, 3);
      const edits = Array.from({ length: 4 }, (_, index) =>
        call("edit", {
          path: "contended.txt",
          edits: [{ oldText: "start", newText: `edit ${index} of start` }],
        }),
      );
      let results: readonly string[];
      try {
        results = await work(...edits);
      } finally {
        clearInterval(others);
      }
      const refused = results.filter((text) => text.includes("FILE_CHANGED"));
      expect(refused.length).toBeGreaterThan(0);
      expect(refused[0]).toMatch(
        /changed since it was read \([\d,]+ bytes then, [\d,]+ bytes now\); nothing was written; read it again and repeat the edit/,
      );
      for (const [index, text] of results.entries()) {
        expect(text.includes("FILE_CHANGED")).toBe(!readFileSync(path, "utf8").includes(`edit ${index} of`));
      }
    });

    test("a name that is no UTF-8 is listed, read and edited, and no second file is made", async () => {
      mkdirSync(on("names"));
      const raw = (name: string): Buffer =>
        Buffer.concat([Buffer.from(`${on("names")}/`), Buffer.from(name, "latin1")]);
      writeFileSync(raw("caf\xe9.txt"), "b = 2\n");
      const path = "names/caf\udce9.txt";
      const [listed, read, edited, refused] = await work(
        call("ls", { path: "names" }),
        call("read", { path }),
        call("edit", { path, edits: [{ oldText: "b = 2", newText: "b = 3" }] }),
        call("write", { path: "names/caf\ufffd.txt", content: "x" }),
      );
      expect(listed).toContain('"caf\\udce9.txt"');
      expect(read).toContain("b = 2");
      expect(edited).toContain("Successfully replaced 1 block");
      expect(refused).toContain("PATH_NOT_ALLOWED");
      expect(readFileSync(raw("caf\xe9.txt"), "utf8")).toBe("b = 3\n");
      expect(readdirSync(on("names"))).toHaveLength(1);
    });

    test("apply_patch adds, updates, deletes and moves on the node", async () => {
      writeFileSync(on("update.txt"), "a\nb\nc\n");
      writeFileSync(on("remove.txt"), "x\n");
      writeFileSync(on("old name.txt"), "keep\nme\n");
      const input = [
        "*** Begin Patch",
        "*** Add File: patch/added.txt",
        "+new",
        "*** Update File: update.txt",
        "@@",
        " a",
        "-b",
        "+B",
        " c",
        "*** Delete File: remove.txt",
        "*** Update File: old name.txt",
        "*** Move to: patch/new name.txt",
        "@@",
        " keep",
        "-me",
        "+us",
        "*** End Patch",
      ].join("\n");
      const [result] = await work(call("apply_patch", { input }));
      expect(result).toContain("Success. Updated the following files");
      expect(readFileSync(on("patch/added.txt"), "utf8")).toBe("new\n");
      expect(readFileSync(on("update.txt"), "utf8")).toBe("a\nB\nc\n");
      expect(readFileSync(on("patch/new name.txt"), "utf8")).toBe("keep\nus\n");
      expect([existsSync(on("remove.txt")), existsSync(on("old name.txt"))]).toEqual([false, false]);
      expect(existsSync(join(local, "patch"))).toBe(false);
    });

    test("ls shows the node's folder, and a missing file is said to be missing", async () => {
      mkdirSync(on("listed/folder"), { recursive: true });
      writeFileSync(on("listed/a file.txt"), "");
      const [listed, missing] = await work(
        call("ls", { path: "listed" }),
        call("read", { path: "listed/none" }),
      );
      expect(listed).toMatch(/a file\.txt/);
      expect(listed).toMatch(/folder\//);
      expect(missing).toMatch(/FILE_NOT_FOUND|not found|ENOENT/i);
    });

    test("an image reaches the model as the node has it", async () => {
      writeFileSync(on("pixel.png"), Buffer.from(PNG, "base64"));
      const run = await gateway.agent("worker-sg", call("read", { path: "pixel.png" }));
      expect(run.results[0]).toContain("Read image file [image/png]");
      expect(JSON.stringify(lastRequest(run.sessionKey).messages)).toContain(`data:image/png;base64,${PNG}`);
    });

    test("files of a few megabytes go there and back whole", async () => {
      const line = (n: number): string => `line ${n} of a large file, ${"x".repeat(40)}`;
      const lines = Array.from({ length: 50_000 }, (_, n) => line(n + 1));
      writeFileSync(on("large.txt"), lines.join("\n"));
      // The host takes no more than 256 KiB in one call; an edit carries the whole file both ways.
      const long = "0123456789".repeat(15_000);
      const [written, edited, tail] = await work(
        call("write", { path: "long.txt", content: long }),
        call("edit", { path: "large.txt", edits: [{ oldText: `${line(30_000)}\n`, newText: "changed\n" }] }),
        call("read", { path: "large.txt", offset: 49_999, limit: 2 }),
      );
      expect(written).toContain(`Successfully wrote ${long.length} bytes`);
      expect(readFileSync(on("long.txt"), "utf8")).toBe(long);
      expect(edited).toContain("Successfully replaced 1 block");
      lines[29_999] = "changed";
      expect(sha256(readFileSync(on("large.txt")))).toBe(sha256(lines.join("\n")));
      expect(tail).toContain(`${line(49_999)}\n${line(50_000)}`);
    });

    test("a symlink that leads out of the workspace is refused by every file tool, and one that stays in it is not", async () => {
      const outside = join(deployment.home, "outside");
      mkdirSync(outside);
      writeFileSync(join(outside, "secret.txt"), "not for the agent\n");
      symlinkSync(outside, on("way-out"));
      symlinkSync(join(outside, "secret.txt"), on("file-out"));
      symlinkSync("listed", on("way-in"));
      const patch = "*** Begin Patch\n*** Add File: way-out/patched.txt\n+x\n*** End Patch";
      const results = await work(
        call("read", { path: "way-out/secret.txt" }),
        call("read", { path: "file-out" }),
        call("write", { path: "way-out/new.txt", content: "x" }),
        call("write", { path: "file-out", content: "x" }),
        call("edit", { path: "file-out", edits: [{ oldText: "not", newText: "now" }] }),
        call("ls", { path: "way-out" }),
        call("apply_patch", { input: patch }),
        call("read", { path: join(outside, "secret.txt") }),
        call("read", { path: "../outside/secret.txt" }),
      );
      for (const text of results) {
        expect(text).toContain("PATH_NOT_ALLOWED");
        expect(text).not.toContain("not for the agent");
      }
      expect(readdirSync(outside)).toEqual(["secret.txt"]);
      expect(readFileSync(join(outside, "secret.txt"), "utf8")).toBe("not for the agent\n");
      const [inside] = await work(call("write", { path: "way-in/inside.txt", content: "x" }));
      expect(inside).toContain("Successfully wrote");
      expect(existsSync(on("listed/inside.txt"))).toBe(true);
    });

    test("a directory of `paths` may be used beside the workspace, and its neighbour may not", async () => {
      const shared = join(deployment.home, "shared");
      const neighbour = join(deployment.home, "shared-not");
      mkdirSync(shared);
      mkdirSync(neighbour);
      const [written, read, refused] = await work(
        call("write", { path: join(shared, "a", "b.txt"), content: "shared" }),
        call("read", { path: join(shared, "a", "b.txt") }),
        call("write", { path: join(neighbour, "b.txt"), content: "x" }),
      );
      expect(written).toContain("Successfully wrote");
      expect(read).toBe("shared");
      expect(refused).toContain("PATH_NOT_ALLOWED");
      expect(readdirSync(neighbour)).toEqual([]);
    });
  });

  describe("what the gateway has for the agent", () => {
    test("a skill and its programs are on the node before the first command, and the prompt names them there", async () => {
      const skill = join(local, "skills", "greet");
      mkdirSync(skill, { recursive: true });
      writeFileSync(
        join(skill, "SKILL.md"),
        "---\nname: greet\ndescription: Greets people in the right way.\n---\nRun hello.sh.\n",
      );
      writeFileSync(join(skill, "hello.sh"), "#!/bin/sh\necho hello from the skill\n", { mode: 0o755 });
      const place = on(".openclaw/sandbox-skills/skills/greet");
      const run = await gateway.agent(
        "worker-sg",
        [exec(`${place}/hello.sh`), call("read", { path: `${place}/SKILL.md` })].join("\n"),
      );
      expect(run.results[0]).toMatch(/^hello from the skill\n/);
      expect(run.results[1]).toContain("Greets people in the right way.");
      expect(JSON.stringify(lastRequest(run.sessionKey).messages)).toContain(`${place}/SKILL.md`);

      writeFileSync(join(skill, "hello.sh"), "#!/bin/sh\necho hello again\n", { mode: 0o755 });
      // The host copies the change when it has noticed it.
      await waitFor("the changed skill on the node", async () =>
        (await work(exec(`${place}/hello.sh`)))[0]?.startsWith("hello again\n"),
      );
    });

    test("a file that came with the message is on the node when the agent looks for it", async () => {
      const sessionKey = "agent:worker-sg:with-attachment";
      await gateway.rpc("chat.send", {
        sessionKey,
        message: exec("cat media/inbound/openclaw-staged-*/*brief*"),
        idempotencyKey: "with-attachment",
        attachments: [
          {
            type: "file",
            mimeType: "text/plain",
            fileName: "brief.txt",
            content: Buffer.from("the attached words\n").toString("base64"),
          },
        ],
      });
      const { results } = await gateway.model.waitFor(
        "the run with the attachment",
        (request) => request.session === sessionKey && request.results.length > 0,
      );
      expect(results[0]).toBe(`the attached words\n${LINE}`);
    });
  });

  describe("who works there", () => {
    test("a sub-agent that an agent of the gateway spawned works on the node, and the other one stays here", async () => {
      const task = exec(`${PROBE}; echo made >by-subagent`);
      const { results } = await gateway.agent(
        "master",
        [callAny("sessions_spawn", { agentId: "worker-sg", task }), exec(PROBE)].join("\n"),
      );
      expect(machineOf(results[1])).toBe("gateway");
      const session = /"childSessionKey": "([^"]+)"/.exec(results[0] ?? "")?.[1];
      const child = await gateway.model.waitFor(
        "the sub-agent's result",
        (request) => request.session === session && request.results.length > 0,
      );
      expect([machineOf(child.results[0]), folderOf(child.results[0])]).toEqual(["mac-sg", workspace]);
      expect(readFileSync(on("by-subagent"), "utf8")).toBe("made\n");
    });

    test("whatever the model passes, and through whichever tool, the command runs on the agent's node", async () => {
      const asked: JsonObject[] = [
        { host: "auto" },
        { host: "gateway" },
        { host: "sandbox" },
        { host: "node" },
        { host: "node", node: "mac-cn" },
        { host: "gateway", elevated: true },
        { elevated: true },
        { security: "full", ask: "off" },
        { env: { NODE_ROUTER_CALL: "x", NODE_ROUTER_NODE: "mac-cn", node_router_call: "x" } },
      ];
      const results = await work(
        ...asked.map((more) => exec(PROBE, more)),
        callAny("exec", { command: PROBE, host: "gateway", elevated: true }),
      );
      expect(results.map(machineOf)).toEqual(results.map(() => "mac-sg"));
    });
  });

  describe("what the operator sees", () => {
    test("status and probe show the connection, explain and doctor what holds for the agent", async () => {
      await work(exec("true"));
      const [status, probe] = await Promise.all([cli("status"), cli("probe", "mac-sg")]);
      expect(status.stdout).toMatch(/^worker-sg +singapore +mac-sg +ssh +ready +guarded$/m);
      expect(status.stdout).toMatch(/^SSH NODE +CONNECTED +FREE +PENDING +QUEUED +RUNNING +SIZE$/m);
      expect(status.stdout).toMatch(/^mac-sg +[1-5]( +\d+){5}$/m);
      expect([probe.code, probe.stderr]).toEqual([0, ""]);
      const steps = probe.stdout.match(/^[a-z ]+? {2,}(?=ok|failed)/gm)?.map((name) => name.trim());
      expect(steps).toEqual([
        "settings",
        "resolve",
        "tcp",
        "handshake",
        "host key",
        "auth",
        "session",
        "workspace",
      ]);

      const explained = await rpc<ExplainReport>("explain", { agent: "worker-sg" });
      expect(explained).toMatchObject({
        outcome: "placed",
        rule: "singapore",
        node: "mac-sg",
        transport: "ssh",
      });
      const { findings } = await rpc<DoctorReport>("doctor");
      // worker-cn can do nothing yet, and for worker-sg there is only advice.
      expect(
        findings.filter(({ message }) => message.includes('"worker-sg"')).map(({ severity }) => severity),
      ).toEqual(expect.not.arrayContaining(["error", "warning"]));
      expect(findings.some(({ message }) => message.includes('"worker-cn"'))).toBe(true);
    });

    test("each command and file change has one record with its hash and its end, and no command's text", async () => {
      const command = `echo ${SECRET}; exit 9`;
      const content = `${SECRET} in a file`;
      const run = await gateway.agent(
        "worker-sg",
        [exec(command), call("write", { path: "audited.txt", content })].join("\n"),
      );
      const records = await waitFor("both records", () => {
        const own = recordsOf(gateway).filter(
          ({ sessionKey, kind }) => sessionKey === run.sessionKey && kind !== "call",
        );
        return own.length >= 2 && own;
      });
      const ended = records.filter(({ phase, kind }) => phase === "end" && kind !== "call");
      expect(ended).toHaveLength(2);
      const recorded = ended.find(({ kind }) => kind === "command");
      expect(recorded).toMatchObject({
        operation: "exec",
        agent: "worker-sg",
        node: "mac-sg",
        rule: "singapore",
        runId: run.runId,
        commandSha256: sha256(command),
        cwd: workspace,
        outcome: "ran",
        exitCode: 9,
        bytesOut: SECRET.length + 1,
      });
      expect(recorded?.processGroup).toBeGreaterThan(1);
      expect(ended.find(({ kind }) => kind === "file")).toMatchObject({
        operation: "write",
        path: on("audited.txt"),
        outcome: "done",
        bytesIn: content.length,
      });
      expect(readFileSync(ledgerFile(gateway), "utf8")).not.toContain(SECRET);
      expect(statSync(ledgerFile(gateway)).mode & 0o077).toBe(0);
    });
  });

  describe("a machine that nobody vouched for", () => {
    test("is refused with its fingerprint and left alone until the operator trusts that very key", async () => {
      const [key] = fresh.sshd.hostKeys;
      const fingerprint = key?.fingerprint ?? "";
      const [refused, write] = await ask(
        "newcomer",
        exec("touch ran"),
        call("write", { path: "written", content: "x" }),
      );
      for (const text of [refused, write]) {
        expect(text).toContain("HOST_KEY_UNKNOWN");
        expect(text).toContain(fingerprint);
      }
      // To trust a key is for the operator alone, who reads how in the log.
      expect(refused).not.toContain("node-router trust");
      expect(refused).toContain("tell your user");
      await waitFor("the operator to be told", () =>
        gateway.log().includes("openclaw node-router trust mac-new"),
      );
      expect(existsSync(fresh.workspace)).toBe(false);

      const other = deployment.sshd.hostKeys[0]?.fingerprint ?? "";
      const shown = await rpc<TrustReport>("trust", { node: "mac-new" });
      expect(shown.keys.map((offered) => [offered.fingerprint, offered.state])).toEqual([
        [fingerprint, "unknown"],
      ]);
      const wrong = await rpc<TrustReport>("trust", { node: "mac-new", fingerprint: other });
      expect(wrong.problem).toContain(other);
      expect(readFileSync(fresh.knownHostsFile, "utf8")).toBe("");

      const trusted = await cli("trust", "mac-new", "--yes", fingerprint);
      expect([trusted.code, trusted.stderr]).toEqual([0, ""]);
      const [ran] = await ask("newcomer", exec(PROBE));
      expect(machineOf(ran)).toBe("mac-new");
    });
  });

  describe("an agent with exec alone", () => {
    test("is refused on an SSH-only node with the settings it needs; guard writes them, and then it works there", async () => {
      const [refused] = await ask("worker-cn", exec(PROBE));
      expect(refused).toContain("NO_NODE_FITS");
      expect(refused).toContain("; nothing ran.");
      expect(refused).toContain("tell your user");
      expect(machineOf(refused)).toBe("none");
      // What mends it is for the operator, who reads it in the log and here.
      const { message } = await rpc<{ message: string }>("explain", { agent: "worker-cn" });
      for (const line of ['mode: "all"', 'backend: "node-router"', 'workspaceAccess: "rw"']) {
        expect(message).toContain(`agents.entries.worker-cn.sandbox.${line}`);
      }
      expect(message).toContain('"openclaw node-router guard"');

      const report = await rpc<GuardReport>("guard");
      expect(JSON.stringify(report)).toContain("worker-cn");
      await gateway.waitUntilConfigApplied();
      const file: unknown = JSON.parse(readFileSync(gateway.home.configFile, "utf8"));
      expect(section(file, "agents", "entries", "worker-cn").sandbox).toEqual(SANDBOX);
      expect(section(file, "agents", "entries", "worker-sg").sandbox).toEqual(SANDBOX);

      const [ran, written] = await ask(
        "worker-cn",
        exec(PROBE),
        call("write", { path: "now.txt", content: "here" }),
      );
      expect(machineOf(ran)).toBe("mac-cn");
      expect(written).toContain("Successfully wrote");
      expect(readFileSync(join(cn.workspace, "now.txt"), "utf8")).toBe("here");
    });
  });

  describe("changes while the gateway runs", () => {
    const router = (change: JsonObject): Promise<void> =>
      changeConfig(gateway, (config) =>
        merge(config, { plugins: { entries: { "node-router": { config: change } } } }),
      );

    test("a session whose node changes goes on there, and its agent is told once", async () => {
      const sessionKey = "agent:mover:moving";
      const inSession = async (...lines: string[]) =>
        (await gateway.agent("mover", lines.join("\n"), { sessionKey })).results;
      const [before] = await inSession(exec(PROBE));
      expect(machineOf(before)).toBe("mac-sg");

      await router({ rules: rulesFor("cn") });
      const [moved, after] = await inSession(exec(PROBE), exec(PROBE));
      expect([moved, after].map(machineOf)).toEqual(["mac-cn", "mac-cn"]);
      const notice = 'this session\'s workspace was on "mac-sg" until now; its files are there';
      expect(moved).toContain(notice);
      expect(after).not.toContain(notice);
      const [later] = await inSession(exec(PROBE));
      expect(later).not.toContain(notice);
    });

    test("audit strict: while no record can be written nothing runs and no file changes, and then again", async () => {
      const folder = join(gateway.home.stateDir, "node-router", "audit");
      await router({ audit: "strict" });
      const commands = [exec("echo x >strict-ran"), call("write", { path: "strict-written", content: "x" })];
      renameSync(folder, `${folder}-kept`);
      writeFileSync(folder, "a file where the folder should be");
      const refused = await work(...commands);
      for (const text of refused) expect(text).toContain("AUDIT_UNAVAILABLE");
      expect([existsSync(on("strict-ran")), existsSync(on("strict-written"))]).toEqual([false, false]);

      rmSync(folder);
      renameSync(`${folder}-kept`, folder);
      const done = await work(...commands);
      expect(done.join()).not.toContain("AUDIT_UNAVAILABLE");
      expect([existsSync(on("strict-ran")), existsSync(on("strict-written"))]).toEqual([true, true]);
    });

    test("with the plugin disabled the host refuses the run, and nothing runs anywhere", async () => {
      const mark = join(deployment.home, "without-plugin");
      await gateway.rpc("plugins.setEnabled", { pluginId: "node-router", enabled: false });
      await gateway.waitUntilConfigApplied();
      await expect(work(exec(`touch ${mark}`))).rejects.toThrow(
        'Sandbox backend "node-router" is not registered',
      );
      expect(existsSync(mark)).toBe(false);
    });

    test("enabled again, no command passes that the exec policy forbids, whether or not the hooks are there yet", async () => {
      await changeConfig(gateway, (config) =>
        merge(config, {
          agents: { entries: { "worker-sg": { tools: { exec: { mode: "allowlist" } } } } },
        }),
      );
      const mark = join(deployment.home, "against-policy");
      await gateway.rpc("plugins.setEnabled", { pluginId: "node-router", enabled: true });
      await gateway.waitUntilConfigApplied();
      // OpenClaw may run the first calls without our hooks, or lose their results while it registers us anew.
      const last = await waitFor("the hooks to be there", async () => {
        const [text] = await work(exec(`touch ${mark}`)).catch((error: unknown) => [String(error)]);
        return text?.includes("RUN_NOT_ALLOWED") && text;
      });
      expect(last).toContain('tools.exec.mode "allowlist"');
      expect(existsSync(mark)).toBe(false);
    });
  });

  test("nothing was found on another machine than it was placed on, and no hook failed", () => {
    expect(gateway.log()).not.toMatch(/NODE_MISMATCH|hook failed|policy evaluation failed/);
  });
});

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function linesIn(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
}
