// The node's end with real shells: a command begins once, ends once, and nothing of it is left.

import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LoginEnv } from "../../../../../src/nodeRouter/transports/node/host/loginEnv.ts";
import { MAX_REPLY_BYTES, type Reply } from "../../../../../src/nodeRouter/transports/node/wire.ts";
import { livingIn, marksIn } from "../../../../support/executions.ts";
import { ALLOWS, base64, type NodeEnd, nodeEnd, runRequest, stateIn } from "../../../../support/nodeEnd.ts";

let folder: string;
let node: NodeEnd;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nr-node-end-"));
  node = nodeEnd();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await node.server.close();
  rmSync(folder, { recursive: true, force: true });
});

const { mark, marks } = marksIn(() => folder);
const kindOf = (reply: Reply): string => (reply.kind === "refused" ? reply.why : reply.kind);
/** This machine may be busy. */
const SLOW = { timeout: 20_000, interval: 20 };
const LEASE_MS = 200;
/** Time that passes as the test says: this machine may stand still for longer than a lease. */
function ownClock(): { nowMs: number } {
  const clock = { nowMs: performance.now() };
  vi.spyOn(performance, "now").mockImplementation(() => clock.nowMs);
  return clock;
}
/** Leases are looked at every 10 ms. */
const looksAtLeases = () => new Promise((resolve) => setTimeout(resolve, 100));
const gone = (group: number) => vi.waitFor(() => expect(livingIn(group)).toBe(0), SLOW);

