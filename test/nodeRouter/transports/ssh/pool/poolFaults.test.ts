// Faults that no real machine shows on demand: the pool against a server in memory that plays them.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NodePool, type PoolLimits } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import type {
  CommandRequest,
  Outcome,
  RunningCommand,
} from "../../../../../src/nodeRouter/transports/transport.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { refusalText } from "../../../../../src/shared/refusal.ts";
import {
  createSimNode,
  type SimNode,
  type SimOptions,
  type SimShell,
} from "../../../../support/ssh/simNode.ts";

const PTY = { rows: 24, cols: 80, term: "xterm" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
});
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
  vi.useRealTimers();
});

interface Lab {
  readonly node: SimNode;
  readonly pool: NodePool;
  readonly tried: { count: number };
}

function setUp(options: SimOptions = {}, limits: Partial<PoolLimits> = {}): Lab {
  const node = createSimNode(options);
  const quiet = () => {};
  const tried = { count: 0 };
  const pool = new NodePool({
    node: "sim",
    loginShell: false,
    async connect() {
      tried.count += 1;
      return { ok: true, client: await node.connect() };
    },
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
    limits,
  });
  cleanUps.push(() => {
    pool.destroy();
    node.cut();
  });
  return { node, pool, tried };
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let at = 0; at < 80; at += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 1_000));
    await settle();
  }
}

interface Followed {
  readonly command: RunningCommand;
  readonly out: () => string;
  outcome: Outcome | null;
}

function start(pool: NodePool, request: Partial<CommandRequest> = {}): Followed {
  const command = pool.start({ script: "true", ...request });
  let text = "";
  command.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  command.stderr.resume();
  const followed: Followed = { command, out: () => text, outcome: null };
  void command.outcome.then((outcome) => {
    followed.outcome = outcome;
  });
  return followed;
}

/** Commands that begin and go on until the test ends them. */
function holding(): { readonly begun: SimShell[]; readonly onCommand: (shell: SimShell) => void } {
  const begun: SimShell[] = [];
  return {
    begun,
    onCommand(shell) {
      begun.push(shell);
      shell.begin();
    },
  };
}

const RAN = { kind: "ran", exitCode: 0, signal: null };

