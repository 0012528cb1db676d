// Presence over a real SSH server in this process, whose shells are real: pings, faults, and the script of facts.
import ssh2 from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { resolveConfig } from "../../../../../src/config/resolve.ts";
import type { PoolConnectResult } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import { runScript } from "../../../../../src/nodeRouter/transports/ssh/runScript.ts";
import { createSshTransport } from "../../../../../src/nodeRouter/transports/ssh/sshTransport.ts";
import type { SshTransport } from "../../../../../src/nodeRouter/transports/transport.ts";
import { parseStats } from "../../../../../src/presence/sources/ssh/parse.ts";
import { STATS_SCRIPT } from "../../../../../src/presence/sources/ssh/script.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { refused } from "../../../../support/refused.ts";
import { type SshServer, startSshServer } from "../../../../support/ssh/server.ts";

const NODE = "mac-sg";
/** Ample: what answers does so in milliseconds. */
const AMPLE_MS = 20_000;
/** For what never answers. */
const SHORT_MS = 150;

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Lab {
  readonly server: SshServer;
  readonly transport: SshTransport;
  clockMs: number;
}

async function setUp(): Promise<Lab> {
  const server = await startSshServer({ allowNone: true });
  const node = resolveConfig({ nodes: { [NODE]: { ssh: {} } } }).nodes.get(NODE);
  const quiet = () => {};
  const lab: Lab = {
    server,
    clockMs: 1_700_000_000_000,
    transport: createSshTransport({
      settings: (name) => (name === NODE ? (node ?? null) : null),
      connect: () => connectTo(server.port),
      now: () => lab.clockMs,
      log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
    }),
  };
  cleanUps.push(
    () => server.stop(),
    () => lab.transport.destroy(),
  );
  return lab;
}

function connectTo(port: number): Promise<PoolConnectResult> {
  return new Promise((resolve) => {
    const client = new ssh2.Client();
    client.once("ready", () => resolve({ ok: true, client }));
    client.once("error", ({ message }) => {
      const why = refused("NODE_UNREACHABLE", message);
      resolve({ ok: false, ...why, transportFailure: true, tcpReached: false });
    });
    client.connect({ host: "127.0.0.1", port, username: "claw" });
  });
}

const ask = (lab: Lab, timeoutMs = AMPLE_MS) => lab.transport.ping(NODE, timeoutMs, { connect: true });
const run = (lab: Lab, script: string, timeoutMs = AMPLE_MS, args: readonly string[] = []) =>
  runScript(lab.transport, NODE, { script, args, timeoutMs });
const UP = { kind: "up", rttMs: expect.any(Number) };

describe("a ping", () => {
  test("is answered by the keeper, which starts no process for it", async () => {
    const lab = await setUp();
    expect(await ask(lab)).toEqual(UP);
    const { size } = lab.server.processes;
    const answers = await Promise.all(Array.from({ length: 500 }, () => ask(lab)));
    for (const answer of answers) expect(answer).toEqual(UP);
    expect(lab.server.processes.size).toBe(size);
    expect(lab.server.commands).toHaveLength(1);
  });

  test("of a node without ssh settings is unknown", async () => {
    const lab = await setUp();
    expect(await lab.transport.ping("other", AMPLE_MS, { connect: true })).toEqual({
      kind: "unknown",
      reason: "it has no plugins.entries.node-router.config.nodes.other.ssh",
    });
  });

  test("finds another keeper where the first was killed", async () => {
    const lab = await setUp();
    await ask(lab);
    lab.clockMs += 10_000;
    for (const process of lab.server.processes) process.kill();
    await expect.poll(() => lab.server.processes.size).toBe(0);
    await expect.poll(() => ask(lab)).toEqual(UP);
    expect(lab.server.connections()).toBe(1);
  });

  test("finds a black hole, and the node again when it is healed, though the old connection stays dead", async () => {
    const lab = await setUp();
    await ask(lab);
    lab.clockMs += 10_000;
    lab.server.freeze();
    expect([await ask(lab, SHORT_MS), await ask(lab, SHORT_MS)]).toEqual([
      { kind: "silent" },
      { kind: "silent" },
    ]);
    lab.server.thaw();
    lab.clockMs += 10_000;
    // An attempt that began in the black hole is lost in it; the operating system would give it up in time.
    lab.server.cut();
    await expect
      .poll(async () => {
        lab.clockMs += 3_000;
        return ask(lab, 1_000);
      })
      .toEqual(UP);
  });

  test("is down where nothing listens any more", async () => {
    const lab = await setUp();
    await ask(lab);
    lab.clockMs += 10_000;
    await lab.server.stop();
    await expect
      .poll(() => ask(lab))
      .toMatchObject({ kind: "down", reason: expect.stringContaining("ECONNREFUSED") });
  });

  test("goes on while much output is under way", async () => {
    const lab = await setUp();
    await ask(lab);
    const command = lab.transport.start(NODE, {
      script: "head -c 20000000 /dev/zero",
      input: Buffer.alloc(0),
    });
    command.stderr.resume();
    command.stdout.resume();
    expect((await ask(lab)).kind).toBe("up");
    expect(await command.outcome).toMatchObject({ kind: "ran", exitCode: 0 });
  });
});

describe("the script of facts", () => {
  test("runs over the connection that is open", async () => {
    const lab = await setUp();
    await ask(lab);
    const result = await run(lab, STATS_SCRIPT, AMPLE_MS, ["/"]);
    expect(result.ok).toBe(true);
    expect(parseStats(result.stdout)).toMatchObject({
      cpuCount: expect.any(Number),
      diskTotalBytes: expect.any(Number),
    });
    expect(lab.server.connections()).toBe(1);
  });

  test("is not run where none is open, and opens none", async () => {
    const lab = await setUp();
    expect(await run(lab, "echo ran")).toEqual({
      ok: false,
      reason: "no SSH connection to it is open",
      stdout: "",
      isConnected: false,
    });
    expect(lab.server.connections()).toBe(0);
  });

  test("that fails says how, and what it had printed", async () => {
    const lab = await setUp();
    await ask(lab);
    expect(await run(lab, "echo half; exit 3")).toEqual({
      ok: false,
      reason: "it ended with code 3",
      stdout: "half\n",
      isConnected: true,
    });
  });

  test("that does not end is ended, and what it had printed is kept", async () => {
    const lab = await setUp();
    await ask(lab);
    const pending = run(lab, "echo half; exec sleep 600", 2_000);
    expect(await pending).toEqual({
      ok: false,
      reason: "it did not end within 2 s",
      stdout: "half\n",
      isConnected: true,
    });
    await expect.poll(() => lab.transport.counters(NODE)?.running).toBe(0);
  });

  test("that prints without end is ended", async () => {
    const lab = await setUp();
    await ask(lab);
    const result = await run(lab, "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
    expect(result).toMatchObject({ ok: false, reason: "it printed more than 64 KiB" });
    expect(result.stdout.length).toBeLessThanOrEqual(1 << 16);
    await expect.poll(() => lab.transport.counters(NODE)?.running).toBe(0);
  });
});