describe("a command", () => {
  test("that is short is over with its first reply: arguments, variables, input, both streams, exit code", async () => {
    // The first one comes while OpenClaw's terminals are loaded, and on a busy machine that is longer than a reply may
    // take: so no time passes for it.
    vi.spyOn(performance, "now").mockReturnValue(performance.now());
    const script = 'printf "%s|%s|%s|" "$1" "$#" "$A"; cat; echo oops >&2; exit 7';
    const request = { args: ["a 'b", "c"], env: { A: "é$x" }, input: base64("in"), waitMs: 2_500 };
    expect(stateIn(await node.run(script, request))).toEqual({
      fresh: true,
      processGroup: expect.any(Number),
      out: "a 'b|2|é$x|in",
      err: "oops\n",
      end: { exitCode: 7, signal: null },
    });
  });

  test("that is asked for twice runs once, also when both come at the same time", async () => {
    const request = { key: randomUUID() };
    const replies = await Promise.all([1, 2, 3].map(() => node.run(`${mark()} echo done`, request)));
    const again = await node.complete(`${mark()} echo done`, request);
    expect(again.out).toBe("done\n");
    expect([...replies.map(stateIn), again].filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(marks()).toBe(1);
  });

  test("that was meant for a node host that has ended since does not begin", async () => {
    expect(kindOf(await node.run(mark(), { boot: "another" }))).toBe("boot");
    expect(marks()).toBe(0);
  });

  test("that was forgotten before it came never begins, and forget itself says that it never did", async () => {
    const key = randomUUID();
    expect(kindOf(await node.ask({ op: "forget", key }))).toBe("gone");
    expect(kindOf(await node.run(mark(), { key }))).toBe("forgotten");
    expect(kindOf(await node.ask({ op: "forget", key }))).toBe("gone");
    expect(marks()).toBe(0);
  });

  test("that was forgotten after it ran is not run again, and forget says each time that it had begun", async () => {
    const key = randomUUID();
    await node.complete(mark(), { key });
    expect(kindOf(await node.ask({ op: "forget", key }))).toBe("done");
    expect(kindOf(await node.run(mark(), { key }))).toBe("forgotten");
    expect(kindOf(await node.ask({ op: "forget", key }))).toBe("done");
    expect(kindOf(await node.pull(key))).toBe("gone");
    expect(marks()).toBe(1);
  });

  test("that is forgotten while it is about to begin does not begin", async () => {
    const env = Promise.withResolvers<LoginEnv>();
    node = nodeEnd({ readEnv: () => env.promise });
    const key = randomUUID();
    const running = node.run(mark(), { key });
    const forgotten = node.ask({ op: "forget", key });
    env.resolve({ env: { PATH: "/usr/bin:/bin" }, isWhole: true, atMs: 0 });
    expect([kindOf(await running), kindOf(await forgotten)]).toEqual(["forgotten", "gone"]);
    expect(marks()).toBe(0);
  });

  test("that was refused once does not begin when an earlier copy of the request comes late", async () => {
    const request = { key: randomUUID(), cwd: join(folder, "later") };
    expect(kindOf(await node.run(mark(), request))).toBe("cwd-missing");
    expect(kindOf(await node.run(mark(), { ...request, makeCwd: true }))).toBe("forgotten");
    expect(marks()).toBe(0);
  });

  test("that nobody knows is gone, whatever is asked of it", async () => {
    const key = randomUUID();
    const replies = [
      await node.pull(key),
      await node.ask({ op: "signal", key, signal: "TERM" }),
      await node.ask({ op: "input", key, off: 0, data: "", eof: true }),
    ];
    expect(replies.map(kindOf)).toEqual(["gone", "gone", "gone"]);
  });

  test("runs in its directory, which is made where that is wished; each reason why it cannot is told apart", async () => {
    writeFileSync(join(folder, "file"), "");
    const made = await node.complete("pwd", { cwd: join(folder, "a/b c"), makeCwd: true });
    expect(made.out).toBe(`${join(folder, "a/b c")}\n`);
    const no = async (cwd: string): Promise<string> => kindOf(await node.run(mark(), { cwd }));
    expect(await no(join(folder, "none"))).toBe("cwd-missing");
    expect(await no(join(folder, "file"))).toBe("cwd-not-a-directory");
    expect(await no(join(folder, "file/x"))).toBe("cwd-not-a-directory");
    expect(marks()).toBe(0);
  });

  test("has its directories before PATH", async () => {
    const request = { pathPrepend: ["/opt/a b", "/x"], env: { PATH: "/bin" } };
    expect((await node.complete('echo "$PATH"', request)).out).toBe("/opt/a b:/x:/bin\n");
  });

  test("shows no text of itself in ps, neither its script nor its arguments nor its variables", async () => {
    const request = { args: ["secret-argument"], env: { V: "secret-v" } };
    const { out } = await node.complete("ps -o args= -p $$", request);
    expect(out).toContain("/bin/sh -c");
    expect(out).not.toMatch(/secret|ps -o/);
  });

  test("keeps no descriptor of the node host but its three streams", async () => {
    const { out } = await node.complete("if true <&3; then echo open; else echo closed; fi 2>/dev/null");
    expect(out).toBe("closed\n");
  });

  test("can open its output by name, as over SSH", async () => {
    const script = "echo a >/dev/stderr; echo b | tee /dev/stderr >/dev/stdout; echo c";
    expect(await node.complete(script)).toMatchObject({ out: "b\nc\n", err: "a\nb\n" });
  });

  test("runs where the system makes no pipes of its own, with what there is", async () => {
    vi.stubEnv("TMPDIR", join(folder, "nowhere"));
    node = nodeEnd();
    expect(await node.complete("echo a; echo b >&2; cat", { input: base64("c") })).toMatchObject({
      out: "a\nc",
      err: "b\n",
    });
    vi.unstubAllEnvs();
  });

  test("with a syntax error has begun, and failed by itself", async () => {
    expect(await node.complete("if")).toMatchObject({ end: { exitCode: 2 } });
  });

  test("may be larger than an argument list", async () => {
    const long = "x".repeat(300_000);
    const { out } = await node.complete(`printf %s ${long} | wc -c`, { args: [long] });
    expect(out.trim()).toBe("300000");
  });
});

describe("output", () => {
  test("comes as it is printed, and the end only with the last of it", async () => {
    const key = randomUUID();
    const script = "echo one; read x; echo two; exit 3";
    const first = stateIn(await node.run(script, { key, eof: false, waitMs: 0 }));
    expect(first.end).toBeNull();
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key))).toMatchObject({ out: "one\n", end: null });
    }, SLOW);
    await node.ask({ op: "input", key, off: 0, data: base64("\n"), eof: true });
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key, { out: 4, max: 2 }))).toMatchObject({ out: "tw", end: null });
    }, SLOW);
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key, { out: 6 }))).toMatchObject({ out: "o\n", end: { exitCode: 3 } });
    }, SLOW);
    // Asked again, because that reply was lost.
    expect(stateIn(await node.pull(key, { out: 6 }))).toMatchObject({ out: "o\n", end: { exitCode: 3 } });
  });

  test("that was read is not told again, and no other bytes in its place", async () => {
    const key = randomUUID();
    await node.complete("printf abcdef", { key });
    await node.pull(key, { out: 3 });
    expect(stateIn(await node.pull(key, { out: 1 }))).toMatchObject({ out: "", end: null });
    expect(stateIn(await node.pull(key, { out: 3 }))).toMatchObject({ out: "def", end: { exitCode: 0 } });
  });

  test("that nobody wants need not be read: an offset behind all of it asks for the end alone", async () => {
    const key = randomUUID();
    await node.run("seq 1 1000; exit 3", { key, waitMs: 0 });
    const all = { out: 2 ** 50, err: 2 ** 50 };
    // What is printed meanwhile is no reason to answer.
    const other = randomUUID();
    await node.run("while :; do echo x; sleep 0.05; done", { key: other, waitMs: 0 });
    const sinceMs = performance.now();
    expect(stateIn(await node.pull(other, { ...all, waitMs: 500 }))).toMatchObject({ out: "", end: null });
    expect(performance.now() - sinceMs).toBeGreaterThan(450);
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key, all))).toMatchObject({ out: "", end: { exitCode: 3 } });
    }, SLOW);
  });

  test("beyond what is kept waits in the command, and comes whole when it is read", async () => {
    const key = randomUUID();
    const bytes = 20 << 20;
    await node.run(`head -c ${bytes} /dev/zero; echo end >&2`, { key, waitMs: 0, max: 0 });
    const kept = node.server.commands;
    await vi.waitFor(
      async () => expect((await kept.find(key))?.unread).toBeGreaterThanOrEqual(8 << 20),
      SLOW,
    );
    let [out, err] = [0, 0];
    for (let ended = false; !ended; ) {
      const reply = await node.pull(key, { out, err, max: MAX_REPLY_BYTES });
      if (reply.kind !== "state") throw new Error(reply.kind);
      expect((await kept.find(key))?.unread).toBeLessThan(9 << 20);
      out += Buffer.from(reply.out, "base64").length;
      err += Buffer.from(reply.err, "base64").length;
      ended = reply.end !== null;
    }
    expect([out, err]).toEqual([bytes, 4]);
  });

  test("is not over while something that the command started holds it open, as over SSH", async () => {
    const key = randomUUID();
    await node.run("sleep 30 & echo started", { key, waitMs: 0 });
    await vi.waitFor(async () => expect(stateIn(await node.pull(key)).out).toBe("started\n"), SLOW);
    expect(stateIn(await node.pull(key, { out: 8, waitMs: 300 })).end).toBeNull();
    const freed = await node.complete("nohup sleep 30 >/dev/null 2>&1 & echo started");
    expect([freed.out, freed.end]).toEqual(["started\n", { exitCode: 0, signal: null }]);
    process.kill(-freed.processGroup, "SIGKILL");
    await node.ask({ op: "forget", key });
  });
});

