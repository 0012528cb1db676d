// Turns what the host hands over into what the rest of the plugin reads: nothing optional, everything parsed.
import { Check } from "@sinclair/typebox/value";
import type { Residency } from "../nodeRouter/placement/model/residence.ts";
import type {
  Minimum,
  Near,
  OnUnavailable,
  Preference,
  Rule,
  UntoleratedAgents,
} from "../nodeRouter/placement/model/rule.ts";
import type { TransportChoice } from "../nodeRouter/placement/model/snapshot.ts";
import { NO_TAINTS, type Taint, type Toleration } from "../nodeRouter/placement/model/taint.ts";
import { normalizeToolName } from "../shared/hostNames.ts";
import { parseSpan } from "../shared/timeSpan.ts";
import type { AuditMode, Mode, NodeLocation, NodeTags } from "../shared/types.ts";
import { nodeNameProblem } from "./checks/nodes.ts";
import { checkConfig } from "./checks/registry.ts";
import { shapeProblem } from "./checks/shape.ts";
import {
  type LocationEntry,
  type NodeEntry,
  type RuleEntry,
  readWritten,
  targetOf,
  type WrittenNode,
  type WrittenRule,
} from "./checks/written.ts";
import { formatPath } from "./problems/path.ts";
import { type ConfigProblem, wrongPaths } from "./problems/problem.ts";
import * as defaults from "./schema/defaults.ts";
import { MAX_AUDIT_DAYS, MAX_AUDIT_MIB } from "./schema/limits.ts";
import { ConfigSchema, type NodeRouterConfig } from "./schema/schema.ts";
import type { SecretInput } from "./schema/ssh.ts";

/** How presence is found out. */
export interface PresenceSettings {
  /** Whether SSH connections are opened before a call needs them. */
  readonly connect: boolean;
  /** Path on the gateway, `~/` allowed; null: the default file; false: none. */
  readonly geoipFile: string | false | null;
  /** https; null: nodes ask nobody for their address. */
  readonly publicAddressUrl: string | null;
}

/** How SSH reaches a node. Null leaves the choice to ~/.ssh/config and to the defaults of OpenSSH. */
export interface SshSettings {
  readonly host: string;
  /** Null: OPENCLAW_SSH_PORT, or 22. */
  readonly port: number | null;
  /** Null: the user that runs the gateway. */
  readonly user: string | null;
  readonly identityFile: string | null;
  /** Secret. Not text = the host could not resolve the reference. */
  readonly identityData: SecretInput | null;
  /** Secret. Not text = the host could not resolve the reference. */
  readonly passphrase: SecretInput | null;
  /** Null: ~/.ssh/known_hosts. */
  readonly knownHostsFile: string | null;
  /** `SHA256:` fingerprint; null: knownHostsFile decides. */
  readonly hostKey: string | null;
}

/** One entry of `nodes`. */
export interface ConfiguredNode {
  /** Inventory name. */
  readonly name: string;
  /** Id or display name of the paired OpenClaw node; null = none is paired. */
  readonly node: string | null;
  /** MagicDNS name, hostname or IP address; null = not on a tailnet. */
  readonly tailscale: string | null;
  /** Configured tags only. */
  readonly tags: NodeTags;
  readonly taints: readonly Taint[];
  /** Calls that may run there at once; null: any number. */
  readonly maxRunning: number | null;
  readonly location: NodeLocation | null;
  /** Absolute directory on the node. */
  readonly workspace: string | null;
  /** Absolute directories that file tools may use besides the workspace. */
  readonly paths: readonly string[];
  /** Absolute directories before PATH, for commands in a workspace. */
  readonly pathPrepend: readonly string[];
  /** Variables of commands in a workspace. */
  readonly env: ReadonlyMap<string, string>;
  /** Commands over SSH run in a login shell. */
  readonly loginShell: boolean;
  readonly ssh: SshSettings | null;
  /** On the node's 127.0.0.1, kept by the gateway over SSH; null: no tunnel. */
  readonly tunnelPort: number | null;
  readonly transport: TransportChoice;
}

/** A rule and its place in the config's list. */
export interface ConfiguredRule extends Rule {
  readonly index: number;
}

/** One entry of `tests`. */
export interface ConfiguredTest {
  readonly index: number;
  readonly name: string;
  readonly agent: string;
  /** As OpenClaw names tools. */
  readonly tool: string;
  readonly down: readonly string[];
  readonly expect: string;
}

