// The exec server with the real helper process: what the host sees of a command on a node.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Outcome, RunningCommand } from "../../../../src/nodeRouter/transports/transport.ts";
import { helperSource } from "../../../../src/nodeRouter/workspace/exec/helper.ts";
import type { CommandEnd } from "../../../../src/nodeRouter/workspace/exec/link.ts";
import { hasPerl, PERL, perlHelperSource } from "../../../../src/nodeRouter/workspace/exec/perlHelper.ts";
import { createRuntimeDir, type Helper } from "../../../../src/nodeRouter/workspace/exec/runtimeDir.ts";
import { createExecServer, type ExecServer } from "../../../../src/nodeRouter/workspace/exec/server.ts";
import { TELL_USER } from "../../../../src/shared/errorCatalogue.ts";
import { NodeRouterError } from "../../../../src/shared/errors.ts";
import { agentText } from "../../../../src/shared/refusal.ts";
import { refused } from "../../../support/refused.ts";
import { waitFor } from "../../../support/wait.ts";
import { createLocalTransport, type LocalTransport } from "../localTransport.ts";
import { type HelperRun, runHelper } from "./helperRun.ts";

/** Both helpers, as far as this machine can run them: one behaves as the other. */
const HELPERS: readonly (readonly [string, Helper])[] = [
  ["Node", { program: process.execPath, source: helperSource() }],
  ...((await hasPerl(process.platform))
    ? [["Perl", { program: PERL, source: perlHelperSource() }] as const]
    : []),
];

test.runIf(HELPERS.length === 1)("there is no Perl here, so only the helper in Node was tried", () => {
  expect(HELPERS.map(([name]) => name)).toEqual(["Node"]);
});

