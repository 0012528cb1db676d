// The part of `noderouter.setup` that looks at machines: over SSH, on the tailnet, and into the package itself.
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { parseStats } from "../../../presence/sources/ssh/parse.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { itemsOf } from "../../../shared/jsonParts.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { discoveryOf } from "../../host/discovery.ts";
import { createGeoip } from "../../observe/geoipSource.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { guessPlace, ownTailnetName } from "../../setup/guessPlace.ts";
import { NODE_TASKS, type NodeTask } from "../../setup/nodeTasks.ts";
import { runOnNode } from "../../setup/onNode.ts";
import { packageArchive } from "../../setup/packageFile.ts";
import { publicKeyLine } from "../../setup/publicKeyLine.ts";
import type { PlaceGuess, SetupPackage } from "../../setup/setupGateway.ts";
import { type Params, readTextParam, UsageError } from "./params.ts";

/** What of the host stands behind the method. */
export interface SetupHost {
  /** Of the plugin, and of OpenClaw. */
  readonly version: string;
  readonly openclaw: string;
  /** Folder of the installed package; null: not known. */
  readonly packageFolder: string | null;
  /** OpenClaw's. */
  readonly stateFolder: string;
  /** Changes openclaw.json as written. */
  readonly changeConfig: (change: (draft: unknown) => void) => Promise<void>;
}

export interface SetupPlaceDeps {
  readonly deps: RouterDeps;
  readonly host: SetupHost;
  /** As it would be with the change in it. */
  readonly config: ResolvedConfig;
}

/** @param node with `ssh`; null: the op needs none. */
export async function setupElsewhere(
  { deps, host, config }: SetupPlaceDeps,
  op: string,
  params: Params,
  node: ConfiguredNode | null,
): Promise<unknown> {
  const client = await loadLater(() => import("../../transports/ssh/client.ts"));
  const env = client.processEnv();
  if (node === null) return packageOf(host, env.user);
  switch (op) {
    case "trust": {
      const result = await client.trustNode(node, readTextParam(params, "fingerprint"), env);
      if (!result.ok) throw new NodeRouterError(result);
      return result.report;
    }
    case "probe":
      return client.probeNode(node, env);
    case "guess": {
      const resolved = await client.resolveTarget(node, env);
      const target = resolved.ok ? resolved.target.last.host : null;
      return { guess: target === null ? null : await guess(deps, host, config, node, target, params) };
    }
    case "keyLine": {
      const tunnelPort = typeof params.tunnelPort === "number" ? params.tunnelPort : null;
      return { line: await publicKeyLine(node.ssh?.identityFile ?? null, tunnelPort, env) };
    }
    case "task": {
      const task = taskOf(params);
      const input = await inputOf(task, host, params);
      const connect = async (to: ConfiguredNode, signal: AbortSignal) => {
        const resolved = await client.resolveTarget(to, env, signal);
        if (!resolved.ok) return { ...resolved, transportFailure: false };
        return client.connect(resolved.target, env, { signal });
      };
      const args = itemsOf(params.args).filter((arg) => typeof arg === "string");
      const { now, log } = deps;
      return runOnNode(node, NODE_TASKS[task], args, input, { connect, now, log });
    }
    default:
      throw new UsageError(
        "setup needs an op: look, plan, write, takeBack, package, trust, probe, guess, keyLine, task",
      );
  }
}

/** For a machine that fetches it: what `join --print` names. */
async function packageOf(host: SetupHost, user: string): Promise<SetupPackage> {
  const file = join(host.stateFolder, "node-router", `openclaw-node-router-${host.version}.tgz`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, await ownPackage(host));
  const { address, sshPort } = discoveryOf(process.env, (await ownTailnetName()) ?? hostname());
  return { file, address: address.value, sshPort: sshPort.value, user };
}

async function ownPackage({ packageFolder }: SetupHost): Promise<Buffer> {
  if (packageFolder === null) throw new Error("OpenClaw does not say where this plugin is installed");
  return packageArchive(packageFolder);
}

async function guess(
  { home, hostConfig, now }: RouterDeps,
  { stateFolder }: SetupHost,
  config: ResolvedConfig,
  { tailscale: peer }: ConfiguredNode,
  host: string,
  params: Params,
): Promise<PlaceGuess | null> {
  const timeZone = parseStats(readTextParam(params, "facts") ?? "")?.timeZone ?? null;
  const geoip = createGeoip({ stateFolder, home, hostConfig, now })(config);
  try {
    const place = await guessPlace({ host, peer, timeZone, geoip });
    return place?.country === undefined ? null : { country: place.country, why: place.detail };
  } finally {
    geoip.close();
  }
}

async function inputOf(task: NodeTask, host: SetupHost, params: Params): Promise<Buffer> {
  if (NODE_TASKS[task].takesPackage === true) return ownPackage(host);
  return Buffer.from(readTextParam(params, "input") ?? "");
}

function taskOf(params: Params): NodeTask {
  const task = readTextParam(params, "task") ?? "";
  if (isTask(task)) return task;
  throw new UsageError(`setup knows the tasks ${Object.keys(NODE_TASKS).join(", ")}`);
}

function isTask(task: string): task is NodeTask {
  return Object.hasOwn(NODE_TASKS, task);
}
