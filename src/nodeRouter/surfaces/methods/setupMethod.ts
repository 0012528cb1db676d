// `noderouter.setup`: what `add` and `join` ask of the gateway, which alone has the keys, the trust and the config file.
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { CONFIG_PATH } from "../../../config/problems/path.ts";
import { problemsMade } from "../../../config/problemsMade.ts";
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { nodeNameKey, normalizeAgentId } from "../../../shared/hostNames.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { itemsOf, trimmedText } from "../../../shared/jsonParts.ts";
import { listedAgentIds, section } from "../../host/hostConfig.ts";
import { currentSnapshot } from "../../inventory/currentSnapshot.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import type { RouterDeps } from "../../process/deps.ts";
import {
  type ConfigChange,
  missingValues,
  takeBack,
  type WrittenValue,
  writeValues,
} from "../../setup/configChange.ts";
import type { SetupLook, SetupPlan } from "../../setup/setupGateway.ts";
import { gatewayDoor } from "../../tunnels/gatewayDoor.ts";
import { TUNNELS, tunnelsOf } from "../../tunnels/tunnelStatus.ts";
import { type Params, readTextParam, UsageError } from "./params.ts";
import { type SetupHost, setupElsewhere } from "./setupElsewhere.ts";

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
      return elsewhere(deps, host, op ?? "", params);
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
  return { values, problems: problemsMade(pluginConfig(deps), rawWith(deps, change), "error") };
}

/** All that needs a connection, files of the package or the tailnet. */
async function elsewhere(deps: RouterDeps, host: SetupHost, op: string, params: Params): Promise<unknown> {
  if (op === "package") return setupElsewhere({ deps, host, config: configNow(deps) }, op, params, null);
  const change = changeOf(params);
  const config = configWith(deps, change);
  const node = config.nodes.get(change.node);
  const [problem] = config.problems.filter(({ path }) => path.includes(change.node));
  if (node?.ssh == null) {
    throw new UsageError(
      problem === undefined ? "setup needs a node with ssh settings" : problemText(problem),
    );
  }
  return setupElsewhere({ deps, host, config }, op, params, node);
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
  return resolveConfig(rawWith(deps, change));
}

function rawWith(deps: RouterDeps, change: ConfigChange): unknown {
  const draft = { plugins: { entries: { "node-router": { config: structuredClone(pluginConfig(deps)) } } } };
  writeValues(draft, missingValues(pluginConfig(deps), change));
  return draft.plugins.entries["node-router"].config;
}

/** SECURITY: the host has resolved references to secrets, and variables in `env`; they leave the gateway for nobody. */
function withoutSecrets(entry: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { env: _, ...rest } = entry;
  if (!isRecord(rest.ssh)) return rest;
  const ssh = Object.fromEntries(Object.entries(rest.ssh).filter(([key]) => !SECRETS.includes(key)));
  return { ...rest, ssh };
}

const problemText = ({ path, message }: { path: string; message: string }): string => `${path}: ${message}`;

function nodeOf(params: Params): string {
  const node = readTextParam(params, "node");
  if (node === null) throw new UsageError("setup needs a node");
  return node;
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
