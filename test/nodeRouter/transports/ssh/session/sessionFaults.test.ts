// What a login does to its sessions is found before the first command, by real shells behind a server in this process.

import ssh2 from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { collect } from "../../../../../src/nodeRouter/transports/collect.ts";
import { NodePool } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import type { PoolLimits } from "../../../../../src/nodeRouter/transports/ssh/pool/poolOptions.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { refusalText } from "../../../../../src/shared/refusal.ts";
import { textOf } from "../../../../support/refused.ts";
import { type SshServer, startSshServer } from "../../../../support/ssh/server.ts";
import { runInShell, type ShellProcess } from "../../../../support/ssh/shell.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

interface Lab {
  readonly pool: NodePool;
  readonly server: SshServer;
  /** What runs in front of every session's program; may be changed. */
  startFile: string | (() => string);
}

async function setUp(startFile: Lab["startFile"], limits: Partial<PoolLimits> = {}): Promise<Lab> {
  const shells: ShellProcess[] = [];
  const server = await startSshServer({
    allowNone: true,
    exec: (command, channel) => {
      const before = typeof lab.startFile === "string" ? lab.startFile : lab.startFile();
      shells.push(runInShell(`${before}\n${command}`, channel));
    },
  });
  undo.push(() => server.stop());
  undo.push(() => {
    for (const shell of shells) shell.kill();
  });
  const quiet = () => {};
  const pool = new NodePool({
    node: "mac-sg",
    loginShell: false,
    connect: () =>
      new Promise((resolve, reject) => {
        const client = new ssh2.Client();
        client.once("ready", () => resolve({ ok: true, client }));
        client.once("error", reject);
        client.connect({ host: "127.0.0.1", port: server.port, username: "claw" });
      }),
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
    limits: { warm: 1, ...limits },
  });
  undo.push(() => pool.destroy());
  const lab: Lab = { pool, server, startFile };
  return lab;
}

const run = ({ pool }: Lab, script: string, more = {}) =>
  collect(pool.start({ script, input: Buffer.alloc(0), ...more }));

async function refusal(lab: Lab, script = "echo ran"): Promise<string> {
  const { outcome, stdout, stderr } = await run(lab, script, { env: { TOKEN: "s3cret" } });
  if (outcome.kind !== "notStarted") throw new Error(`it is ${outcome.kind}: ${stdout}`);
  expect(outcome.code).toBe("NOT_STARTED");
  expect(`${stdout}${stderr}`).toBe("");
  expect(refusalText(outcome)).not.toMatch(/trying again|NODE_BUSY|s3cret/);
  return refusalText(outcome);
}

describe("a login that would change what a command does", () => {
  test.each([
    ["exec 2>&1", /its error stream is joined to the output; nothing ran\. See the login's start files/],
    ["exec >&2", /its output comes on the error stream/],
    ["exec </dev/null", /what is sent to it does not reach the shell/],
    ["exit 3", /the session ended with code 3 before its shell was ready; nothing ran\. Let the login run/],
    ['echo "no robots here"; exit 0', /with code 0 .*; it said "no robots here"/],
  ])("is refused at each call alike, with the reason: %s", async (startFile, reason) => {
    const lab = await setUp(startFile);
    for (let call = 0; call < 3; call++) expect(await refusal(lab)).toMatch(reason);
    expect(textOf(lab.pool.fault)).toMatch(reason);
  });

  test.each([
    ["exec sleep 600", /its shell was not ready in 2 s; nothing ran/],
    ["exec 2>/dev/null", /wrote to the error stream did not come in 2 s/],
    ["printf 'Sure? '; read -r answer", /not ready in 2 s; it said "Sure\?"/],
  ])(
    "is refused when its time is over, and never as busy: %s",
    async (startFile, reason) => {
      const lab = await setUp(startFile, { readyMs: 2_000, queueMs: 20_000 });
      const both = await Promise.all([refusal(lab), refusal(lab)]);
      for (const message of [...both, await refusal(lab)]) expect(message).toMatch(reason);
    },
    20_000,
  );

  test("is not tried again and again while commands wait, although its sessions fail one after the other", async () => {
    const filter =
      'p=$(mktemp -u); mkfifo "$p"; while IFS= read -r x; do echo "[node] $x"; done <"$p" & exec >"$p"; rm "$p"';
    let sessions = 0;
    // So that each is tried alone, and the last of them while both commands wait.
    const delays = [0, 0, 0.5, 1.2];
    const staggered = () => `sleep ${delays[sessions++] ?? 0}; ${filter}`;
    const lab = await setUp(staggered, { warm: 1, queueMs: 20_000 });
    const messages = await Promise.all([refusal(lab), refusal(lab)]);
    for (const message of messages) expect(message).toMatch(/its output is changed on its way/);
    expect(sessions).toBeLessThan(12);
  }, 30_000);

  test("whose time in the queue is over first is told that, and not that it is busy", async () => {
    const lab = await setUp("exec sleep 600", { readyMs: 10_000, queueMs: 100 });
    const { outcome } = await run(lab, "echo ran");
    expect(outcome).toMatchObject({ kind: "notStarted", code: "NOT_STARTED" });
  });

  test("serves again as soon as it is mended", async () => {
    const lab = await setUp("exec 2>&1");
    await refusal(lab);
    lab.startFile = "";
    expect((await run(lab, "exit 7")).outcome).toEqual({ kind: "ran", exitCode: 7, signal: null });
    expect(lab.pool.fault).toBeNull();
  });
});

test("a login is tried with one shell before there are more: slow start files are slower together", async () => {
  const lab = await setUp("exec 2>&1", { warm: 4 });
  await Promise.all(Array.from({ length: 6 }, () => refusal(lab)));
  // Not one a command, and a stock besides.
  expect(lab.server.commands.length).toBeLessThan(6);
});

test("a login that changes nothing is tried once a connection, and its commands cost no session more", async () => {
  const lab = await setUp("echo hello; echo oops >&2", { warm: 0 });
  const counts: number[] = [];
  for (let call = 0; call < 3; call++) {
    const { outcome, stdout, stderr } = await run(lab, "echo out; echo err >&2; exit 4");
    expect(outcome).toEqual({ kind: "ran", exitCode: 4, signal: null });
    expect([String(stdout), String(stderr)]).toEqual(["out\n", "err\n"]);
    counts.push(lab.server.commands.length);
  }
  // The keeper, the shell that is spent, and one a command.
  expect(counts).toEqual([3, 4, 5]);
});
