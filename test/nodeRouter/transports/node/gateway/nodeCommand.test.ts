// One command on a paired node: what is sent, how often, and what is told of it.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  LEASE_MS,
  MAX_INPUT_BYTES,
  MAX_REPLY_BYTES,
  MAX_WAIT_MS,
  type RefusedWhy,
} from "../../../../../src/nodeRouter/transports/node/wire.ts";
import { arranged, fakeTime, NODE, pass, script, watched } from "./arrange.ts";

beforeEach(fakeTime);
afterEach(() => void vi.useRealTimers());

const opsOf = ({ host }: ReturnType<typeof arranged>) => host.requests.map(({ op }) => op);

describe("a command that ends soon", () => {
  test("is one call, its input along, and the node is told to forget it behind its end", async () => {
    const there = arranged();
    there.transport.warm(NODE);
    await pass(100);
    const one = there.start({ script: script({ endsAtMs: null }), input: Buffer.from("hello") });
    await pass(71);
    expect([one.outcome, one.stdout]).toEqual([{ kind: "ran", exitCode: 0, signal: null }, "hello"]);
    await pass(100);
    expect(opsOf(there)).toEqual(["hello", "run", "forget"]);
  });

  test("with open input is one call, too", async () => {
    const there = arranged();
    const one = there.start({ input: null });
    await pass(250);
    expect(one.outcome).toEqual({ kind: "ran", exitCode: 0, signal: null });
    expect(opsOf(there)).toEqual(["hello", "run", "forget"]);
  });
});

test("its settings go to the node as they are, and the session's key to the host alone", async () => {
  const there = arranged();
  there.start({
    args: ["a b"],
    env: { A: "1" },
    cwd: "/work",
    makeCwd: true,
    pathPrepend: ["/opt/bin"],
    pty: { rows: 30, cols: 120, term: "xterm" },
    sessionKey: "agent:worker-sg:main",
    approved: true,
  });
  await pass(110);
  expect(there.host.requests[1]).toMatchObject({
    args: ["a b"],
    env: { A: "1" },
    cwd: "/work",
    makeCwd: true,
    pathPrepend: ["/opt/bin"],
    pty: { rows: 30, cols: 120, term: "xterm" },
    approved: true,
    eof: true,
    waitMs: MAX_WAIT_MS,
  });
  expect(JSON.stringify(there.host.requests)).not.toContain("worker-sg");
  expect(there.sent.map(({ sessionKey }) => sessionKey ?? null)).toEqual([null, "agent:worker-sg:main"]);
});

test("no node learns the mark of our calls", async () => {
  const there = arranged();
  there.start();
  await pass(1_000);
  expect(there.sent.every(({ params }) => params.nonce === there.calls.nonce)).toBe(true);
  expect(JSON.stringify(there.host.requests)).not.toContain(there.calls.nonce);
});

test("no question lasts longer on the node than the gateway can wait with a reload", async () => {
  const there = arranged();
  there.start({ script: script({ endsAtMs: 60_000 }) });
  await pass(61_000);
  const waits = there.host.requests.flatMap((request) => ("waitMs" in request ? [request.waitMs] : []));
  expect(waits.length).toBeGreaterThan(20);
  expect(Math.max(...waits)).toBe(MAX_WAIT_MS);
});