describe("input", () => {
  test("reaches the command in order and once, however its pieces come", async () => {
    const key = randomUUID();
    await node.run("cat", { key, eof: false, waitMs: 0, input: base64("ab") });
    const send = (off: number, text: string, eof = false) =>
      node.ask({ op: "input", key, off, data: base64(text), eof });
    await send(4, "ef", true);
    await send(2, "cd");
    await send(2, "cd");
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key))).toMatchObject({ out: "abcdef", end: { exitCode: 0 } });
    }, SLOW);
  });

  test("that the command does not read is refused before it fills the node's memory, and taken later", async () => {
    const key = randomUUID();
    const script = `while [ ! -e ${folder}/go ]; do sleep 0.05; done; wc -c`;
    await node.run(script, { key, eof: false, waitMs: 0 });
    const data = Buffer.alloc(3 << 20, "x").toString("base64");
    const send = (at: number) => node.ask({ op: "input", key, off: at * (3 << 20), data, eof: at === 2 });
    expect(kindOf(await send(0))).toBe("done");
    expect(kindOf(await send(1))).toBe("done");
    expect(kindOf(await send(2))).toBe("full");
    writeFileSync(join(folder, "go"), "");
    await vi.waitFor(async () => expect(kindOf(await send(2))).toBe("done"), SLOW);
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key)).out.trim()).toBe(String(9 << 20));
    }, SLOW);
  });

  test("for a command that reads none goes nowhere", async () => {
    const key = randomUUID();
    await node.run("exec <&-; echo closed; sleep 0.2", { key, eof: false, waitMs: 0 });
    await vi.waitFor(async () => expect(stateIn(await node.pull(key)).out).toBe("closed\n"), SLOW);
    const data = Buffer.alloc(3 << 20).toString("base64");
    for (const [at, eof] of [false, false, false, true].entries()) {
      expect(kindOf(await node.ask({ op: "input", key, off: at * (3 << 20), data, eof }))).toBe("done");
    }
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key, { out: 7 })).end).toEqual({ exitCode: 0, signal: null });
    }, SLOW);
  });
});

