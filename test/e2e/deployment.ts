// The deployment under test: a real gateway with the packed plugin, and the node hosts mac-cn and mac-sg.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import type { AgentOptions } from "../support/agentRun.ts";
import { type JsonObject, merge } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { installPlugin, packPlugin, unpackPlugin } from "../support/install.ts";
import { type NodeHost, type NodeHostOptions, startNodeHost } from "../support/nodeHost.ts";
import { RpcError } from "../support/rpc.ts";
import { waitFor } from "../support/wait.ts";
import { inTurn } from "./sharing.ts";

export interface Deployment {
  readonly gateway: Gateway;
  readonly cn: NodeHost;
  readonly sg: NodeHost;
  /** Workspaces of the nodes, as configured. */
  readonly work: { readonly cn: string; readonly sg: string };
  /** The plugin's config in use. */
  readonly router: JsonObject;
  stop(): Promise<void>;
}

export interface DeploymentOptions {
  /** Merged over the default gateway configuration. */
  readonly config?: JsonObject;
  /** Changes the default rules. */
  readonly router?: (router: JsonObject) => JsonObject;
  /** Folder prepared for the gateway, e.g. with further plugins in its state. */
  readonly dir?: string;
  /** How both node hosts are started. */
  readonly node?: NodeHostOptions;
  /** Node hosts that have the plugin too; default: none. */
  readonly pluginOn?: readonly string[];
  /** `false`: the plugin is left to the test. `"hot"`: it is installed into the running gateway. Default: it is there from the start. */
  readonly install?: false | "hot";
}

/** worker-sg on the node in Singapore, worker-cn on the one in China, master wherever OpenClaw puts it. */
export function routerConfig(work: Deployment["work"]): JsonObject {
  return {
    nodes: {
      "mac-cn": { tags: ["region=cn"], workspace: work.cn },
      "mac-sg": {
        tags: ["region=sg"],
        location: { country: "SG", city: "Singapore" },
        workspace: work.sg,
      },
    },
    rules: [
      { name: "singapore", agents: ["worker-sg"], require: "region=sg" },
      { name: "china", agents: ["worker-cn"], require: "region=cn" },
    ],
  };
}