describe.each(HELPERS)("the helper in %s", (_name, helper) => {
  let parent: string;
  let transport: LocalTransport;
  let server: ExecServer;
  let ends: CommandEnd[];

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), "nr-test-"));
    transport = createLocalTransport();
    server = createExecServer({
      helper: async () => helper,
      makeDir: (given) => createRuntimeDir({ helper: given, parent }),
    });
    ends = [];
  });

  afterEach(async () => {
    transport.destroy();
    await server.close();
    rmSync(parent, { recursive: true, force: true });
  });

  /** Adds a job and spawns its helper. */
  async function start(script: string): Promise<HelperRun & { readonly id: string }> {
    return startJob(async () => transport.start("node", { script }));
  }

  async function startJob(
    dispatch: (cancelled: AbortSignal) => Promise<RunningCommand>,
  ): Promise<HelperRun & { readonly id: string }> {
    const id = server.add({ start: dispatch, ended: (end) => void ends.push(end) });
    return { ...(await helperFor(id)), id };
  }

  async function helperFor(id: string): Promise<HelperRun> {
    const { program, helperPath, socketPath } = await server.open();
    return runHelper([program, helperPath, socketPath, id]);
  }

  const ran = (exitCode: number | null, signal: string | null = null): Outcome => ({
    kind: "ran",
    exitCode,
    signal,
  });
  const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("hex");

  describe("the end of a command", () => {
    test.each([0, 1, 2, 37, 126, 127, 128, 254, 255])("exit code %i stays the same", async (code) => {
      const { end, id } = await start(`exit ${code}`);
      expect(await end).toMatchObject({ code, signal: null, stdout: "", stderr: "" });
      expect(await server.finalize(id)).toEqual(ran(code));
    });

    test.each(["TERM", "KILL", "INT", "HUP", "QUIT", "USR2", "ABRT", "SEGV", "ALRM"])(
      "signal %s is a signal for the host too, not an exit code",
      async (name) => {
        const { end } = await start(`ulimit -c 0; kill -s ${name} $$`);
        expect(await end).toMatchObject({ code: null, signal: `SIG${name}` });
      },
    );

    test.each([
      ["PIPE", 141],
      ["USR1", 138],
    ])(
      "signal %s, which ends no Node process, is a shell's code for it and not success",
      async (name, code) => {
        const { end, id } = await start(`kill -s ${name} $$`);
        const outcome = await end;
        // The number of USR1 differs between systems.
        expect(outcome.signal).toBeNull();
        if (name === "PIPE") expect(outcome.code).toBe(code);
        expect(outcome.code).toBeGreaterThan(128);
        expect(await server.finalize(id)).toEqual(ran(null, name));
      },
    );

    test("an end that says nothing is unknown, not exit code 0", async () => {
      const silent = createLocalTransport({ outcome: () => ran(null) });
      const { end } = await startJob(async () => silent.start("node", { script: "" }));
      expect(await end).toMatchObject({ code: 255, stderr: expect.stringMatching(/^OUTCOME_UNKNOWN: /) });
    });

    test("what is known of the whole command is told once", async () => {
      const { end, write, child } = await start("cat; echo err >&2; exit 3");
      write("12345");
      child.stdin?.end();
      await end;
      expect(ends).toEqual([{ outcome: ran(3), processGroup: expect.any(Number), bytesIn: 5, bytesOut: 9 }]);
    });
  });

  describe("a command that did not run, or whose end is not known", () => {
    test.each<[string, Exclude<Outcome, { kind: "ran" }>]>([
      ["not started", { kind: "notStarted", ...refused("NODE_UNREACHABLE", "no answer") }],
      ["unknown", { kind: "unknown", ...refused("OUTCOME_UNKNOWN", "lost"), processGroup: 42 }],
    ])("%s: the message is on stderr, and the host can ask for the outcome", async (_, outcome) => {
      const other = createLocalTransport({ outcome: () => outcome });
      const { end, id } = await startJob(async () => other.start("node", { script: "" }));
      expect(await end).toMatchObject({
        code: 255,
        signal: null,
        stdout: "",
        stderr: `${agentText(outcome)}\n`,
      });
      expect(await server.finalize(id)).toEqual(outcome);
    });

    test("output from before the connection was lost comes before the message", async () => {
      const stdout = new PassThrough();
      const { end } = await startJob(async () => ({
        stdin: new PassThrough(),
        stdout,
        stderr: new PassThrough().end(),
        started: Promise.resolve({ processGroup: 7 }),
        outcome: new Promise((resolve) => {
          stdout.end("half");
          resolve({
            kind: "unknown",
            ...refused("OUTCOME_UNKNOWN", "lost"),
            processGroup: 7,
          });
        }),
        signal: () => {},
        abandon: () => {},
      }));
      expect(await end).toMatchObject({ stdout: "half", stderr: "OUTCOME_UNKNOWN: lost.\n" });
      expect(ends[0]?.processGroup).toBe(7);
    });

    test("what throws before the dispatch is not started, with its own code", async () => {
      const { end, id } = await startJob(() =>
        Promise.reject(new NodeRouterError(refused("AUDIT_UNAVAILABLE", "the disk is full"))),
      );
      expect((await end).stderr).toBe(`AUDIT_UNAVAILABLE: the disk is full; nothing ran. ${TELL_USER}.\n`);
      expect(await server.finalize(id)).toMatchObject({ kind: "notStarted", code: "AUDIT_UNAVAILABLE" });
    });

    test("a fault before the dispatch is not started, and its text stays inside", async () => {
      const { end } = await startJob(() => Promise.reject(new Error("secret")));
      expect((await end).stderr).toMatch(/^NOT_STARTED: .*trying again is safe\.\n$/);
    });
  });

  describe("streams", () => {
    test("8 MB on both streams arrive unchanged, each in its own order", async () => {
      const line = `${"x".repeat(1023)}\n`;
      const whole = Buffer.from(line.repeat(8 * 1024));
      const script = `yes ${"x".repeat(1023)} | head -c ${whole.length} & yes ${"x".repeat(1023)} | head -c ${whole.length} >&2; wait`;
      const { end } = await start(script);
      const result = await end;
      expect(result.code).toBe(0);
      expect(result.bytes).toEqual({ stdout: whole.length, stderr: whole.length });
      expect(result.md5).toEqual({ stdout: md5(whole), stderr: md5(whole) });
      expect(ends[0]?.bytesOut).toBe(2 * whole.length);
    });

    test("stdin goes through as it comes, and its end too", async () => {
      const { end, write, saw, child } = await start(
        'while read -r line; do echo "got $line"; done; echo end',
      );
      write("one\n");
      await saw("got one");
      write("two\n");
      await saw("got two");
      child.stdin?.end();
      expect((await end).stdout).toBe("got one\ngot two\nend\n");
    });

    test("3 MB of input arrive unchanged, more than may be under way at once", async () => {
      const bytes = Buffer.alloc(3 * 1024 * 1024, "0123456789abcdef\n");
      const { end, child } = await start("cat");
      child.stdin?.end(bytes);
      expect((await end).md5.stdout).toBe(md5(bytes));
      expect(ends[0]?.bytesIn).toBe(bytes.length);
    });

    test("stdin stays open for a command that nobody writes to", async () => {
      const { end, child, saw } = await start("echo up; cat; echo end");
      await saw("up");
      expect(child.exitCode).toBeNull();
      child.stdin?.end();
      expect((await end).stdout).toBe("up\nend\n");
    });

    test("a command that closed its input does not hang on what is written to it", async () => {
      const { end, write, saw } = await start("exec 0<&-; echo closed; sleep 0.2; exit 5");
      await saw("closed");
      write("x".repeat(600_000));
      expect((await end).code).toBe(5);
    });

    test("bytes that are no text arrive unchanged", async () => {
      const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
      const { end, child } = await start("cat");
      child.stdin?.end(bytes);
      expect((await end).md5.stdout).toBe(md5(bytes));
    });

    test("a host that does not read slows the command down instead of filling the memory", async () => {
      const size = 20_000_000;
      let made = 0;
      const stdout = new Readable({
        read() {
          const chunk = Buffer.alloc(Math.min(65_536, size - made), "y");
          made += chunk.length;
          this.push(chunk.length === 0 ? null : chunk);
        },
      });
      const { child, end } = await startJob(async () => ({
        stdin: new PassThrough(),
        stdout,
        stderr: new PassThrough().end(),
        started: Promise.resolve({ processGroup: 7 }),
        outcome: once(stdout, "end").then(() => ran(0)),
        signal: () => {},
        abandon: () => {},
      }));
      child.stdout?.pause();
      let before = -1;
      await waitFor("the command to stand still", () => {
        const still = made > 0 && made === before;
        before = made;
        return still;
      });
      // What two sockets, two pipes and their streams hold.
      expect(made).toBeLessThan(size / 4);
      child.stdout?.resume();
      expect((await end).bytes.stdout).toBe(size);
    });
  });

  describe("signals to the helper", () => {
    test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
      "%s reaches the command, whose end decides",
      async (name) => {
        const short = name.slice(3);
        const { child, end, saw } = await start(
          `trap 'echo caught; exit 9' ${short}; echo up; while :; do sleep 0.02; done`,
        );
        await saw("up");
        child.kill(name);
        expect(await end).toMatchObject({ code: 9, signal: null, stdout: "up\ncaught\n" });
        expect(transport.signals).toEqual([short]);
      },
    );

    test("a command that dies of it is a signal for the host", async () => {
      const { child, end, saw } = await start("echo up; exec sleep 100");
      await saw("up");
      child.kill("SIGTERM");
      expect(await end).toMatchObject({ code: null, signal: "SIGTERM" });
    });

    test("a signal passes input that the command does not read", async () => {
      const { child, end, saw } = await start("echo up; exec sleep 100");
      await saw("up");
      child.stdin?.write(Buffer.alloc(2 * 1024 * 1024));
      child.kill("SIGTERM");
      expect(await end).toMatchObject({ signal: "SIGTERM" });
    });

    test("a helper that is killed takes the command with it, and the host hears how that ended", async () => {
      const { child, end, saw, id } = await start("echo up; exec sleep 100");
      await saw("up");
      child.kill("SIGKILL");
      await end;
      expect(await server.finalize(id)).toEqual(ran(null, "TERM"));
      expect(transport.signals).toEqual(["TERM"]);
      expect(transport.groups.size).toBe(0);
    });

    test("a helper that is killed behind output and input that nobody takes does so too", async () => {
      const { child, end, saw, id } = await start("echo up; yes & exec sleep 100");
      await saw("up");
      child.stdout?.pause();
      child.stdin?.write(Buffer.alloc(2 * 1024 * 1024));
      child.kill("SIGKILL");
      child.stdout?.resume();
      await end;
      expect(await server.finalize(id)).toEqual(ran(null, "TERM"));
    });

    test("before the dispatch it keeps the command from being started", async () => {
      let dispatched = false;
      let arrived: () => void = () => {};
      const here = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const { child, end, id } = await startJob(async (cancelled) => {
        arrived();
        await once(cancelled, "abort");
        if (cancelled.aborted) throw new NodeRouterError(refused("NOT_STARTED", "cancelled"));
        dispatched = true;
        return transport.start("node", { script: "true" });
      });
      await here;
      child.kill("SIGTERM");
      expect(await end).toMatchObject({ code: 255, stderr: "NOT_STARTED: cancelled.\n" });
      expect(dispatched).toBe(false);
      expect(await server.finalize(id)).toMatchObject({ kind: "notStarted" });
    });
  });

  describe("ids", () => {
    test("an id is good for one helper: the second one runs nothing", async () => {
      const first = await start("echo up; read -r x");
      await first.saw("up");
      const second = await helperFor(first.id);
      expect(await second.end).toMatchObject({ code: 255, stderr: expect.stringMatching(/^NOT_STARTED: /) });
      first.child.stdin?.end();
      await first.end;
      expect(transport.started).toHaveLength(1);
      expect(ends).toHaveLength(1);
    });

    test.each(["0".repeat(32), "", "../../etc", "ÿ".repeat(300)])(
      "%j, which nobody gave out, runs nothing",
      async (id) => {
        server.add({ start: async () => transport.start("node", { script: "true" }), ended: () => {} });
        expect(await (await helperFor(id)).end).toMatchObject({ code: 255 });
        expect(transport.started).toEqual([]);
      },
    );

    test("an id that the host gave up is good for nothing", async () => {
      const id = server.add({
        start: async () => transport.start("node", { script: "true" }),
        ended: () => {},
      });
      expect(await server.finalize(id)).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
      expect(await (await helperFor(id)).end).toMatchObject({ code: 255 });
      expect(transport.started).toEqual([]);
      expect(await server.finalize(id)).toBeNull();
    });

    test("an id that nobody claims in time is forgotten", async () => {
      await server.close();
      server = createExecServer({
        helper: async () => helper,
        makeDir: (given) => createRuntimeDir({ helper: given, parent }),
        claimTimeoutMs: 1,
      });
      const id = server.add({
        start: async () => transport.start("node", { script: "true" }),
        ended: () => {},
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await (await helperFor(id)).end).toMatchObject({ code: 255 });
      expect(transport.started).toEqual([]);
    });

    test("what is no claim is not listened to", async () => {
      const { socketPath } = await server.open();
      const socket = connect(socketPath);
      socket.on("error", () => {});
      socket.write(Buffer.from([4, 0, 0, 0, 4, 84, 69, 82, 77]));
      await once(socket, "close");
      const huge = connect(socketPath);
      huge.on("error", () => {});
      huge.write(Buffer.from([1, 255, 255, 255, 255]));
      await once(huge, "close");
    });

    test("50 at once: each gets its own output and its own code", async () => {
      const runs = await Promise.all(
        Array.from({ length: 50 }, (_, index) => start(`echo ${index}; exit ${index}`)),
      );
      const results = await Promise.all(runs.map(({ end }) => end));
      expect(results.map(({ code, stdout }) => [code, stdout])).toEqual(
        Array.from({ length: 50 }, (_, index) => [index, `${index}\n`]),
      );
    });
  });

  describe("the server's folder", () => {
    test("nobody else can enter it, and the helper in it is readable by its owner alone", async () => {
      const { folder, helperPath, socketPath } = await server.open();
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(statSync(helperPath).mode & 0o777).toBe(0o600);
      expect(statSync(socketPath).isSocket()).toBe(true);
    });

    test("it is made once, also by two that ask at the same time", async () => {
      const [one, two] = await Promise.all([server.open(), server.open()]);
      expect(two).toEqual(one);
      expect(await server.open()).toEqual(one);
    });

    test("when a system's cleaning took it away it is made anew, and what runs goes on", async () => {
      const before = await start("echo up; read -r x; echo $x");
      await before.saw("up");
      const old = await server.open();
      rmSync(old.folder, { recursive: true });
      const [one, two] = await Promise.all([server.open(), server.open()]);
      expect(one.folder).not.toBe(old.folder);
      expect(two).toEqual(one);
      expect((await (await start("echo new")).end).stdout).toBe("new\n");
      before.write("still here\n");
      expect((await before.end).stdout).toBe("up\nstill here\n");
    });

    test("closed, it leaves nothing behind; the next command opens another", async () => {
      const { folder } = await server.open();
      await server.close();
      expect(existsSync(folder)).toBe(false);
      expect((await (await start("echo again")).end).stdout).toBe("again\n");
    });

    test("a helper that finds no server says that nothing was started", async () => {
      const { program, helperPath, socketPath } = await server.open();
      const { end } = runHelper([program, helperPath, `${socketPath}-no`, "0"]);
      expect(await end).toMatchObject({ code: 255, stderr: expect.stringMatching(/^NOT_STARTED: .*\n$/) });
    });
  });
});