describe("an end that is not the command's own", () => {
  test("a signal goes to the whole group, and is told as the end", async () => {
    const key = randomUUID();
    const { processGroup } = stateIn(await node.run("sleep 30 & wait", { key, waitMs: 0 }));
    expect(kindOf(await node.ask({ op: "signal", key, signal: "TERM" }))).toBe("done");
    await vi.waitFor(
      async () => expect(stateIn(await node.pull(key)).end).toEqual({ exitCode: null, signal: "SIGTERM" }),
      SLOW,
    );
    await gone(processGroup);
  });

  test("TERM is sure: a command that ignores it is killed", async () => {
    node = nodeEnd({ killAfterMs: 100 });
    const key = randomUUID();
    const script = 'trap "" TERM; echo up; while :; do sleep 1; done';
    await node.run(script, { key, waitMs: 0 });
    await vi.waitFor(async () => expect(stateIn(await node.pull(key)).out).toBe("up\n"), SLOW);
    await node.ask({ op: "signal", key, signal: "TERM" });
    await vi.waitFor(
      async () =>
        expect(stateIn(await node.pull(key, { out: 3 })).end).toEqual({ exitCode: null, signal: "SIGKILL" }),
      SLOW,
    );
  });

  test("forget ends what runs, with all of its group", async () => {
    node = nodeEnd({ killAfterMs: 100 });
    const key = randomUUID();
    const { processGroup } = stateIn(
      await node.run('trap "" TERM; sleep 30 & sleep 30', { key, waitMs: 100 }),
    );
    expect(node.server.hasActiveWork).toBe(true);
    expect(kindOf(await node.ask({ op: "forget", key }))).toBe("done");
    await gone(processGroup);
    await vi.waitFor(() => expect(node.server.hasActiveWork).toBe(false), SLOW);
  });

  test("what left the group may hold the streams open, and holds nothing up", async () => {
    node = nodeEnd({ killAfterMs: 50 });
    const key = randomUUID();
    const pidFile = join(folder, "pid");
    const outside = `setsid sh -c 'echo $$ >${pidFile}; exec sleep 30'`;
    const script = `${outside} & while [ ! -s ${pidFile} ]; do sleep 0.02; done; echo up; sleep 30`;
    await node.run(script, { key, waitMs: 0 });
    await vi.waitFor(async () => expect(stateIn(await node.pull(key)).out).toBe("up\n"), SLOW);
    await node.ask({ op: "forget", key });
    await vi.waitFor(() => expect(node.server.hasActiveWork).toBe(false), SLOW);
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
  });

  test("a command that nobody asks for is ended after its lease, and remembered as one that began", async () => {
    const clock = ownClock();
    node = nodeEnd({ leaseMs: LEASE_MS, killAfterMs: 50 });
    const key = randomUUID();
    const { processGroup } = stateIn(
      await node.run('trap "" TERM; while :; do sleep 1; done', { key, waitMs: 0 }),
    );
    clock.nowMs += LEASE_MS + 1;
    await gone(processGroup);
    await vi.waitFor(() => expect(node.server.hasActiveWork).toBe(false), SLOW);
    clock.nowMs += LEASE_MS;
    await looksAtLeases();
    expect(kindOf(await node.pull(key))).toBe("gone");
    expect(kindOf(await node.ask({ op: "forget", key }))).toBe("done");
    expect(kindOf(await node.run(mark(), { key }))).toBe("forgotten");
    expect(marks()).toBe(0);
  });

  test("a command that is asked for in time outlives its lease", async () => {
    const clock = ownClock();
    node = nodeEnd({ leaseMs: LEASE_MS });
    const key = randomUUID();
    const script = `while [ ! -e ${folder}/go ]; do sleep 0.05; done; echo end`;
    await node.run(script, { key, waitMs: 0 });
    for (let asked = 0; asked < 3; asked++) {
      clock.nowMs += LEASE_MS - 1;
      await looksAtLeases();
      expect(stateIn(await node.pull(key, { waitMs: 0 })).end).toBeNull();
    }
    writeFileSync(join(folder, "go"), "");
    await vi.waitFor(async () => {
      expect(stateIn(await node.pull(key, { waitMs: 0 }))).toMatchObject({
        out: "end\n",
        end: { exitCode: 0 },
      });
    }, SLOW);
  });
});

