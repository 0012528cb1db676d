// A real `openclaw node run` in its own home, paired and approved until agents can use it.
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "./cli.ts";
import { type JsonObject, merge, quiet } from "./config.ts";
import {
  environmentOf,
  giveHome,
  type Home,
  isReleaseFrom,
  makeHome,
  OPENCLAW,
  ROOT,
  removeHome,
} from "./environment.ts";
import type { Gateway } from "./gatewayTypes.ts";
import { loaded } from "./install.ts";
import { approvePending, listNodes, type NodeRow } from "./nodeList.ts";
import { type Account, type Child, startProcess } from "./process.ts";
import { waitFor } from "./wait.ts";

export { listNodes, type NodeRow } from "./nodeList.ts";

export interface NodeHostOptions {
  /** Folder of an earlier node host: same device identity. Default: a new one, so a new device of that name. */
  readonly dir?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Folder of this plugin's package, used as it lies there. Default: none. */
  readonly plugin?: string;
  /** To connect to: a way to the gateway. Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: the gateway's own. */
  readonly port?: number;
  /** Command that runs it, e.g. in another network namespace; its arguments are the program and its arguments. */
  readonly through?: readonly string[];
  /** `false`: leave its commands waiting for approval. */
  readonly approve?: boolean;
  readonly timeoutMs?: number;
  /** Merged over its configuration. */
  readonly config?: JsonObject;
  /** `true`: not as root, even where the tests run as root (OpenClaw hosts no sessions there). */
  readonly unprivileged?: boolean;
}

/** `nobody` on Linux. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

export interface NodeHost {
  readonly name: string;
  readonly home: Home;
  /** The OpenClaw node id (device id). */
  readonly id: string;
  pid(): number;
  log(): string;
  /** Runs the OpenClaw command there, in its home. */
  cli: (...args: readonly string[]) => ReturnType<typeof runCli>;
  /** Ends the process; `start()` connects the same device again. */
  end(): Promise<void>;
  kill9(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Resolves when agents can use it, e.g. again after a restart of the gateway. */
  waitUntilUsable(): Promise<void>;
  /** Resolves when the gateway has noticed that it is gone. */
  waitUntilOffline(): Promise<void>;
  /** Ends it and removes its folder (kept when NODE_ROUTER_KEEP is set). */
  stop(): Promise<void>;
}

/** Starts a node host and resolves when `exec host=node` can use it. */
export async function startNodeHost(
  gateway: Gateway,
  name: string,
  options: NodeHostOptions = {},
): Promise<NodeHost> {
  const home = makeHome(name, options.dir);
  // Older releases do not know the key.
  const still = isReleaseFrom("2026.9.4") ? { nodeHost: { autoUpdate: { enabled: false } } } : {};
  const plain = merge(quiet(home.home), still);
  const { plugin } = options;
  const config = merge(merge(plain, plugin === undefined ? {} : loaded(plugin)), options.config ?? {});
  if (!options.dir) writeFileSync(home.configFile, JSON.stringify(config), { mode: 0o600 });
  const env = environmentOf(home, name, { OPENCLAW_GATEWAY_TOKEN: gateway.token, ...options.env });
  const cli: NodeHost["cli"] = (...line) => runCli(line, { env, cwd: home.home });
  const account = options.unprivileged === true && process.getuid?.() === 0 ? NOBODY : null;
  if (account !== null) {
    giveHome(home, account);
    // Each user has a compile cache of its own; root's is closed to others.
    const cache = join(ROOT, ".tmp", `compile-cache-${account.uid}`);
    mkdirSync(cache, { recursive: true });
    chownSync(cache, account.uid, account.gid);
    env.NODE_COMPILE_CACHE = cache;
  }
  const args = [
    "node",
    "run",
    "--host",
    options.host ?? "127.0.0.1",
    "--port",
    String(options.port ?? gateway.port),
    "--display-name",
    name,
  ];
  const approve = options.approve ?? true;

  let child: Child | undefined;
  let id = "";

  const tail = (): string => `log ${home.logFile}:\n${host.log().slice(-2000)}`;

  /** A gateway that is still starting knows no node. */
  const rowsNow = (): Promise<NodeRow[]> => listNodes(gateway).catch(() => []);

  /** `known`: connection times before our start; our row is the one that is newer, under our id or our name. */
  const usable = async (known: ReadonlyMap<string, number>): Promise<boolean> => {
    const rows = await rowsNow();
    if (child?.exit()) throw new Error(`node host ${name} has ended, ${tail()}`);
    const row = rows.find(
      (candidate) =>
        candidate.connected &&
        (id ? candidate.nodeId === id : candidate.displayName === name) &&
        (candidate.connectedAtMs ?? 0) > (known.get(candidate.nodeId) ?? 0),
    );
    if (!row) return false;
    id = row.nodeId;
    if (!approve) return true;
    if (row.approvalState === "approved" && row.commands?.includes("system.run")) return true;
    await approvePending(gateway, row.nodeId);
    return false;
  };

  const waitUntilUsable = async (known: ReadonlyMap<string, number>): Promise<void> => {
    await waitFor(`node host ${name} to be usable`, () => usable(known), {
      timeoutMs: options.timeoutMs ?? 240_000,
      onTimeout: tail,
    });
  };

  const host: NodeHost = {
    name,
    home,
    get id() {
      return id;
    },
    pid: () => child?.pid ?? 0,
    log: () => child?.log() ?? "",
    cli,
    async start() {
      const known = new Map((await rowsNow()).map((row) => [row.nodeId, row.connectedAtMs ?? 0]));
      const [program = "", ...line] = [...(options.through ?? []), process.execPath, OPENCLAW, ...args];
      child = startProcess(program, line, {
        env,
        cwd: home.home,
        logFile: home.logFile,
        ...(account === null ? {} : { account }),
      });
      await waitUntilUsable(known);
    },
    end: async () => child?.end(),
    kill9: async () => child?.kill9(),
    async restart() {
      await host.end();
      await host.start();
    },
    waitUntilUsable: () => waitUntilUsable(new Map()),
    waitUntilOffline: async () => {
      await waitFor(`the gateway to see ${name} offline`, async () =>
        (await listNodes(gateway)).some((row) => row.nodeId === id && !row.connected),
      );
    },
    async stop() {
      await child?.end(2000);
      removeHome(home);
    },
  };

  try {
    await host.start();
  } catch (error) {
    await host.end(); // the folder stays: it holds the log
    throw error;
  }
  return host;
}
