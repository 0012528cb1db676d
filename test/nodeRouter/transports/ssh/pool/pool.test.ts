// The pool against a real SSH server in this process, whose commands are real shells.
import ssh2 from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { resolveConfig } from "../../../../../src/config/resolve.ts";
import type { ConfiguredNode } from "../../../../../src/config/resolveNodes.ts";
import { collect } from "../../../../../src/nodeRouter/transports/collect.ts";
import type {
  PoolConnectResult,
  PoolLimits,
} from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import { createSshTransport } from "../../../../../src/nodeRouter/transports/ssh/sshTransport.ts";
import type { CommandRequest, SshTransport } from "../../../../../src/nodeRouter/transports/transport.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { refusalText } from "../../../../../src/shared/refusal.ts";
import { refused } from "../../../../support/refused.ts";
import { type SshServer, type SshServerOptions, startSshServer } from "../../../../support/ssh/server.ts";

const NODE = "mac-sg";
const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Lab {
  readonly server: SshServer;
  readonly transport: SshTransport;
  /** Connections that were tried. */
  readonly tried: { count: number };
  /** What the node's settings are now; null = the config has no such node. */
  settings: ConfiguredNode | null;
  /** What connecting gives instead of a connection; null = a connection. */
  failure: Extract<PoolConnectResult, { ok: false }> | null;
  clockMs: number;
}

async function setUp(options: SshServerOptions = {}, limits: Partial<PoolLimits> = {}): Promise<Lab> {
  const server = await startSshServer({ allowNone: true, ...options });
  const quiet = () => {};
  const lab: Lab = {
    server,
    tried: { count: 0 },
    settings: settingsOf({}),
    failure: null,
    clockMs: 1_700_000_000_000,
    transport: createSshTransport({
      settings: (name) => (name === NODE ? lab.settings : null),
      connect: () => {
        lab.tried.count += 1;
        return lab.failure === null ? connectTo(server.port) : Promise.resolve(lab.failure);
      },
      now: () => lab.clockMs,
      log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
      limits,
    }),
  };
  cleanUps.push(() => server.stop());
  cleanUps.push(() => lab.transport.destroy());
  return lab;
}

function settingsOf(changes: object): ConfiguredNode {
  const node = resolveConfig({ nodes: { [NODE]: { ssh: {}, ...changes } } }).nodes.get(NODE);
  if (node === undefined) throw new Error("no node");
  return node;
}

function connectTo(port: number): Promise<PoolConnectResult> {
  return new Promise((resolve) => {
    const client = new ssh2.Client();
    client.once("ready", () => resolve({ ok: true, client }));
    client.once("error", (error) => {
      resolve({
        ok: false,
        ...refused("NODE_UNREACHABLE", `${error.message}`),
        transportFailure: true,
      });
    });
    client.connect({ host: "127.0.0.1", port, username: "claw" });
  });
}

function run(lab: Lab, script: string, more: Partial<CommandRequest> = {}) {
  return collect(lab.transport.start(NODE, { script, input: Buffer.alloc(0), ...more }));
}

/** A command that runs until it is ended, and has begun. */
async function startLong(lab: Lab, script = "echo up; exec sleep 600") {
  const command = lab.transport.start(NODE, { script });
  command.stderr.resume();
  command.stdout.resume();
  const begun = await command.started;
  return { command, group: begun?.processGroup ?? 0 };
}

const isAlive = (group: number): boolean => {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
};

