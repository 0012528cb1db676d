// `noderouter.setup`: what `add` and `join` ask of the gateway, which alone has the keys, the trust and the config file.
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { type ConfiguredNode, type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { nodeNameKey, normalizeAgentId } from "../../../shared/hostNames.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { itemsOf, trimmedText } from "../../../shared/jsonParts.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { discoveryOf } from "../../host/discovery.ts";
import { listedAgentIds, section } from "../../host/hostConfig.ts";
import { currentSnapshot } from "../../inventory/currentSnapshot.ts";
import { createGeoip } from "../../observe/geoipSource.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import type { RouterDeps } from "../../process/deps.ts";
import {
  type ConfigChange,
  missingValues,
  takeBack,
  type WrittenValue,
  writeValues,
} from "../../setup/configChange.ts";
import { guessPlace, ownTailnetName } from "../../setup/guessPlace.ts";
import { NODE_TASKS, type NodeTask } from "../../setup/nodeTasks.ts";
import { runOnNode } from "../../setup/onNode.ts";
import { packageArchive } from "../../setup/packageFile.ts";
import { publicKeyLine } from "../../setup/publicKeyLine.ts";
import type { PlaceGuess, SetupLook, SetupPackage, SetupPlan } from "../../setup/setupGateway.ts";
import type { ResolvedTarget } from "../../transports/ssh/connect/hops.ts";
import { gatewayDoor } from "../../tunnels/gatewayDoor.ts";
import { TUNNELS, tunnelsOf } from "../../tunnels/tunnelStatus.ts";
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

const SECRETS: readonly string[] = ["identityData", "passphrase"];

/**
 * `{ op, … }`; the answers are those of `SetupGateway`.
 * @throws UsageError; NodeRouterError for a refusal.
 */
export async function setupMethod(deps: RouterDeps, host: SetupHost, params: Params): Promise<unknown> {
  const op = readTextParam(params, "op");
  switch (op) {
    case "look":
      return look(deps, host, params);
    case "plan":
      return plan(deps, changeOf(params));
    case "package":
      return packageOf(host);
    case "write": {
      const change = changeOf(params);
      let written: readonly WrittenValue[] = [];
      await host.changeConfig((draft) => {
        written = missingValues(section(draft, ...CONFIG_PATH.split(".")), change);
        writeValues(draft, written);
      });
      return { values: written };
    }
    case "takeBack": {
      let left: readonly string[] = [];
      await host.changeConfig((draft) => {
        left = takeBack(draft, valuesOf(params.values));
      });
      return { left };
    }
    default:
      return overSsh(deps, host, op, params);
  }
}

async function look(deps: RouterDeps, host: SetupHost, params: Params): Promise<SetupLook> {
  const node = nodeOf(params);
  const hostConfig = deps.hostConfig();
  const config = configNow(deps);
  const raw = pluginConfig(deps);
  const entry = section(raw, "nodes")[node];
  const known = listedAgentIds(hostConfig);
  const door = gatewayDoor({ hostConfig, variables: process.env, arguments: process.argv });
  await currentSnapshot(deps, config, 0);
  const device = readTextParam(params, "device");
  const names = [node, config.nodes.get(node)?.node].filter((name) => typeof name === "string");
  const isMeant = ({ nodeId, displayName }: { nodeId: string; displayName: string | null }) =>
    nodeId === device ||
    names.some(
      (name) => name === nodeId || (displayName !== null && nodeNameKey(name) === nodeNameKey(displayName)),
    );
  return {
    version: host.version,
    openclaw: host.openclaw,
    port: door.ok ? door.port : 0,
    entry: isRecord(entry) ? withoutSecrets(entry) : null,
    rules: itemsOf(section(raw).rules).flatMap(
      (rule) => trimmedText(isRecord(rule) ? rule.name : null) ?? [],
    ),
    agents: itemsOf(params.agents).flatMap((written) => {
      if (typeof written !== "string") return [];
      const agent = normalizeAgentId(written);
      const rule = agentPolicy(config, hostConfig, agent).execRule?.name ?? null;
      return [{ agent, exists: known === null || known.includes(agent), rule }];
    }),
    paired: (deps.memory.part(NODE_READER).last()?.nodes ?? []).filter(isMeant).map((paired) => ({
      id: paired.nodeId,
      connected: paired.connected,
      approved: paired.approval === "approved",
      exec: paired.commands.includes("system.run"),
    })),
    tunnel: tunnelsOf(config, deps.memory.part(TUNNELS).current).get(node) ?? null,
  };
}

function plan(deps: RouterDeps, change: ConfigChange): SetupPlan {
  const values = missingValues(pluginConfig(deps), change);
  const now = new Set(configNow(deps).problems.map(problemText));
  const then = configWith(deps, change)
    .problems.filter(({ severity }) => severity === "error")
    .map(problemText);
  return { values, problems: then.filter((text) => !now.has(text)) };
}

/** For a machine that fetches it: what `join --print` names. */
async function packageOf(host: SetupHost): Promise<SetupPackage> {
  const file = join(host.stateFolder, "node-router", `openclaw-node-router-${host.version}.tgz`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, await packageOfFolder(host));
  const { address, sshPort } = discoveryOf(process.env, (await ownTailnetName()) ?? hostname());
  const { processEnv } = await loadLater(() => import("../../transports/ssh/client.ts"));
  return { file, address: address.value, sshPort: sshPort.value, user: processEnv().user };
}

function packageOfFolder({ packageFolder }: SetupHost): Promise<Buffer> {
  if (packageFolder === null) throw new Error("OpenClaw does not say where this plugin is installed");
  return packageArchive(packageFolder);
}

/** All that needs a connection, or the key for one. */
async function overSsh(
  deps: RouterDeps,
  host: SetupHost,
  op: string | null,
  params: Params,
): Promise<unknown> {
  const change = changeOf(params);
  const config = configWith(deps, change);
  const [problem] = config.problems.filter(({ path }) => path.includes(change.node));
  const node = config.nodes.get(change.node);
  if (node?.ssh == null) {
    throw new UsageError(
      problem === undefined ? "setup needs a node with ssh settings" : problemText(problem),
    );
  }
  const client = await loadLater(() => import("../../transports/ssh/client.ts"));
  const env = client.processEnv();
  switch (op) {
    case "trust": {
      const result = await client.trustNode(node, readTextParam(params, "fingerprint"), env);
      if (!result.ok) throw new NodeRouterError(result);
      return result.report;
    }
    case "probe":
      return client.probeNode(node, env);
    case "guess":
      return { guess: await guess(deps, host, config, node, await client.resolveTarget(node, env), params) };
    case "keyLine": {
      const tunnelPort = typeof params.tunnelPort === "number" ? params.tunnelPort : null;
      return { line: await publicKeyLine(node.ssh.identityFile, tunnelPort, env) };
    }
    case "task": {
      const task = taskOf(params);
      const input = await inputOf(task, host, params);
      const connect = async (to: ConfiguredNode, signal: AbortSignal) => {
        const resolved = await client.resolveTarget(to, env, signal);
        return resolved.ok
          ? client.connect(resolved.target, env, { signal })
          : { ...resolved, transportFailure: false };
      };
      const args = itemsOf(params.args).filter((arg) => typeof arg === "string");
      return runOnNode(node, NODE_TASKS[task], args, input, { connect, now: deps.now, log: deps.log });
    }
    default:
      throw new UsageError(
        "setup needs an op: look, plan, write, takeBack, package, trust, probe, guess, keyLine, task",
      );
  }
}

async function guess(
  deps: RouterDeps,
  { stateFolder }: SetupHost,
  config: ResolvedConfig,
  { tailscale: peer }: ConfiguredNode,
  resolved: ResolvedTarget,
  params: Params,
): Promise<PlaceGuess | null> {
  if (!resolved.ok) return null;
  const { home, hostConfig, now } = deps;
  const geoip = createGeoip({ stateFolder, home, hostConfig, now })(config);
  try {
    const { host } = resolved.target.last;
    const place = await guessPlace({ host, peer, timeZone: readTextParam(params, "timeZone"), geoip });
    return place?.country === undefined ? null : { country: place.country, why: place.detail };
  } finally {
    geoip.close();
  }
}

async function inputOf(task: NodeTask, host: SetupHost, params: Params): Promise<Buffer> {
  if (NODE_TASKS[task].takesPackage !== true) return Buffer.from(readTextParam(params, "input") ?? "");
  return packageOfFolder(host);
}

function configNow({ memory }: RouterDeps): ResolvedConfig {
  return memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
}

/** As written; secrets are resolved in it. */
function pluginConfig(deps: RouterDeps): Readonly<Record<string, unknown>> {
  return section(deps.hostConfig(), ...CONFIG_PATH.split("."));
}

/** The config as it would be with the change in it. */
function configWith(deps: RouterDeps, change: ConfigChange): ResolvedConfig {
  const draft = { plugins: { entries: { "node-router": { config: structuredClone(pluginConfig(deps)) } } } };
  writeValues(draft, missingValues(pluginConfig(deps), change));
  return resolveConfig(draft.plugins.entries["node-router"].config);
}

/** SECURITY: the host has resolved references to secrets; they leave the gateway for nobody. */
function withoutSecrets(entry: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!isRecord(entry.ssh)) return entry;
  const ssh = Object.fromEntries(Object.entries(entry.ssh).filter(([key]) => !SECRETS.includes(key)));
  return { ...entry, ssh };
}