export interface ResolvedConfig {
  readonly mode: Mode;
  readonly audit: AuditMode;
  readonly auditCommandText: boolean;
  /** Days that no record is removed. */
  readonly auditKeepDays: number;
  /** Of one agent in that time. */
  readonly auditAgentMiB: number;
  /** Of all files, before those go that are older. */
  readonly auditMaxMiB: number;
  readonly gateway: { readonly location: NodeLocation | null };
  readonly presence: PresenceSettings;
  readonly untoleratedAgents: UntoleratedAgents;
  /** By inventory name, in config order. */
  readonly nodes: ReadonlyMap<string, ConfiguredNode>;
  /** Rules without an error, in config order. Ask `problemsForAgent` first: others may be missing. */
  readonly rules: readonly ConfiguredRule[];
  /** Tests without an error, in config order. */
  readonly tests: readonly ConfiguredTest[];
  readonly problems: readonly ConfigProblem[];
}

/** Of a config that nobody could read: nothing is placed, nobody is asked, and no audit record is removed. */
const UNREADABLE: Omit<ResolvedConfig, "problems"> = {
  mode: "enforce",
  audit: "strict",
  auditCommandText: false,
  auditKeepDays: MAX_AUDIT_DAYS,
  auditAgentMiB: MAX_AUDIT_MIB,
  auditMaxMiB: MAX_AUDIT_MIB,
  gateway: { location: null },
  presence: { connect: false, geoipFile: false, publicAddressUrl: null },
  untoleratedAgents: "refuse",
  nodes: new Map(),
  rules: [],
  tests: [],
};

/** Whether a part of the config has an error, by its path. */
type IsWrong = (path: string) => boolean;

/**
 * Reads `plugins.entries.node-router.config`; undefined is the empty config. Total: never throws, whatever plain
 * data it gets, and the same data always gives the same answer. What has not the schema's shape is not read at all,
 * and refuses every agent. Otherwise what cannot be meant is left out and is in `problems`. A node whose name can be
 * used stays, so that it is still shown: its unusable parts have their defaults.
 */
export function resolveConfig(raw: unknown): ResolvedConfig {
  const config = raw === undefined ? {} : raw;
  if (!Check(ConfigSchema, config)) return { ...UNREADABLE, problems: [shapeProblem(config)] };
  const written = readWritten(config);
  const problems = checkConfig(written);
  const wrong = wrongPaths(problems);
  const isWrong: IsWrong = (path) => wrong.has(path);
  const named = written.nodes.filter((node) => nodeNameProblem(node.name) === null);
  return {
    mode: config.mode ?? defaults.DEFAULT_MODE,
    audit: config.audit ?? defaults.DEFAULT_AUDIT,
    auditCommandText: config.auditCommandText ?? defaults.DEFAULT_AUDIT_COMMAND_TEXT,
    auditKeepDays: config.auditKeepDays ?? defaults.DEFAULT_AUDIT_KEEP_DAYS,
    auditAgentMiB: config.auditAgentMiB ?? defaults.DEFAULT_AUDIT_AGENT_MIB,
    auditMaxMiB: config.auditMaxMiB ?? defaults.DEFAULT_AUDIT_MAX_MIB,
    gateway: { location: locationAt(formatPath(["gateway"]), config.gateway?.location, isWrong) },
    presence: resolvePresence(config.presence, isWrong),
    untoleratedAgents: config.untoleratedAgents ?? defaults.DEFAULT_UNTOLERATED_AGENTS,
    nodes: new Map(named.map((node) => [node.name, resolveNode(node, isWrong)])),
    rules: written.rules.flatMap((rule) => (isWrong(rule.path) ? [] : (resolveRule(rule) ?? []))),
    tests: (config.tests ?? []).flatMap(({ name, agent, tool = "exec", down = [], expect }, index) =>
      isWrong(formatPath(["tests", index]))
        ? []
        : [
            {
              index,
              name: name ?? [agent, tool, ...down.map((node) => `without ${node}`), expect].join(" "),
              agent,
              tool: normalizeToolName(tool),
              down,
              expect,
            },
          ],
    ),
    problems,
  };
}

function resolveNode(
  { name, path, entry, tags, taints: written }: WrittenNode,
  isWrong: IsWrong,
): ConfiguredNode {
  const taints = written.flatMap(({ parsed }) => (parsed.ok ? [parsed.value] : []));
  return {
    name,
    node: targetOf(entry.node, name),
    tailscale: targetOf(entry.tailscale, name),
    tags,
    taints: taints.length === 0 ? NO_TAINTS : taints,
    maxRunning: entry.maxRunning ?? null,
    location: locationAt(path, entry.location, isWrong),
    workspace: isWrong(`${path}.workspace`) ? null : (entry.workspace ?? null),
    paths: isWrong(`${path}.paths`) ? [] : (entry.paths ?? []),
    pathPrepend: isWrong(`${path}.pathPrepend`) ? [] : (entry.pathPrepend ?? []),
    env: new Map(isWrong(`${path}.env`) ? [] : Object.entries(entry.env ?? {})),
    loginShell: entry.loginShell ?? defaults.DEFAULT_LOGIN_SHELL,
    ssh: entry.ssh === undefined || isWrong(`${path}.ssh`) ? null : resolveSsh(name, entry.ssh),
    tunnelPort: isWrong(`${path}.ssh`) ? null : tunnelPortOf(entry.ssh?.tunnel),
    transport: entry.transport ?? defaults.DEFAULT_TRANSPORT,
  };
}