/** A node's workspace is an existing folder, as it is on a real machine. */
export function workspaceOf(node: NodeHost): string {
  const folder = join(node.home.home, "work");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What all parts of a test file can have in common. */
interface Machines {
  readonly gateway: Gateway;
  readonly cn: NodeHost;
  readonly sg: NodeHost;
  stop(): Promise<void>;
}

async function startMachines(options: DeploymentOptions): Promise<Machines> {
  const { install } = options;
  const gateway = await startGateway({
    withPlugin: install === undefined,
    config: options.config ?? {},
    ...(options.dir === undefined ? {} : { dir: options.dir }),
    wait: false, // node hosts connect by themselves once it listens: starting all at once saves seconds
  });
  const hosts: NodeHost[] = [];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(hosts.map((host) => host.stop()));
    await gateway.stop();
  };
  try {
    const start = async (name: string): Promise<NodeHost> => {
      const plugin = options.pluginOn?.includes(name) === true ? { plugin: await unpackPlugin() } : {};
      const host = await startNodeHost(gateway, name, { ...options.node, ...plugin });
      hosts.push(host);
      return host;
    };
    const isEarly = install === "hot" && options.pluginOn !== undefined;
    if (isEarly) {
      await gateway.waitUntilReady();
      // What a gateway does not know when a node connects, it withholds until the node connects again.
      await installOverRpc(gateway, await packPlugin());
    }
    const [cn, sg] = await Promise.all([start("mac-cn"), start("mac-sg")]);
    await gateway.waitUntilReady();
    if (install === "hot" && !isEarly) await installOverRpc(gateway, await packPlugin());
    return { gateway, cn, sg, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts everything, or takes its turn at what the test file has; the plugin's rules hold when it resolves. */
export async function startDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  const { install, dir, node, pluginOn = [], config = {} } = options;
  const kind = JSON.stringify({ of: "nodes", install, dir, node, pluginOn });
  const { value, isNew, stop } = await inTurn(kind, () => startMachines(options));
  const { gateway, cn, sg } = value;
  try {
    const work = { cn: workspaceOf(cn), sg: workspaceOf(sg) };
    const plain = routerConfig(work);
    const router = options.router?.(plain) ?? plain;
    if (!isNew) await Promise.all([cn.waitUntilUsable(), sg.waitUntilUsable()]);
    if (install !== false)
      await changeConfig(gateway, (now) => withRouter(isNew ? now : gateway.configOf(config), router));
    return { gateway, cn, sg, work, router, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * What `openclaw plugins install npm-pack:<archive> --force` asks of a running gateway, without its start-up time.
 * Right after another change the gateway answers that it is busy.
 */
export async function installOverRpc(
  gateway: Gateway,
  archive: string,
  options: { over?: boolean } = {},
): Promise<void> {
  const params = {
    source: "npm-pack",
    archivePath: archive,
    mode: options.over ? "update" : "install",
  };
  await waitFor("the plugin's installation", async () => {
    try {
      return (await gateway.rpc<{ ok: boolean }>("plugins.install", params, { timeoutMs: 240_000 })).ok;
    } catch (error) {
      if (error instanceof RpcError && error.message.includes("already running")) return false;
      // Releases before 2026.9.4 take archives on their command line alone, and load them with the next start.
      if (error instanceof RpcError && error.message.includes("archivePath")) {
        await installPlugin(gateway, archive);
        await gateway.restart();
        await gateway.waitUntilReady();
        return true;
      }
      throw error;
    }
  });
}

/** The configuration with this config of the plugin in place of the old one. */
export function withRouter(config: JsonObject, router: JsonObject): JsonObject {
  return merge(withoutRouter(config), { plugins: { entries: { "node-router": { config: router } } } });
}

/** Merging would keep keys of the old config. */
function withoutRouter(config: JsonObject): JsonObject {
  return merge(config, { plugins: { entries: { "node-router": { config: null } } } });
}

const readConfig = (gateway: Gateway): JsonObject =>
  JSON.parse(readFileSync(gateway.home.configFile, "utf8")) as JsonObject;

/** Writes the configuration as an editor would and resolves when the gateway works with it. */
export async function changeConfig(
  gateway: Gateway,
  change: (config: JsonObject) => JsonObject,
): Promise<void> {
  await gateway.waitUntilConfigApplied();
  const old = readConfig(gateway);
  const text = JSON.stringify(change(old), null, 2);
  if (text === JSON.stringify(old, null, 2)) return;
  await untilConfigChanged(gateway, () => writeFileSync(gateway.home.configFile, text));
}

/** @param change puts another configuration into the file. Resolves when the gateway works with it. */
export async function untilConfigChanged<T>(gateway: Gateway, change: () => T | Promise<T>): Promise<T> {
  const revision = async (): Promise<string | undefined> =>
    (await gateway.rpc<{ configRevisionHash?: string }>("config.get")).configRevisionHash;
  await gateway.waitUntilConfigApplied();
  const before = await revision();
  const changed = await change();
  // The gateway looks at the file after a moment: until then it calls the old one applied.
  await waitFor("the gateway to notice the new configuration", async () => (await revision()) !== before);
  await gateway.waitUntilConfigApplied();
  // Where there is the plugin: its new registration is at work when it answers. This question reads no list of nodes.
  await gateway.rpc("noderouter.peers", {}).catch(() => undefined);
  return changed;
}

/** Prints the name of the machine, from a file in its home, and the folder. */
export const PROBE = 'echo "machine=$(cat ~/whoami) folder=$PWD"';

/** A script line that calls a tool the model sees. */
export const call = (tool: string, args: JsonObject): string => `CALL ${tool} ${JSON.stringify(args)}`;

/** What the agent reads after it called `exec`, without other parameters with the probe; empty: it called nothing. */
export async function execBy(
  gateway: Gateway,
  agent: string,
  args: JsonObject = {},
  options: AgentOptions = {},
): Promise<string> {
  const { results } = await gateway.agent(agent, call("exec", { command: PROBE, ...args }), options);
  return results[0] ?? "";
}

/** Resolves when one call waits for a node. */
export async function untilCallWaits(gateway: Gateway): Promise<void> {
  await waitFor("the call to wait", async () => {
    // A machine with much to do may not answer at once.
    const status = await gateway.rpc<StatusReport>("noderouter.status").catch(() => null);
    return status?.waiting?.length === 1;
  });
}

/** A script line that calls any tool through the meta tool. */
export const callAny = (id: string, args: JsonObject): string => call("tool_call", { id, args });

/** Where a probe ran, or `none` when it did not. */
export const machineOf = (result: string | undefined): string =>
  result?.match(/machine=([\w-]+)/)?.[1] ?? "none";

export const folderOf = (result: string | undefined): string =>
  result?.match(/folder=([^\s"\\]+)/)?.[1] ?? "none";