const problemText = ({ path, message }: { path: string; message: string }): string => `${path}: ${message}`;

function nodeOf(params: Params): string {
  const node = readTextParam(params, "node");
  if (node === null) throw new UsageError("setup needs a node");
  return node;
}

function taskOf(params: Params): NodeTask {
  const task = readTextParam(params, "task") ?? "";
  if (isTask(task)) return task;
  throw new UsageError(`setup knows the tasks ${Object.keys(NODE_TASKS).join(", ")}`);
}

function isTask(task: string): task is NodeTask {
  return Object.hasOwn(NODE_TASKS, task);
}

function changeOf({ change }: Params): ConfigChange {
  const node = isRecord(change) ? trimmedText(change.node) : null;
  if (!isRecord(change) || node === null || !isRecord(change.entry)) {
    throw new UsageError("setup needs a change: { node, entry, rule }");
  }
  const { rule } = change;
  const name = isRecord(rule) ? trimmedText(rule.name) : null;
  return { node, entry: change.entry, rule: isRecord(rule) && name !== null ? { ...rule, name } : null };
}

function valuesOf(values: unknown): readonly WrittenValue[] {
  return itemsOf(values).flatMap((value) => {
    if (!isRecord(value)) return [];
    const path = itemsOf(value.path).filter((part) => typeof part === "string");
    const isOurs = path.length > 1 && (path[0] === "nodes" || path[0] === "rules");
    return isOurs ? [{ path, before: value.before, after: value.after }] : [];
  });
}