/** Null when there is none, or a wrong one. */
function locationAt(
  path: string,
  location: LocationEntry | undefined,
  isWrong: IsWrong,
): NodeLocation | null {
  return location === undefined || isWrong(`${path}.location`) ? null : { ...location, source: "declared" };
}

/** What is wrong is not done: no other file is read, and nobody is asked. */
function resolvePresence(presence: NodeRouterConfig["presence"], isWrong: IsWrong): PresenceSettings {
  const { connect, geoipFile, publicAddressUrl } = presence ?? {};
  const path = formatPath(["presence"]);
  return {
    connect: connect ?? defaults.DEFAULT_PRESENCE_CONNECT,
    geoipFile: isWrong(`${path}.geoipFile`) ? false : (geoipFile ?? null),
    publicAddressUrl: isWrong(`${path}.publicAddressUrl`) ? null : (publicAddressUrl ?? null),
  };
}

function resolveSsh(name: string, ssh: NonNullable<NodeEntry["ssh"]>): SshSettings {
  return {
    host: ssh.host ?? name,
    port: ssh.port ?? null,
    user: ssh.user ?? null,
    identityFile: ssh.identityFile ?? null,
    identityData: ssh.identityData ?? null,
    passphrase: ssh.passphrase ?? null,
    knownHostsFile: ssh.knownHostsFile ?? null,
    hostKey: ssh.hostKey ?? null,
  };
}

function tunnelPortOf(tunnel: NonNullable<NodeEntry["ssh"]>["tunnel"]): number | null {
  if (tunnel === undefined || tunnel === false) return null;
  return tunnel === true ? defaults.DEFAULT_TUNNEL_PORT : tunnel.port;
}

/** Null when a selector cannot be parsed, which its problem should have kept away. */
function resolveRule({
  index,
  entry,
  require,
  prefer,
  tolerate: written,
}: WrittenRule): ConfiguredRule | null {
  if (require?.parsed.ok === false) return null;
  const wishes: Preference[] = [];
  for (const { parsed, weight } of prefer) {
    if (!parsed.ok) return null;
    wishes.push({ selector: parsed.selector, weight });
  }
  const tolerate: Toleration[] = [];
  for (const { parsed } of written) {
    if (!parsed.ok) return null;
    tolerate.push(parsed.value);
  }
  return {
    index,
    name: entry.name,
    agents: entry.agents,
    tools: entry.tools ?? null,
    require: require?.parsed.selector ?? null,
    prefer: wishes,
    near: nearOf(entry.near),
    minimum: minimumOf(entry.minimum),
    residency: residencyOf(entry.residency),
    tolerate,
    onUnavailable: onUnavailableOf(entry.onUnavailable),
    stick: entry.stick ?? defaults.DEFAULT_STICK,
    files: entry.files ?? defaults.DEFAULT_FILES,
  };
}

/** A wait that cannot be read is a config error, by which its rule is left out. */
function onUnavailableOf(written: RuleEntry["onUnavailable"]): OnUnavailable {
  if (typeof written !== "object") return written ?? defaults.DEFAULT_ON_UNAVAILABLE;
  return "wait" in written ? { waitMs: parseSpan(written.wait) ?? 0 } : { next: written.next };
}

/** `"gateway"` is the gateway, whatever nodes are called. */
function nearOf(near: RuleEntry["near"]): Near | null {
  if (near === undefined) return null;
  if (typeof near !== "string") return { kind: "point", ...near };
  return near === "gateway" ? { kind: "gateway" } : { kind: "node", name: near };
}

function residencyOf(residency: RuleEntry["residency"]): Residency | null {
  return residency === undefined
    ? null
    : { allow: new Set(residency.allow), egress: residency.egress ?? defaults.DEFAULT_EGRESS };
}

function minimumOf(minimum: RuleEntry["minimum"]): Minimum | null {
  if (minimum === undefined) return null;
  const { idleCpus, freeMemoryGiB, freeDiskGiB } = minimum;
  return {
    idleCpus: idleCpus ?? null,
    freeMemoryGiB: freeMemoryGiB ?? null,
    freeDiskGiB: freeDiskGiB ?? null,
  };
}
