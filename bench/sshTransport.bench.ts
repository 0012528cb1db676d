// One command on a node over SSH, four ways, near and far: what the transport alone costs.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ssh2, { type Client } from "ssh2";
import { resolveConfig } from "../src/config/resolve.ts";
import type { ConfiguredNode } from "../src/config/resolveNodes.ts";
import { PERSONA_FILES } from "../src/nodeRouter/host/workspaceAccessApi.ts";
import { collect } from "../src/nodeRouter/transports/collect.ts";
import { createSshTransport } from "../src/nodeRouter/transports/ssh/sshTransport.ts";
import type { CollectCommand, SshTransport } from "../src/nodeRouter/transports/transport.ts";
import { createPathResolver } from "../src/nodeRouter/workspace/files/paths.ts";
import { readMany } from "../src/nodeRouter/workspace/files/readMany.ts";
import { createLogger } from "../src/shared/logger.ts";
import { makeKey, type TestKey } from "../test/support/ssh/keys.ts";
import { startSshd } from "../test/support/ssh/sshd.ts";
import { startDelayProxy } from "./delayProxy.ts";
import { summary } from "./summary.ts";

export interface SshRow {
  readonly rttMs: number;
  readonly how: string;
  readonly runs: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** TCP connections that the runs and their warm-up made. */
  readonly connections: number;
}

const RUNS = 25;
/** Between two runs, so that each finds what the one before left in order. A model thinks longer. */
const PAUSE_MS = 150;
const COMMAND = "true";

interface Way {
  readonly how: string;
  /** Whatever is not on the path of a later command. */
  open(): Promise<void>;
  run(): Promise<void>;
  close(): Promise<void>;
}

export async function benchSshTransport(roundTrips: readonly number[]): Promise<readonly SshRow[]> {
  const rows: SshRow[] = [];
  for (const rttMs of roundTrips) {
    const ways = [plainSsh, controlMaster, pooledSsh2, warmRunners, personaFiles];
    await onFarNode(rttMs, ways, async (way, connections) => {
      const times: number[] = [];
      for (let at = 0; at < RUNS; at += 1) {
        const from = performance.now();
        await way.run();
        times.push(performance.now() - from);
        await pause();
      }
      rows.push({ rttMs, how: way.how, ...summary(times), connections: connections() });
    });
  }
  return rows;
}