describe("what the node's owner says", () => {
  const asked: string[] = [];
  beforeEach(() => void asked.splice(0));
  const strict = {
    prepareExecAuthorization: (source: string) => {
      asked.push(source);
      if (source !== "human-approved") throw new Error("SYSTEM_RUN_DENIED: allowlist\u001b[2J miss");
      return () => {};
    },
  };

  test("decides: a call that no person agreed to is refused where one must, and nothing is made", async () => {
    const request = { cwd: join(folder, "new"), makeCwd: true };
    const reply = await node.run(mark(), request, strict);
    expect(reply).toMatchObject({ why: "denied", fact: expect.stringContaining("allowlist\\u001b[2J miss") });
    expect(kindOf(await node.run(mark(), { ...request, makeCwd: false }))).toBe("cwd-missing");
    expect(marks()).toBe(0);
    await node.complete(mark(), { approved: true }, strict);
    expect([marks(), asked]).toEqual([1, ["session-full", "human-approved"]]);
  });

  test("is asked again right before the start", async () => {
    const changed = {
      prepareExecAuthorization: () => () => {
        throw new Error("it changed");
      },
    };
    expect(kindOf(await node.run(mark(), {}, changed))).toBe("denied");
    expect(marks()).toBe(0);
  });

  test.each([[{}], [undefined]])("is needed: where nobody can ask, nothing runs (%j)", async (context) => {
    const request = JSON.stringify(runRequest(mark(), node.server.boot));
    expect(JSON.parse(await node.server.handle(request, context))).toMatchObject({ why: "denied" });
    expect(marks()).toBe(0);
  });

  test("is asked once a command: to look at it, to speak to it and to end it needs no further leave", async () => {
    const key = randomUUID();
    await node.run("cat", { key, eof: false, waitMs: 0, approved: true }, strict);
    await node.ask({ op: "input", key, off: 0, data: base64("x"), eof: true }, {});
    expect(kindOf(await node.ask({ op: "forget", key }, {}))).toBe("done");
    expect(asked).toEqual(["human-approved"]);
  });
});