describe("what is proven not to have begun", () => {
  test("is not a command whose start the server had no time to tell", async () => {
    const { node, pool } = setUp({
      // OpenSSH tells the exit before the output that it has not read yet.
      onCommand: (shell) => shell.channel.exit(0),
    });
    const { outcome } = await (async () => {
      const followed = start(pool);
      await settle();
      node.cut();
      await settle();
      return followed;
    })();
    expect(outcome).toMatchObject({ kind: "unknown", code: "OUTCOME_UNKNOWN" });
  });

  test("is not a command whose stderr goes nowhere", async () => {
    const { pool } = setUp({
      onCommand(shell) {
        shell.channel.write(`${shell.marker}\nhello\n`);
        shell.exit(3);
      },
    });
    const followed = start(pool);
    await settle();
    expect(followed.outcome).toEqual({ kind: "ran", exitCode: 3, signal: null });
    expect(followed.out()).toBe("hello\n");
  });

  test("is a command whose shell ended properly before it came to it", async () => {
    const { pool } = setUp({ onCommand: (shell) => shell.exit(137) });
    const followed = start(pool);
    await settle();
    expect(followed.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
  });

  test("is a command that nobody wants any more when it is asked for", async () => {
    const { node, pool } = setUp();
    const followed = start(pool, { abortSignal: AbortSignal.abort() });
    await settle();
    expect(followed.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(node.shells.every(({ body }) => body === null)).toBe(true);
  });
});

describe("an output that was cut", () => {
  test("is no complete output, whatever the exit code says", async () => {
    const { node, pool } = setUp({
      onCommand(shell) {
        shell.begin();
        shell.channel.write("half of i");
        shell.channel.exit(0);
      },
    });
    const followed = start(pool);
    await settle();
    node.cut();
    await settle();
    expect(followed.outcome).toMatchObject({ kind: "unknown", code: "OUTCOME_UNKNOWN" });
    expect(followed.outcome?.kind === "unknown" && refusalText(followed.outcome)).toContain("code 0");
  });

  test("is complete when the server said so before the connection was lost", async () => {
    const { node, pool } = setUp({
      onCommand(shell) {
        shell.begin();
        shell.channel.write("all of it");
        shell.exit(5);
        setImmediate(() => setImmediate(() => setImmediate(() => setImmediate(() => node.cut()))));
      },
    });
    const followed = start(pool);
    await settle();
    expect(followed.outcome).toEqual({ kind: "ran", exitCode: 5, signal: null });
    expect(followed.out()).toBe("all of it");
  });

  test("by its reader does not keep the command from ending", async () => {
    const { pool } = setUp({
      onCommand(shell) {
        shell.begin();
        shell.channel.write("x".repeat(1 << 20));
        shell.exit(0);
      },
    });
    const command = pool.start({ script: "yes" });
    command.stderr.resume();
    command.stdout.once("data", () => command.stdout.destroy());
    await settle();
    expect(await Promise.race([command.outcome, settle()])).toEqual(RAN);
  });
});

describe("a server that does not answer", () => {
  test.each(["silent", "neverReady"] as const)("is no reason to wait for ever (%s)", async (answer) => {
    let answers: "ready" | typeof answer = answer;
    const { pool } = setUp({ answer: () => answers });
    const waiting = [start(pool), start(pool, { pty: PTY })];
    await pass(46_000);
    for (const { outcome } of waiting) expect(outcome).toMatchObject({ kind: "notStarted" });
    expect(pool.counters()).toMatchObject({ queued: 0, pending: 0, running: 0 });
    answers = "ready";
    const next = [start(pool), start(pool, { pty: PTY })];
    await settle();
    for (const { outcome } of next) expect(outcome).toEqual(RAN);
  });

  test.each(["silent", "neverReady"] as const)(
    "for the keeper alone keeps no command waiting (%s)",
    async (answer) => {
      const { pool } = setUp({ answer: (kind) => (kind === "keeper" ? answer : "ready") });
      const followed = start(pool);
      await pass(16_000);
      expect(followed.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    },
  );

  test("for a terminal leaves the command before its time is over, and starts nothing later", async () => {
    const { node, pool } = setUp({ answer: (kind) => (kind === "terminal" ? "neverReady" : "ready") });
    const followed = start(pool, { pty: PTY });
    await settle();
    followed.command.signal("TERM");
    await settle();
    expect(followed.outcome).toMatchObject({ kind: "notStarted" });
    await pass(16_000);
    expect(node.shells.every(({ body }) => body === null)).toBe(true);
  });

  test("a keeper that ends as it says that it is ready is none", async () => {
    let ends = true;
    const { pool } = setUp({ answer: (kind) => (kind === "keeper" && ends ? "endsReady" : "ready") });
    const first = start(pool);
    await settle();
    ends = false;
    await pass(31_000);
    expect(first.outcome).not.toBeNull();
    const { begun } = { begun: start(pool) };
    await settle();
    expect(begun.outcome).toEqual(RAN);
  });

  test("a shell that ends as it says that it is ready is not opened over and over", async () => {
    const { node, pool } = setUp({ answer: (kind) => (kind === "runner" ? "endsReady" : "ready") });
    pool.warm();
    await settle();
    await settle();
    expect(node.shells.length).toBeLessThan(20);
    const followed = start(pool);
    await pass(31_000);
    expect(followed.outcome).toMatchObject({ kind: "notStarted" });
    expect(node.shells.length).toBeLessThan(60);
  });
});

describe("a shell in the server's own process group", () => {
  test("gets no command: ending it would end all others, and the server", async () => {
    const { node, pool } = setUp({ answer: (kind) => (kind === "runner" ? "sharedGroup" : "ready") });
    const followed = start(pool);
    await settle();
    expect(followed.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(followed.outcome?.kind === "notStarted" && refusalText(followed.outcome)).toContain(
      "process group",
    );
    expect(node.shells.every(({ body }) => body === null)).toBe(true);
  });
});

describe("a server that refuses the program", () => {
  test("is not asked over and over, and the session that it left open counts for nothing", async () => {
    let answer: "ready" | "refused" = "refused";
    const { node, pool, tried } = setUp({ answer: () => answer });
    const followed = start(pool);
    await settle();
    expect(followed.outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
    expect(node.mostSessions).toBeLessThanOrEqual(8);
    expect(tried.count).toBeLessThan(4);
    answer = "ready";
    const next = start(pool);
    await settle();
    expect(next.outcome).toEqual(RAN);
  });
});

describe("a terminal", () => {
  test.each([1, 2, 3])(
    "finds room where waiting shells hold all sessions (MaxSessions %i)",
    async (maxSessions) => {
      const { pool } = setUp({ maxSessions });
      pool.warm();
      await settle();
      const followed = start(pool, { pty: PTY });
      await settle();
      expect(followed.outcome).toEqual(RAN);
    },
  );

  test("gets the room of a command that ends", async () => {
    const { begun, onCommand } = holding();
    const { pool } = setUp({ onCommand }, { connections: 1 });
    const running = Array.from({ length: 7 }, () => start(pool));
    await settle();
    expect(begun).toHaveLength(7);
    const terminal = start(pool, { pty: PTY });
    await settle();
    expect(pool.counters().queued).toBe(1);
    begun[0]?.exit(0);
    await settle();
    expect(running[0]?.outcome).toEqual(RAN);
    expect(begun.at(-1)?.kind).toBe("terminal");
    begun.at(-1)?.exit(4);
    await settle();
    expect(terminal.outcome).toMatchObject({ exitCode: 4 });
  });

  test("that opens while the keeper is lost leaves no session behind", async () => {
    const { node, pool } = setUp({
      answer: (kind) => (kind === "terminal" ? "ready" : "ready"),
    });
    await (async () => {
      pool.warm();
      await settle();
    })();
    const followed = start(pool, { pty: PTY });
    node.shells.find(({ kind, isOver }) => kind === "keeper" && !isOver)?.exit("KILL");
    await settle();
    expect(followed.outcome?.kind).toMatch(/ran|notStarted/);
    const left = node.shells.filter(({ kind, isOver }) => kind === "terminal" && !isOver);
    expect(left).toEqual([]);
  });
});

describe("a keeper that was lost", () => {
  test("leaves no command that was told to end", async () => {
    const { begun, onCommand } = holding();
    const { node, pool } = setUp({ onCommand });
    const followed = start(pool);
    await settle();
    // It is gone, and the gateway does not know yet.
    const keeper = node.shells.find(({ kind }) => kind === "keeper");
    keeper?.channel.removeAllListeners("data");
    keeper?.channel.resume();
    followed.command.signal("TERM");
    keeper?.exit("KILL");
    await settle();
    expect(begun[0]?.signals).toContain("TERM");
    expect(followed.outcome).toMatchObject({ kind: "ran", signal: "SIGTERM" });
  });
});

describe("a connection that is unused", () => {
  test("and dead without anybody noticing takes no command with it", async () => {
    const { node, pool, tried } = setUp();
    await Promise.all([start(pool).command.outcome, settle()]);
    await pass(595_000);
    // Too late for the keepalive to notice before the idle time is over.
    node.freeze();
    await pass(6_000);
    const followed = start(pool);
    await settle();
    expect(tried.count).toBeGreaterThan(1);
    expect(followed.outcome).toEqual(RAN);
  });

  test("is closed also when its last command never got a session", async () => {
    const { node, pool } = setUp({ answer: (kind) => (kind === "keeper" ? "ready" : "endsFirst") });
    const followed = start(pool);
    await pass(31_000);
    expect(followed.outcome).toMatchObject({ kind: "notStarted" });
    await pass(601_000);
    expect(node.connections()).toBe(0);
  });
});
