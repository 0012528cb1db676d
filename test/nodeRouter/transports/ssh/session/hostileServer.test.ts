// What an SSH server may not do with a connection, whatever its shells say: the pool against one that does it.
import type { Connection, ServerChannel } from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { collect } from "../../../../../src/nodeRouter/transports/collect.ts";
import { NodePool } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import { READY } from "../../../../../src/nodeRouter/transports/ssh/session/bootstrap.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { createSimNode, type SimOptions, type SimShell } from "../../../../support/ssh/simNode.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

function setUp(options: SimOptions) {
  const node = createSimNode(options);
  const quiet = () => {};
  const pool = new NodePool({
    node: "sim",
    loginShell: false,
    connect: async () => ({ ok: true, client: await node.connect() }),
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
  });
  cleanUps.push(() => pool.destroy());
  cleanUps.push(() => node.cut());
  return { node, pool };
}

/** Sends any packet: ssh2's servers send none of these by themselves. */
function send(connection: Connection | ServerChannel, payload: readonly number[]): void {
  const client: unknown = Reflect.get(connection, "_client");
  const protocol: unknown = Reflect.get(connection, "_protocol") ?? Reflect.get(Object(client), "_protocol");
  const writer = Reflect.get(Reflect.get(Object(protocol), "_packetRW"), "write");
  const packet: Uint8Array = Reflect.apply(Reflect.get(writer, "alloc"), writer, [payload.length]);
  packet.set(payload, Reflect.get(writer, "allocStart"));
  const cipher = Reflect.get(Object(protocol), "_cipher");
  const finalized = Reflect.apply(Reflect.get(writer, "finalize"), writer, [packet]);
  Reflect.apply(Reflect.get(cipher, "encrypt"), cipher, [finalized]);
}

/** In bursts, until the connection is gone. */
function repeat(connection: Connection, payload: readonly number[]): void {
  let isOver = false;
  connection.once("close", () => {
    isOver = true;
  });
  const go = (): void => {
    if (isOver) return;
    for (let count = 0; count < 500; count += 1) send(connection, payload);
    setImmediate(go);
  };
  go();
}

const text = (word: string): readonly number[] => [0, 0, 0, word.length, ...Buffer.from(word)];
const outgoing = (channel: ServerChannel): number =>
  Number(Reflect.get(Object(Reflect.get(channel, "outgoing")), "id"));
const FLOOD = "it floods the connection with messages that carry no data";

describe("a server that sends messages without data, on and on", () => {
  test.each([
    ["requests that want an answer", [80, ...text("x"), 1]],
    ["host keys that nobody asked for", [80, ...text("hostkeys-00@openssh.com"), 1, ...text("k")]],
    [
      "openings of channels",
      [90, ...text("x11"), 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, ...text("a"), 0, 0, 0, 1],
    ],
    ["what is to be ignored", [2, ...text("x")]],
    ["debugging", [4, 1, ...text("x"), ...text("")]],
    ["answers to no request", [82]],
    ["types that do not exist", [200, 1, 2, 3]],
    ["banners after the login", [53, ...text("x"), ...text("")]],
    ["data for a session that is not there", [94, 0, 0, 3, 0, ...text("x")]],
    ["room for a session", [93, 0, 0, 0, 0, 0, 0, 0, 1]],
  ])("%s: loses the connection, and is told to be down with that reason", async (_, payload) => {
    const { node, pool } = setUp({ onLogin: (connection) => setImmediate(repeat, connection, payload) });
    pool.warm();
    await expect.poll(() => pool.ping(50, {})).toMatchObject({ kind: "down", reason: FLOOD });
    await expect.poll(() => node.connections()).toBe(0);
  });

  test("is refused what it is asked for, with the reason", async () => {
    const { pool } = setUp({
      onLogin: (connection) => setImmediate(repeat, connection, [80, ...text("x"), 1]),
      plays: () => true,
    });
    const outcome = await pool.start({ script: "echo" }).outcome;
    expect(outcome).toMatchObject({ kind: "notStarted", code: "NODE_UNREACHABLE" });
    expect(outcome).toMatchObject({ fact: expect.stringContaining(FLOOD) });
  });

  test("a few of them are nothing", async () => {
    const { pool } = setUp({
      onLogin(connection) {
        for (let count = 0; count < 50; count += 1)
          send(connection, [80, ...text("keepalive@openssh.com"), 1]);
      },
    });
    expect((await pool.start({ script: "x", input: Buffer.alloc(0) }).outcome).kind).toBe("ran");
  });
});

/** A runner that is handed a command, and then does this. */
const onCommand = (act: (shell: SimShell, marker: string) => void): Pick<SimOptions, "plays"> => ({
  plays(shell) {
    if (shell.kind !== "runner") return false;
    shell.channel.write(`${READY} ${shell.group} ${shell.server} ${shell.group} 1\n`);
    shell.channel.once("data", (chunk: Buffer) =>
      act(shell, chunk.toString("latin1").split(" ", 1)[0] ?? ""),
    );
    return true;
  },
});