describe("limits", () => {
  test("of commands at once: one more is refused, and one that was forgotten makes room", async () => {
    node = nodeEnd({ maxCommands: 2 });
    const key = randomUUID();
    await node.run("true", { key });
    await node.run("true");
    expect(kindOf(await node.run(mark()))).toBe("full");
    await node.ask({ op: "forget", key });
    expect(kindOf(await node.run("true"))).toBe("state");
    expect(marks()).toBe(0);
  });

  test("on Windows nothing runs, and the node says what it is all the same", async () => {
    node = nodeEnd({ platform: "win32" });
    expect(kindOf(await node.run(mark()))).toBe("platform");
    expect(kindOf(await node.ask({ op: "hello" }))).toBe("hello");
    expect(marks()).toBe(0);
  });

  test("what is no request is refused without a fault, and begins nothing", async () => {
    const good = runRequest(mark(), node.server.boot);
    const bad: unknown[] = [
      null,
      [],
      "run",
      {},
      { op: "format" },
      { ...good, key: 7 },
      { ...good, key: "../../x" },
      { ...good, script: "a\0b" },
      { ...good, args: [1] },
      { ...good, args: "x" },
      { ...good, env: { "A-B": "1" } },
      { ...good, env: { A: 1 } },
      { ...good, cwd: "relative" },
      { ...good, waitMs: -1 },
      { ...good, max: "1" },
      { ...good, max: 1e300 },
      { ...good, pty: { rows: 0, cols: 1, term: "x" } },
      { ...good, pty: { rows: 1, cols: 1, term: "x; rm" } },
      { ...good, input: "A".repeat(9 << 20) },
      { op: "pull", key: good.key, out: 0.5, err: 0, max: 1, waitMs: 1 },
    ];
    for (const request of bad) expect(kindOf(await node.ask(Object(request)))).toBe("request");
    for (const json of [undefined, null, "", "{", "nul"]) {
      expect(JSON.parse(await node.server.handle(json, ALLOWS))).toMatchObject({ why: "request" });
    }
    expect(kindOf(await node.run("true", { key: good.key }))).toBe("state");
    expect(kindOf(await node.ask({ op: "signal", key: good.key, signal: "STOP" }))).toBe("request");
    expect(marks()).toBe(0);
  });

  test("a field of a newer gateway is left out, and a wait that is too long counts as the longest", async () => {
    const request = { ...runRequest("sleep 30", node.server.boot), newer: 1, waitMs: 1e6, max: 1e9 };
    expect(stateIn(await node.ask(request))).toMatchObject({ out: "", end: null });
    await node.ask({ op: "forget", key: request.key });
  });
});

test("hello says what the machine is, in bounded words", async () => {
  const hello = await node.ask({ op: "hello" });
  expect(hello).toMatchObject({
    kind: "hello",
    boot: node.server.boot,
    protocol: 1,
    version: "1.2.3",
    platform: process.platform,
    arch: process.arch,
    cores: expect.any(Number),
    nowMs: expect.any(Number),
  });
  expect(JSON.stringify(hello).length).toBeLessThan(2_000);
});

test("an answer that nobody waits for any more is given at once", async () => {
  const key = randomUUID();
  await node.run("sleep 30", { key, waitMs: 0 });
  const told: string[] = [];
  const pull = async (name: string, signal?: AbortSignal) => {
    const request = { op: "pull", key, out: 0, err: 0, max: 9, waitMs: 1_000 };
    const reply = await node.ask(request, signal === undefined ? ALLOWS : { ...ALLOWS, signal });
    expect(stateIn(reply).end).toBeNull();
    told.push(name);
  };
  const cancel = new AbortController();
  const both = [pull("waited for"), pull("given up", cancel.signal)];
  cancel.abort();
  await Promise.all(both);
  expect(told).toEqual(["given up", "waited for"]);
  await node.ask({ op: "forget", key });
});

describe("a login shell that told nothing", () => {
  const env = (name: string) => ({ PATH: "/usr/bin:/bin", NAME: name });
  const nameOf = async (): Promise<string> => (await node.complete('printf "$NAME"')).out;

  test("is asked again some time, and no command waits for that", async () => {
    const second = Promise.withResolvers<LoginEnv>();
    const answers = [
      Promise.resolve({ env: env("short"), isWhole: false, atMs: Number.NEGATIVE_INFINITY }),
      second.promise,
    ];
    node = nodeEnd({ readEnv: () => answers.shift() ?? Promise.reject(new Error("a third time")) });
    expect([await nameOf(), await nameOf()]).toEqual(["short", "short"]);
    second.resolve({ env: env("whole"), isWhole: true, atMs: Number.NEGATIVE_INFINITY });
    await vi.waitFor(async () => expect(await nameOf()).toBe("whole"), SLOW);
    expect([await nameOf(), answers.length]).toEqual(["whole", 0]);
  });

  test("is not asked again at once", async () => {
    const asked: number[] = [];
    const readEnv = async (): Promise<LoginEnv> => {
      asked.push(1);
      return { env: env("short"), isWhole: false, atMs: performance.now() };
    };
    node = nodeEnd({ readEnv });
    expect([await nameOf(), await nameOf(), asked.length]).toEqual(["short", "short", 1]);
  });
});
