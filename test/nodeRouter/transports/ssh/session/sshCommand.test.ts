// A command's output at its end.
import ssh2 from "ssh2";
import { afterEach, expect, test } from "vitest";
import { NodePool, type PoolConnectResult } from "../../../../../src/nodeRouter/transports/ssh/pool/pool.ts";
import { createLogger } from "../../../../../src/shared/logger.ts";
import { startSshServer } from "../../../../support/ssh/server.ts";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startPool(): Promise<NodePool> {
  const server = await startSshServer({ allowNone: true });
  const quiet = () => {};
  const pool = new NodePool({
    node: "mac-sg",
    loginShell: false,
    connect: () =>
      new Promise<PoolConnectResult>((resolve, reject) => {
        const client = new ssh2.Client();
        client.once("ready", () => resolve({ ok: true, client }));
        client.once("error", reject);
        client.connect({ host: "127.0.0.1", port: server.port, username: "claw" });
      }),
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: quiet }),
  });
  cleanUps.push(
    () => server.stop(),
    () => pool.destroy(),
  );
  return pool;
}

async function sizeOf(stream: AsyncIterable<Buffer>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.length;
  return size;
}

test("what nobody has read when the command ends comes whole to whoever reads it then", async () => {
  const pool = await startPool();
  // Fits into the buffers on the way, but not into the last of them.
  const bytes = 120_000;
  const script = `head -c ${bytes} /dev/zero; head -c ${bytes} /dev/zero >&2; exit 3`;
  const { stdout, stderr, outcome } = pool.start({ script, input: null });
  expect(await outcome).toMatchObject({ kind: "ran", exitCode: 3 });
  expect(await Promise.all([sizeOf(stdout), sizeOf(stderr)])).toEqual([bytes, bytes]);
});

test("more than all buffers hold waits for its reader, and comes whole", async () => {
  const pool = await startPool();
  const [first, second] = [1, 2].map(() => pool.start({ script: "head -c 8000000 /dev/zero", input: null }));
  for (const command of [first, second]) {
    if (command === undefined) throw new Error("no command");
    expect(await sizeOf(command.stdout)).toBe(8_000_000);
    expect(await command.outcome).toMatchObject({ kind: "ran", exitCode: 0 });
  }
});