/** Measures each of the ways to one sshd, each over a proxy of its own. */
async function onFarNode(
  rttMs: number,
  ways: readonly ((place: Place) => Way)[],
  measure: (way: Way, connections: () => number) => Promise<void>,
): Promise<void> {
  const key = makeKey("ed25519");
  const dir = mkdtempSync(join(tmpdir(), "node-router-bench-"));
  mkdirSync(join(dir, "home"));
  const sshd = await startSshd({
    authorizedKeys: [key.publicKey],
    // No profile of this machine's user on anybody's path.
    config: [`SetEnv HOME=${join(dir, "home")}`],
  });
  try {
    writeFileSync(join(dir, "id"), key.privateKey, { mode: 0o600 });
    for (const makeWay of ways) {
      const proxy = await startDelayProxy(sshd.port, rttMs / 2);
      writeFileSync(join(dir, "known_hosts"), sshd.knownHosts(`[127.0.0.1]:${proxy.port}`));
      const way = makeWay({ dir, port: proxy.port, user: sshd.user, key });
      await way.open();
      await measure(way, proxy.connections);
      await way.close();
      await proxy.stop();
    }
  } finally {
    await sshd.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

export interface SshStreamsRow extends SshRow {
  readonly streams: number;
  readonly perSecond: number;
}

/** Commands before the first one that counts: connections are made, and what follows demand has followed it. */
const LEAD_MS = 4_000;
const MEASURED_MS = 6_000;

/** Streams of commands back to back: each begins its next one when the one before has ended. */
export async function benchSshStreams(
  rttMs: number,
  counts: readonly number[],
): Promise<readonly SshStreamsRow[]> {
  const rows: SshStreamsRow[] = [];
  await onFarNode(rttMs, [controlMaster, warmRunners], async (way, connections) => {
    for (const streams of counts) {
      const times: number[] = [];
      const from = performance.now() + LEAD_MS;
      const end = from + MEASURED_MS;
      const stream = async () => {
        for (let began = performance.now(); began < end; began = performance.now()) {
          await way.run();
          const ended = performance.now();
          if (began >= from && ended <= end) times.push(ended - began);
        }
      };
      const before = connections();
      await Promise.all(Array.from({ length: streams }, stream));
      const perSecond = (times.length * 1_000) / MEASURED_MS;
      const more = { connections: connections() - before, perSecond };
      rows.push({ rttMs, how: way.how, streams, ...summary(times), ...more });
    }
  });
  return rows;
}

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly user: string;
  readonly key: TestKey;
}

function opensshArgs({ dir, port, user }: Place, options: readonly string[]): readonly string[] {
  return [
    ...["-F", "none", "-i", join(dir, "id"), "-p", String(port), "-o", "BatchMode=yes"],
    ...["-o", `UserKnownHostsFile=${join(dir, "known_hosts")}`, "-o", "IdentitiesOnly=yes"],
    ...options,
    `${user}@127.0.0.1`,
  ];
}

function plainSsh(place: Place): Way {
  return {
    how: "ssh, a connection each",
    open: async () => undefined,
    run: () => openssh([...opensshArgs(place, []), COMMAND]),
    close: async () => undefined,
  };
}

function controlMaster(place: Place): Way {
  const socket = ["-o", `ControlPath=${join(place.dir, "mux")}`];
  const args = opensshArgs(place, [...socket, "-o", "ControlMaster=auto", "-o", "ControlPersist=60"]);
  return {
    how: "ssh, ControlMaster",
    open: () => openssh([...args, COMMAND]),
    run: () => openssh([...args, COMMAND]),
    close: () => openssh([...opensshArgs(place, [...socket, "-O", "exit"])]),
  };
}

function pooledSsh2(place: Place): Way {
  let client: Client | null = null;
  return {
    how: "ssh2, one connection, a new session each",
    async open() {
      client = await connect(place);
    },
    run: () =>
      new Promise((resolve, reject) => {
        client?.exec(COMMAND, (error, channel) => {
          if (error) return reject(error);
          channel.on("close", () => resolve()).resume();
          channel.stderr.resume();
        });
      }),
    async close() {
      client?.end();
    },
  };
}

function warmRunners(place: Place): Way {
  return onWarmRunners(place, "node-router, warm runners", async (transport) => {
    const { outcome } = await collect(transport.start("far", { script: COMMAND, input: Buffer.alloc(0) }));
    if (outcome.kind !== "ran" || outcome.exitCode !== 0) throw new Error(JSON.stringify(outcome));
  });
}

/** What a turn waits for before its prompt can be made: six files of 4 KB. */
function personaFiles(place: Place): Way {
  const root = join(place.dir, "home");
  for (const name of PERSONA_FILES) writeFileSync(join(root, name), "x".repeat(4_096));
  const where = { node: "far", root };
  const paths = createPathResolver({ ...where, workspaceDir: "/gateway", paths: [] });
  return onWarmRunners(place, "node-router, six persona files", async (transport) => {
    const send: CollectCommand = (request, limits) => collect(transport.start("far", request), limits);
    const outcomes = await readMany({ ...where, paths, run: send }, PERSONA_FILES, 1 << 21, undefined);
    if (!outcomes.every(({ ok }) => ok)) throw new Error(JSON.stringify(outcomes));
  });
}

function onWarmRunners(place: Place, how: string, use: (transport: SshTransport) => Promise<void>): Way {
  const node = resolveConfig({ nodes: { far: { ssh: {} } } }).nodes.get("far") as ConfiguredNode;
  const quiet = () => undefined;
  const transport = createSshTransport({
    settings: () => node,
    connect: async () => ({ ok: true, client: await connect(place) }),
    now: Date.now,
    log: createLogger({ debug: quiet, info: quiet, warn: quiet, error: console.error }),
  });
  const run = () => use(transport);
  return {
    how,
    async open() {
      await run();
      await pause(1_000);
    },
    run,
    close: () => transport.close(),
  };
}

function connect({ port, user, key }: Place): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.once("ready", () => resolve(client)).once("error", reject);
    const sock = connectTcp({ host: "127.0.0.1", port, noDelay: true });
    client.connect({ sock, username: user, privateKey: key.privateKey });
  });
}

const run = promisify(execFile);

async function openssh(args: readonly string[]): Promise<void> {
  await run("ssh", [...args]);
}

function pause(ms = PAUSE_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