describe("what is said before it was sent", () => {
  test("a node that is not connected: nothing is sent to it", async () => {
    const there = arranged();
    there.net.disconnect();
    const one = there.start();
    await pass(100);
    expect(one.text).toBe(
      'NODE_UNREACHABLE: node "mac-sg" is not connected to the gateway; nothing ran. See whether its node host runs and reaches the gateway; trying again is safe.',
    );
    expect(there.host.requests).toEqual([]);
  });

  test("a cancelled one is never sent", async () => {
    const there = arranged();
    const abort = new AbortController();
    const one = there.start({ abortSignal: abort.signal });
    abort.abort();
    await pass(5_000);
    expect(one.text).toBe('NOT_STARTED: the command was cancelled before it began on node "mac-sg".');
    expect(opsOf(there)).toEqual(["hello"]);
    expect(await one.command.started).toBe(null);
  });

  test("one that no shell could take is not asked for", async () => {
    const there = arranged();
    const one = there.start({ env: { "A B": "1" } });
    await pass(100);
    expect(one.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(there.sent).toEqual([]);
  });

  test("while the plugin is reloaded it waits for the next registration, and runs", async () => {
    const there = arranged();
    there.unpublish();
    const one = there.start();
    await pass(1_500);
    expect(one.outcome).toBe(null);
    there.calls.publish(there.invoke);
    await pass(200);
    expect(one.outcome).toMatchObject({ kind: "ran" });
  });

  test("a gap that is none, but the plugin's end, is told within some seconds", async () => {
    const there = arranged();
    there.unpublish();
    const one = there.start();
    await pass(6_000);
    expect(one.text).toBe(
      'NOT_STARTED: on node "mac-sg" the command could not be sent: node-router is being reloaded; nothing ran, and trying again is safe.',
    );
  });

  test("what changed just as it was to be sent is tried again, and it begins once", async () => {
    const there = arranged();
    there.net.fates = ["ok", "passing", "passing"];
    const one = there.start();
    await pass(1_000);
    expect(one.outcome).toMatchObject({ kind: "ran" });
    expect(there.host.begun.get("one")).toHaveLength(1);
  });
});

describe("a node host that was started anew since it was last heard of", () => {
  test("refuses what was meant for the earlier one; the command is sent to the new one, and begins once", async () => {
    const there = arranged();
    there.transport.warm(NODE);
    await pass(100);
    there.host.restart();
    const one = there.start();
    await pass(500);
    expect(one.outcome).toMatchObject({ kind: "ran" });
    expect(opsOf(there)).toEqual(["hello", "run", "hello", "run", "forget"]);
    expect(there.host.begun.get("one")).toHaveLength(1);
  });

  test("and has another protocol now: nothing is sent to it a second time", async () => {
    const there = arranged();
    there.transport.warm(NODE);
    await pass(100);
    there.host.restart();
    there.host.hello = { protocol: 2, version: "9.0.0" };
    const one = there.start();
    await pass(500);
    expect(one.text).toBe(
      'WORKSPACE_UNAVAILABLE: node-router "9.0.0" on node "mac-sg" speaks protocol 2, and the gateway\'s 1: the node\'s is the newer one; nothing ran. Run "openclaw plugins update node-router" on the gateway.',
    );
    expect(there.host.begun.size).toBe(0);
  });
});

describe("what the node refuses did not begin, and is said so", () => {
  test.each<[RefusedWhy, string]>([
    [
      "denied",
      'RUN_NOT_ALLOWED: node "mac-sg" refused the command: why; nothing ran. Let the owner of the node see "openclaw approvals get" there, or use another node.',
    ],
    [
      "cwd-missing",
      'WORKDIR_UNAVAILABLE: the working directory "/work" does not exist on node "mac-sg"; the command was not run. Make the directory there, or leave workdir out.',
    ],
    [
      "cwd-not-a-directory",
      'WORKDIR_UNAVAILABLE: the working directory "/work" is not a directory on node "mac-sg"; the command was not run. Make the directory there, or leave workdir out.',
    ],
    [
      "cwd-denied",
      'WORKDIR_UNAVAILABLE: the working directory "/work" may not be entered on node "mac-sg"; the command was not run. Make the directory there, or leave workdir out.',
    ],
    [
      "full",
      'NODE_BUSY: node "mac-sg" takes no more commands now: why; nothing ran. Wait for some to end, or end them with process kill.',
    ],
    [
      "platform",
      'WORKSPACE_UNAVAILABLE: node "mac-sg" cannot hold a workspace: why; nothing ran. Give the agent a Linux or macOS node, or bind its exec alone.',
    ],
    ["pty", 'NOT_STARTED: on node "mac-sg" no terminal can be made: why; nothing ran. Leave pty out.'],
    [
      "spawn",
      'NOT_STARTED: on node "mac-sg" the system started no process: why; nothing ran. See what keeps it from that (memory, limits, its logs).',
    ],
    [
      "request",
      'NOT_STARTED: on node "mac-sg" the request was not understood: why; nothing ran. Install the same version of node-router on both sides.',
    ],
    [
      "forgotten",
      'NOT_STARTED: on node "mac-sg" the node host did not take the command; nothing ran, and trying again is safe.',
    ],
  ])("%s", async (why, text) => {
    const there = arranged();
    there.host.refuse = { why, fact: "why" };
    const one = there.start({ cwd: "/work" });
    await pass(500);
    expect(one.text).toBe(text);
    expect(await one.command.started).toBe(null);
  });
});

describe("a command whose answer was lost", () => {
  test("is asked for by its key, and its real end is told", async () => {
    const there = arranged();
    there.net.fates = ["ok", "loseReply"];
    const one = there.start({ script: script({ exitCode: 7, prints: [{ atMs: 0, out: "a", err: "b" }] }) });
    await pass(2_000);
    expect([one.outcome, one.stdout, one.stderr]).toEqual([
      { kind: "ran", exitCode: 7, signal: null },
      "a",
      "b",
    ]);
    expect(opsOf(there).filter((op) => op === "run")).toHaveLength(1);
  });

  test("and that never arrived did not begin, and is barred before that is said", async () => {
    const there = arranged();
    there.net.fates = ["ok", "loseRequest"];
    const one = there.start();
    await pass(2_000);
    expect(one.text).toBe(
      'NOT_STARTED: on node "mac-sg" the command never arrived: the connection was lost as it was sent; nothing ran, and trying again is safe.',
    );
    expect(opsOf(there)).toEqual(["hello", "hello", "pull", "forget", "forget"]);
  });

  test("by a node host that then refuses the question about it: whether it began is unknown", async () => {
    const there = arranged();
    there.net.fates = ["ok", "loseReply"];
    there.net.handle = async (request) =>
      request.op === "pull"
        ? { kind: "refused", boot: "another", why: "request", fact: "none of this protocol" }
        : there.host.handle(request);
    const one = there.start();
    await pass(5_000);
    expect(there.host.begun.size).toBe(1);
    expect(one.outcome).toMatchObject({ kind: "unknown", code: "OUTCOME_UNKNOWN" });
  });

  test("by a node host that has ended since: whether it began is unknown", async () => {
    const there = arranged();
    there.net.fates = ["ok", "loseRequest"];
    const one = there.start();
    await pass(110);
    there.host.restart();
    await pass(2_000);
    expect(one.text).toBe(
      'OUTCOME_UNKNOWN: the node host on node "mac-sg" ended, after the command may have begun there, and how it ended was not seen; it was not run again and must not be before you looked at what it did.',
    );
  });
});

test("a cut of 150 s in mid-command, which the gateway noticed: its real end is told within 5 s of healing", async () => {
  const there = arranged();
  const one = there.start({ script: script({ endsAtMs: 10_000, exitCode: 4 }), input: null });
  await pass(1_000);
  there.net.cut();
  there.net.disconnect();
  await pass(150_000);
  expect(one.outcome).toBe(null);
  there.net.heal();
  await pass(5_000);
  expect(one.outcome).toEqual({ kind: "ran", exitCode: 4, signal: null });
});

test("commands that wait for the same node share one question: the gateway logs each", async () => {
  const there = arranged();
  for (let at = 0; at < 10; at += 1) there.start({ script: script({ id: `cmd-${at}`, endsAtMs: 90_000 }) });
  await pass(1_000);
  there.net.disconnect();
  const before = there.net.calls;
  await pass(60_000);
  expect(there.net.calls - before).toBeLessThan(30);
});

test("a node host that ended in mid-command: its end is unknown, with the process group", async () => {
  const there = arranged();
  const one = there.start({ script: script({ endsAtMs: 60_000 }) });
  await pass(4_000);
  there.net.disconnect();
  there.host.restart();
  await pass(4_000);
  expect(one.outcome).toBe(null);
  there.net.heal();
  await pass(5_000);
  expect(one.outcome).toMatchObject({ kind: "unknown", code: "OUTCOME_UNKNOWN", processGroup: 4242 });
  expect(one.text).toContain('the node host on node "mac-sg" ended, after the command had begun there');
});

test("a node that stays away for longer than anything runs there unasked: its end is unknown", async () => {
  const there = arranged();
  const one = there.start({ script: script({ endsAtMs: 60_000 }) });
  await pass(4_000);
  there.net.disconnect();
  await pass(LEASE_MS);
  expect(one.outcome).toBe(null);
  await pass(40_000);
  expect(one.text).toContain(
    'node "mac-sg" stayed away for more than 10 minutes, after the command had begun there (process group 4242)',
  );
});

describe("input", () => {
  test("of more than one request comes whole and in order", async () => {
    const there = arranged();
    const input = Buffer.alloc(2 * MAX_INPUT_BYTES + 5, "abc");
    const one = there.start({ script: script({ endsAtMs: null }), input });
    await pass(120_000);
    expect(one.outcome).toMatchObject({ kind: "ran" });
    expect(there.host.begun.get("one")?.[0]?.input.equals(input)).toBe(true);
    expect(opsOf(there).filter((op) => op === "input")).toHaveLength(2);
  });

  test("that is written while it runs comes once, also where an answer to it was lost", async () => {
    const there = arranged();
    const one = there.start({ script: script({ endsAtMs: null }), input: null });
    await pass(500);
    one.command.stdin.write("one ");
    await pass(300);
    there.net.fates = ["loseReply"];
    one.command.stdin.write("two ");
    await pass(3_000);
    one.command.stdin.end("three");
    await pass(1_000);
    expect([one.outcome?.kind, one.stdout]).toEqual(["ran", "one two three"]);
  });
});

describe("a signal", () => {
  test("goes to the command that runs", async () => {
    const there = arranged();
    const one = there.start({ script: script({ endsAtMs: 60_000 }) });
    await pass(3_000);
    one.command.signal("TERM");
    await pass(1_000);
    expect(one.outcome).toEqual({ kind: "ran", exitCode: null, signal: "SIGTERM" });
    expect(there.host.begun.get("one")?.[0]?.signals).toEqual(["TERM"]);
  });

  test("that overtakes the command is sent again when that has begun", async () => {
    const there = arranged();
    const one = there.start({ script: script({ endsAtMs: 60_000 }) });
    // Sent, and not there yet.
    await pass(100);
    one.command.signal("INT");
    await pass(4_000);
    expect(one.outcome).toEqual({ kind: "ran", exitCode: null, signal: "SIGINT" });
  });
});

describe("a command that is given up", () => {
  test("settles now, and is ended on the node", async () => {
    const there = arranged();
    const one = there.start({ script: script({ endsAtMs: 60_000 }) });
    await pass(3_000);
    one.command.abandon("it did not end within 3 s", "end");
    await Promise.resolve();
    await pass(1);
    expect(one.text).toContain(
      'the command on node "mac-sg" was given up, because it did not end within 3 s, after the command had begun there (process group 4242)',
    );
    await pass(1_000);
    expect(there.host.running).toBe(0);
  });

  test("while the node is away is ended when that is back", async () => {
    const there = arranged();
    const one = there.start({ script: script({ endsAtMs: 600_000 }) });
    await pass(3_000);
    there.net.disconnect();
    one.command.abandon("it did not end within 3 s", "end");
    await pass(30_000);
    expect(there.host.running).toBe(1);
    there.net.heal();
    await pass(6_000);
    expect(there.host.running).toBe(0);
  });
});

test("a link too slow for large answers gets smaller ones, and larger ones again when they come through", async () => {
  const there = arranged();
  const prints = [{ atMs: 0, out: "x".repeat(1 << 20), err: "" }];
  const one = there.start({ script: script({ prints, endsAtMs: 10 }), input: null });
  there.net.fates = ["ok", "silence", "ok", "silence", "ok", "silence"];
  await pass(120_000);
  expect([one.outcome?.kind, one.stdout.length]).toEqual(["ran", 1 << 20]);
  const asked = there.host.requests.flatMap((request) => (request.op === "pull" ? [request.max] : []));
  expect(asked[0]).toBe(MAX_REPLY_BYTES / 4);
  expect(asked[1]).toBe(MAX_REPLY_BYTES / 16);
  expect(asked[2]).toBe(MAX_REPLY_BYTES / 64);
  expect(asked[3]).toBe(MAX_REPLY_BYTES / 32);
});

describe("output that nobody reads", () => {
  const much = "x".repeat(300_000);

  test("is asked for no further, and the command keeps its lease", async () => {
    const there = arranged();
    const prints = [
      { atMs: 0, out: much, err: "" },
      { atMs: 5_000, out: much, err: "" },
    ];
    const command = there.transport.start(NODE, {
      script: script({ prints, endsAtMs: 20_000 }),
      input: Buffer.alloc(0),
    });
    await pass(2 * LEASE_MS);
    expect(command.stdout.readableLength).toBeLessThanOrEqual(much.length);
    const one = watched(command);
    await pass(10_000);
    expect([one.outcome, one.stdout.length]).toEqual([
      { kind: "ran", exitCode: 0, signal: null },
      2 * much.length,
    ]);
    expect(there.host.begun.get("one")?.[0]?.signals).toEqual([]);
  });

  test("as its reader went away keeps no command from its end", async () => {
    const there = arranged();
    const prints = [0, 1_000, 2_000].map((atMs) => ({ atMs, out: much, err: "" }));
    const one = there.start({ script: script({ prints, endsAtMs: 5_000 }) });
    one.command.stdout.destroy();
    await pass(15_000);
    expect(one.outcome).toMatchObject({ kind: "ran" });
  });
});

test("a node that answers what cannot be read is not believed: its end is unknown, and it is ended", async () => {
  const there = arranged();
  const one = there.start({ script: script({ endsAtMs: 60_000 }) });
  await pass(3_000);
  const { handle } = there.host;
  there.host.handle = async (request) =>
    request.op === "pull" ? JSON.parse('{"kind":"state","boot":7}') : handle.call(there.host, request);
  await pass(4_000);
  expect(one.text).toContain('node "mac-sg" answered what node-router does not read');
  expect(there.host.running).toBe(0);
});

test("a transport that closes begins nothing, and waits for what runs", async () => {
  const there = arranged();
  const one = there.start({ script: script({ endsAtMs: 5_000 }) });
  await pass(1_000);
  let closed = false;
  void there.transport.close().then(() => {
    closed = true;
  });
  const late = there.start({ script: script({ id: "two" }) });
  await pass(1_000);
  expect([late.outcome?.kind, closed, there.transport.counters(NODE.nodeId)]).toEqual([
    "notStarted",
    false,
    { running: 1 },
  ]);
  await pass(6_000);
  expect([one.outcome?.kind, closed]).toEqual(["ran", true]);
});