describe("a command", () => {
  test("has its output, its exit code and its input", async () => {
    const lab = await setUp();
    const result = await run(lab, "cat; echo err >&2; exit 37", { input: Buffer.from("in\0put") });
    expect(result.outcome).toEqual({ kind: "ran", exitCode: 37, signal: null });
    expect(result.stdout.toString()).toBe("in\0put");
    expect(result.stderr.toString()).toBe("err\n");
  });

  test("that ends by a signal says which", async () => {
    const lab = await setUp();
    expect((await run(lab, "kill -TERM $$")).outcome).toMatchObject({ kind: "ran", exitCode: null });
  });

  test("is ended with its whole group, and that is how it ran", async () => {
    const lab = await setUp();
    const { command, group } = await startLong(lab, "sleep 600 & sleep 600");
    command.signal("TERM");
    expect(await command.outcome).toMatchObject({ kind: "ran", exitCode: null });
    await expect.poll(() => isAlive(group)).toBe(false);
  });

  test("takes input while it runs", async () => {
    const lab = await setUp();
    const command = lab.transport.start(NODE, { script: "read x; echo got $x; read y; echo end $y" });
    command.stdin.write("one\n");
    const all = collect(command);
    command.stdin.end("two\n");
    expect((await all).stdout.toString()).toBe("got one\nend two\n");
  });

  test("in a working directory that is not there was not started, and says so", async () => {
    const lab = await setUp();
    const { outcome } = await run(lab, "echo ran", { cwd: "/no/such" });
    expect(outcome).toMatchObject({ kind: "notStarted", code: "WORKDIR_UNAVAILABLE" });
    expect(outcome.kind === "notStarted" && refusalText(outcome)).toContain(
      '"/no/such" does not exist on node "mac-sg"',
    );
  });

  test("that is cancelled while it waits was not started", async () => {
    const lab = await setUp({ hangAuth: true });
    const command = lab.transport.start(NODE, { script: "echo ran" });
    command.signal("TERM");
    expect(await command.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(await command.started).toBeNull();
  });

  test("whose caller gives up is ended", async () => {
    const lab = await setUp();
    const abort = new AbortController();
    const command = lab.transport.start(NODE, { script: "sleep 600", abortSignal: abort.signal });
    command.stdout.resume();
    command.stderr.resume();
    await command.started;
    abort.abort();
    expect(await command.outcome).toMatchObject({ kind: "ran", exitCode: null });
  });

  test("that holds a NUL character is refused before anything is opened", async () => {
    const lab = await setUp();
    expect((await run(lab, "echo \0")).outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(lab.tried.count).toBe(0);
  });
});

describe("sessions", () => {
  test("one connection serves commands one after the other", async () => {
    const lab = await setUp();
    for (let at = 0; at < 12; at += 1) {
      expect((await run(lab, `exit ${at}`)).outcome).toMatchObject({ exitCode: at });
    }
    expect(lab.tried.count).toBe(1);
  });

  test.each([1, 10])(
    "200 commands at once lose no exit code with MaxSessions %i",
    async (maxSessions) => {
      // With one session at a time all of it took 16 to 34 s on a busy machine.
      const lab = await setUp({ maxSessions }, { queueMs: 200_000 });
      const results = await Promise.all(Array.from({ length: 200 }, (_, at) => run(lab, `exit ${at % 256}`)));
      expect(results.map(({ outcome }) => (outcome.kind === "ran" ? outcome.exitCode : outcome))).toEqual(
        Array.from({ length: 200 }, (_, at) => at % 256),
      );
      expect(lab.server.connections()).toBeLessThanOrEqual(5);
    },
    240_000,
  );

  test("a command beyond the queue is refused at once, and was not started", async () => {
    const lab = await setUp({ hangAuth: true }, { queue: 2 });
    const waiting = [run(lab, "true"), run(lab, "true")];
    const { outcome } = await run(lab, "true");
    expect(outcome).toMatchObject({ kind: "notStarted", code: "NODE_BUSY" });
    lab.transport.destroy();
    for (const { outcome: refused } of await Promise.all(waiting)) expect(refused.kind).toBe("notStarted");
  });

  test("a command that gets no session in time is refused, and those that run go on", async () => {
    const lab = await setUp({ maxSessions: 1 }, { connections: 2, queueMs: 3_000 });
    const { command, group } = await startLong(lab);
    expect((await run(lab, "true")).outcome).toMatchObject({ kind: "notStarted", code: "NODE_BUSY" });
    expect(isAlive(group)).toBe(true);
    command.signal("KILL");
    await command.outcome;
  });

  test("the six numbers say what there is", async () => {
    const lab = await setUp({}, { warm: 2 });
    expect(lab.transport.counters(NODE)).toBeNull();
    lab.transport.warm(NODE);
    await expect
      .poll(() => lab.transport.counters(NODE))
      .toEqual({
        connected: 1,
        free: 2,
        pending: 0,
        queued: 0,
        running: 0,
        size: 2,
      });
    const { command } = await startLong(lab);
    await expect
      .poll(() => lab.transport.counters(NODE))
      .toEqual({
        connected: 1,
        free: 2,
        pending: 0,
        queued: 0,
        running: 1,
        size: 3,
      });
    command.signal("KILL");
    await command.outcome;
    await expect.poll(() => lab.transport.counters(NODE)?.running).toBe(0);
  });

  test("unused connections are closed, and the next command opens one again", async () => {
    const lab = await setUp({}, { idleMs: 30 });
    await run(lab, "true");
    await expect.poll(() => lab.server.connections()).toBe(0);
    expect((await run(lab, "exit 4")).outcome).toMatchObject({ exitCode: 4 });
  });

  test("what the node is becomes known with the first connection", async () => {
    const lab = await setUp();
    expect(lab.transport.info(NODE)).toBeNull();
    await run(lab, "true");
    expect(lab.transport.info(NODE)).toMatchObject({
      os: process.platform === "darwin" ? "Darwin" : "Linux",
    });
  });

  test("a login shell that never gets ready is told with what it printed, and tried again when asked", async () => {
    let talks = true;
    const lab = await setUp({
      exec: (_command, channel) => {
        channel.stderr.write("This account is currently not available.\n");
        channel.exit(1);
        channel.end();
        talks = true;
      },
    });
    const { outcome } = await run(lab, "true");
    expect(outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(outcome.kind === "notStarted" && refusalText(outcome)).toContain(
      "This account is currently not available.",
    );
    talks = false;
    expect((await run(lab, "true")).outcome.kind).toBe("notStarted");
    expect(talks).toBe(true);
  });
});

describe("a lost connection", () => {
  test("makes the outcome unknown, names the process group, and runs nothing again", async () => {
    const lab = await setUp();
    const { command, group } = await startLong(lab);
    const before = lab.server.commands.length;
    lab.server.cut();
    const outcome = await command.outcome;
    expect(outcome).toMatchObject({ kind: "unknown", code: "OUTCOME_UNKNOWN", processGroup: group });
    expect(outcome.kind === "unknown" && refusalText(outcome)).toContain(`process group ${group}`);
    expect(lab.server.commands.length).toBe(before);
  });

  test("does not reach commands that had ended", async () => {
    const lab = await setUp();
    const { outcome } = await run(lab, "exit 3");
    lab.server.cut();
    expect(outcome).toEqual({ kind: "ran", exitCode: 3, signal: null });
  });

  test("leaves nothing behind on the node", async () => {
    const lab = await setUp();
    const { command, group } = await startLong(lab, "sleep 600 & sleep 600");
    lab.server.cut();
    await command.outcome;
    await expect.poll(() => isAlive(group)).toBe(false);
  });

  test("is followed by a new one for the next command", async () => {
    const lab = await setUp();
    await run(lab, "true");
    lab.server.cut();
    await expect.poll(() => lab.transport.counters(NODE)?.connected).toBe(0);
    expect((await run(lab, "exit 5")).outcome).toMatchObject({ exitCode: 5 });
  });
});

describe("an unreachable node", () => {
  const unreachable = {
    ok: false,
    ...refused("NODE_UNREACHABLE", 'node "mac-sg" refused the connection'),
    transportFailure: true,
  } as const;

  test("is told, and is not tried again before its time", async () => {
    const lab = await setUp();
    lab.failure = unreachable;
    expect((await run(lab, "true")).outcome).toMatchObject({
      kind: "notStarted",
      fact: unreachable.fact,
    });
    const second = await run(lab, "true");
    expect(lab.tried.count).toBe(1);
    expect(second.outcome.kind === "notStarted" && refusalText(second.outcome)).toContain(
      "not tried again for 1 s",
    );
    lab.clockMs += 1_000;
    lab.failure = null;
    expect((await run(lab, "exit 6")).outcome).toMatchObject({ exitCode: 6 });
  });

  test("whose key is wrong is tried every time: waiting would not mend it", async () => {
    const lab = await setUp();
    lab.failure = {
      ...unreachable,
      ...refused("AUTH_FAILED", "no key"),
      transportFailure: false,
    };
    expect((await run(lab, "true")).outcome).toMatchObject({ kind: "notStarted", code: "AUTH_FAILED" });
    await run(lab, "true");
    expect(lab.tried.count).toBe(2);
  });
});

describe("closing", () => {
  test("waits for what runs, and takes nothing more", async () => {
    const lab = await setUp();
    const { command } = await startLong(lab, "read x; exit 9");
    const closed = lab.transport.close();
    expect((await run(lab, "true")).outcome.kind).toBe("notStarted");
    command.stdin.write("go\n");
    expect(await command.outcome).toMatchObject({ kind: "ran", exitCode: 9 });
    await closed;
    await expect.poll(() => lab.server.connections()).toBe(0);
  });

  test("at once makes outcomes unknown and leaves nothing behind", async () => {
    const lab = await setUp();
    const { command, group } = await startLong(lab);
    lab.transport.destroy();
    expect((await command.outcome).kind).toBe("unknown");
    await expect.poll(() => isAlive(group)).toBe(false);
  });

  test("a change of the node's settings lets running commands end on the old connection", async () => {
    const lab = await setUp();
    const { command } = await startLong(lab, "read x; exit 9");
    lab.settings = settingsOf({ ssh: { user: "other" } });
    expect((await run(lab, "exit 1")).outcome).toMatchObject({ exitCode: 1 });
    expect(lab.tried.count).toBe(2);
    expect(lab.transport.counters(NODE)).toMatchObject({ running: 1, connected: 1 });
    command.stdin.write("go\n");
    expect(await command.outcome).toMatchObject({ kind: "ran", exitCode: 9 });
    expect(lab.transport.counters(NODE)).toMatchObject({ running: 0 });
  });

  test("waits also for what runs on the connection of earlier settings", async () => {
    const lab = await setUp();
    const { command } = await startLong(lab, "read x; exit 9");
    lab.settings = settingsOf({ ssh: { user: "other" } });
    await run(lab, "true");
    let closed = false;
    const closing = lab.transport.close().then(() => {
      closed = true;
    });
    await expect.poll(() => lab.server.connections()).toBe(1);
    expect(closed).toBe(false);
    command.stdin.write("go\n");
    expect(await command.outcome).toMatchObject({ kind: "ran", exitCode: 9 });
    await closing;
  });

  test("a change of something else keeps the connection", async () => {
    const lab = await setUp();
    await run(lab, "true");
    lab.settings = settingsOf({ tags: ["gpu"] });
    await run(lab, "true");
    expect(lab.tried.count).toBe(1);
  });

  test("a node that is gone from the config takes no commands", async () => {
    const lab = await setUp();
    await run(lab, "true");
    lab.settings = null;
    const { outcome } = await run(lab, "true");
    expect(outcome.kind === "notStarted" && refusalText(outcome)).toContain("nodes.mac-sg.ssh");
    expect(lab.transport.counters(NODE)).toBe(null);
  });

  test("what runs on a node that is gone from the config is counted until it ends", async () => {
    const lab = await setUp();
    const { command } = await startLong(lab, "read x; exit 9");
    lab.settings = null;
    await run(lab, "true");
    expect(lab.transport.counters(NODE)).toMatchObject({ running: 1, connected: 0 });
    command.stdin.write("go\n");
    await command.outcome;
    expect(lab.transport.counters(NODE)).toBe(null);
  });
});