/** Without heeding the window. */
function push({ channel }: SimShell, bytes: number): void {
  const piece = new Array<number>(16_384).fill(0x61);
  const id = outgoing(channel);
  for (let sent = 0; sent < bytes; sent += piece.length) {
    send(channel, [94, id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255, 0, 0, 0x40, 0, ...piece]);
  }
}

describe("a command's output", () => {
  test("beyond the window of a reader that reads nothing ends the connection", async () => {
    const { node, pool } = setUp(
      onCommand((shell, marker) => {
        shell.channel.write(`${marker}\n`);
        shell.channel.stderr.write(`${marker} start\n`);
        push(shell, 8 << 20);
      }),
    );
    const command = pool.start({ script: "x", input: Buffer.alloc(0) });
    const outcome = await command.outcome;
    expect(outcome).toMatchObject({
      kind: "unknown",
      fact: expect.stringContaining("it sent more than the receive window of a session allows"),
    });
    await expect.poll(() => node.connections()).toBe(0);
  });

  test("that goes on after its session was closed ends the connection", async () => {
    const { node, pool } = setUp(
      onCommand((shell, marker) => {
        shell.channel.write(`${marker}\n`);
        shell.channel.stderr.write(`${marker} start\n`);
        const go = (): void => {
          if (node.connections() === 0) return;
          push(shell, 1 << 20);
          setImmediate(go);
        };
        shell.channel.once("close", () => {});
        setTimeout(go, 20);
      }),
    );
    const collected = await collect(pool.start({ script: "x", input: Buffer.alloc(0) }), { onExcess: "end" });
    expect(collected).toMatchObject({ givenUp: "it printed more than 1 MiB", outcome: { kind: "unknown" } });
    await expect.poll(() => node.connections()).toBe(0);
  });
});

describe("a script whose output is kept", () => {
  const printing = (bytes: number, stream: "stdout" | "stderr", ends = true) =>
    onCommand((shell, marker) => {
      shell.channel.write(`${marker}\n`);
      shell.channel.stderr.write(`${marker} start\n`);
      const to = stream === "stdout" ? shell.channel : shell.channel.stderr;
      const chunk = Buffer.alloc(32_768, "x");
      let left = bytes;
      const go = (): void => {
        while (left > 0 && shell.channel.writable) {
          left -= chunk.length;
          if (!to.write(chunk)) {
            to.once("drain", go);
            return;
          }
        }
        if (ends) shell.exit(0);
      };
      go();
    });
  const request = { script: "x", input: Buffer.alloc(0) };
  /** So that a short deadline is one of the command, and not of the login before it. */
  const ready = async (pool: NodePool) => {
    pool.warm();
    await expect.poll(() => pool.counters().free).toBeGreaterThan(0);
  };

  test("that prints without end costs its limit, and the connection", async () => {
    const { node, pool } = setUp(printing(1 << 30, "stdout"));
    const { outcome, stdout, givenUp } = await collect(pool.start(request));
    expect({ kind: outcome.kind, kept: stdout.length, givenUp }).toEqual({
      kind: "unknown",
      kept: 1 << 20,
      givenUp: "it printed more than 1 MiB",
    });
    await expect.poll(() => node.connections()).toBe(0);
    expect(await pool.ping(50, {})).toMatchObject({ kind: "down", reason: "it printed more than 1 MiB" });
  });

  test("may complain at length: what is too much of it is dropped", async () => {
    const { pool } = setUp(printing(1 << 20, "stderr"));
    const { outcome, stderr, givenUp } = await collect(pool.start(request));
    expect({ outcome, kept: stderr.length, givenUp }).toEqual({
      outcome: { kind: "ran", exitCode: 0, signal: null },
      kept: 1 << 16,
      givenUp: null,
    });
  });

  test("that does not end is given up at its deadline, and what it had printed is kept", async () => {
    const { pool } = setUp(printing(1, "stdout", false));
    await ready(pool);
    const { outcome, stdout, givenUp } = await collect(pool.start(request), { deadlineMs: 1_500 });
    expect({ kind: outcome.kind, kept: stdout.length, givenUp }).toEqual({
      kind: "unknown",
      kept: 32_768,
      givenUp: expect.stringMatching(/^it did not end within \d+ s$/),
    });
  });

  test("of which the node does not end the session takes the connection with it, when nothing else runs there", async () => {
    const { node, pool } = setUp(printing(1, "stdout", false));
    await ready(pool);
    await collect(pool.start(request), { deadlineMs: 1_500 });
    // Presence wants the node all the time, and does not let it in again at once: its reason would be seen by nobody.
    await expect
      .poll(() => pool.ping(50, { connect: true }))
      .toMatchObject({ kind: "down", reason: expect.stringContaining("it did not end within") });
    expect(node.connections()).toBe(0);
  });

  test("that waits for a session is not started at its deadline", async () => {
    const { pool } = setUp({ answer: () => "neverReady" });
    expect(await collect(pool.start(request), { deadlineMs: 100 })).toMatchObject({
      outcome: { kind: "notStarted", fact: expect.stringContaining("it did not end within") },
    });
  });
});
