// What many connected nodes cost in memory: a pool with its connection and waiting runners for each, in this process.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type Client } from "ssh2";
import { resolveConfig } from "../src/config/resolve.ts";
import { collect } from "../src/nodeRouter/transports/collect.ts";
import { createSshTransport } from "../src/nodeRouter/transports/ssh/sshTransport.ts";
import { createLogger } from "../src/shared/logger.ts";
import { refusalText } from "../src/shared/refusal.ts";
import { makeKey } from "../test/support/ssh/keys.ts";
import { startSshd } from "../test/support/ssh/sshd.ts";

export interface MemoryRow {
  readonly nodes: number;
  readonly beforeMb: number;
  readonly afterMb: number;
  readonly perAllMb: number;
}

/** Resident memory before and after `count` nodes are connected and have run a command each. */
export async function benchSshMemory(count: number): Promise<MemoryRow> {
  const key = makeKey("ed25519");
  const home = mkdtempSync(join(tmpdir(), "node-router-bench-"));
  mkdirSync(join(home, "home"));
  const sshd = await startSshd({
    authorizedKeys: [key.publicKey],
    config: [`SetEnv HOME=${join(home, "home")}`],
  });
  const names = Array.from({ length: count + 1 }, (_, at) => `node-${at}`);
  const { nodes } = resolveConfig({ nodes: Object.fromEntries(names.map((name) => [name, { ssh: {} }])) });
  const quiet = () => undefined;
  const transport = createSshTransport({
    settings: (name) => nodes.get(name) ?? null,
    connect: () =>
      new Promise((resolve, reject) => {
        const client: Client = new ssh2.Client();
        client.once("ready", () => resolve({ ok: true, client })).once("error", reject);
        const sock = connectTcp({ host: "127.0.0.1", port: sshd.port, noDelay: true });
        client.connect({ sock, username: sshd.user, privateKey: key.privateKey });
      }),
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: console.error }),
  });
  try {
    const use = async (name: string): Promise<void> => {
      const { outcome } = await collect(transport.start(name, { script: "true", input: Buffer.alloc(0) }));
      if (outcome.kind !== "ran") throw new Error(refusalText(outcome));
    };
    // The first connection loads code that the others share.
    await use(names[count] ?? "");
    const beforeMb = residentMb();
    for (const name of names.slice(0, count)) await use(name);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const afterMb = residentMb();
    return { nodes: count, beforeMb, afterMb, perAllMb: afterMb - beforeMb };
  } finally {
    transport.destroy();
    await sshd.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

function residentMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
}
