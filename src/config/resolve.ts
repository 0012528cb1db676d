// Turns what the host hands over into what the rest of the plugin reads: nothing optional, everything parsed.
import type { Preference, Rule } from "../nodeRouter/placement/model/rule.ts";
import type { TransportChoice } from "../nodeRouter/placement/model/snapshot.ts";
import type { Selector } from "../nodeRouter/placement/selector/selector.ts";
import type { AuditMode, Mode, NodeLocation, NodeTags } from "../shared/types.ts";
import { readTags } from "./checks/matches.ts";
import { nodeNameProblem } from "./checks/nodes.ts";
import { checkConfig } from "./checks/registry.ts";
import { readDraft } from "./drafts/draft.ts";
import type { NodeDraft, SshDraft } from "./drafts/nodeDraft.ts";
import type { LocationDraft } from "./drafts/placeDraft.ts";
import type { PresenceDraft, PresenceSettings } from "./drafts/presenceDraft.ts";
import type { RuleDraft, SelectorDraft } from "./drafts/ruleDraft.ts";
import { type ConfigProblem, isWithin } from "./problems/problem.ts";
import type { SecretInput } from "./schema/ssh.ts";

export type { PresenceSettings } from "./drafts/presenceDraft.ts";

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
  readonly location: NodeLocation | null;
  /** Absolute directory on the node. */
  readonly workspace: string | null;
  /** Absolute directories that file tools may use besides the workspace. */
  readonly paths: readonly string[];
  /** Absolute directories before PATH, for commands over SSH. */
  readonly pathPrepend: readonly string[];
  /** Variables of commands over SSH. */
  readonly env: ReadonlyMap<string, string>;
  /** Commands over SSH run in a login shell. */
  readonly loginShell: boolean;
  readonly ssh: SshSettings | null;
  readonly transport: TransportChoice;
}

/** A rule and its place in the config's list. */
export interface ConfiguredRule extends Rule {
  readonly index: number;
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
  /** By inventory name, in config order. */
  readonly nodes: ReadonlyMap<string, ConfiguredNode>;
  /** Rules without an error, in config order. Ask `problemsForAgent` first: others may be missing. */
  readonly rules: readonly ConfiguredRule[];
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads `plugins.entries.node-router.config`; undefined is the empty config. Total: never throws, whatever plain
 * data it gets, and the same data always gives the same answer. What cannot be used is left out and is in `problems`.
 * A node whose name can be used stays, so that it is still shown: its unusable parts have their defaults.
 */
export function resolveConfig(raw: unknown): ResolvedConfig {
  const draft = readDraft(raw);
  const problems = checkConfig(raw, draft);
  const errors = problems.filter((problem) => problem.severity === "error");
  const isWrong = (path: string) => errors.some((error) => isWithin(error, path));
  const named = draft.nodes.filter((node) => nodeNameProblem(node.name) === null);
  return {
    mode: draft.mode,
    audit: draft.audit,
    auditCommandText: draft.auditCommandText,
    auditKeepDays: draft.auditKeepDays,
    auditAgentMiB: draft.auditAgentMiB,
    auditMaxMiB: draft.auditMaxMiB,
    gateway: { location: locationAt(draft.gateway.path, draft.gateway.location, isWrong) },
    presence: resolvePresence(draft.presence, isWrong),
    nodes: new Map(named.map((node) => [node.name, resolveNode(node, isWrong)])),
    rules: draft.rules.flatMap((rule) => (isWrong(rule.path) ? [] : (resolveRule(rule) ?? []))),
    problems,
  };
}

function resolveNode(draft: NodeDraft, isWrong: (path: string) => boolean): ConfiguredNode {
  const { name, path, node, tailscale, location, workspace, ssh, transport, loginShell } = draft;
  return {
    name,
    node,
    tailscale,
    tags: readTags(draft),
    location: locationAt(path, location, isWrong),
    workspace: isWrong(`${path}.workspace`) ? null : workspace,
    paths: isWrong(`${path}.paths`) ? [] : draft.paths,
    pathPrepend: isWrong(`${path}.pathPrepend`) ? [] : draft.pathPrepend,
    env: isWrong(`${path}.env`) ? new Map() : draft.env,
    loginShell,
    ssh: ssh === null || isWrong(`${path}.ssh`) ? null : resolveSsh(name, ssh),
    transport,
  };
}

/** Null when there is none, or a wrong one. */
function locationAt(
  path: string,
  location: LocationDraft | null,
  isWrong: (path: string) => boolean,
): NodeLocation | null {
  return location === null || isWrong(`${path}.location`) ? null : resolveLocation(location);
}

function resolveLocation(draft: LocationDraft): NodeLocation {
  const { country, region, city, latitude, longitude, timeZone } = draft;
  return {
    ...(country === null ? {} : { country }),
    ...(region === null ? {} : { region }),
    ...(city === null ? {} : { city }),
    ...(latitude === null ? {} : { latitude }),
    ...(longitude === null ? {} : { longitude }),
    ...(timeZone === null ? {} : { timeZone }),
    source: "declared",
  };
}

/** What is wrong is not done: no other file is read, and nobody is asked. */
function resolvePresence(draft: PresenceDraft, isWrong: (path: string) => boolean): PresenceSettings {
  const { path, connect, geoipFile, publicAddressUrl } = draft;
  return {
    connect,
    geoipFile: isWrong(`${path}.geoipFile`) ? false : geoipFile,
    publicAddressUrl: isWrong(`${path}.publicAddressUrl`) ? null : publicAddressUrl,
  };
}

function resolveSsh(name: string, ssh: SshDraft): SshSettings {
  return { ...ssh, host: ssh.host ?? name };
}

/** Null for a draft that its problems should have kept away. */
function resolveRule(draft: RuleDraft): ConfiguredRule | null {
  const { index, wellFormed, name, agents, tools, require, near, minimum, onUnavailable, files } = draft;
  const requireSelector = selectorOf(require);
  if (!wellFormed || name === null || agents === "*" || requireSelector === undefined) return null;
  const prefer: Preference[] = [];
  for (const { selector, weight } of draft.prefer) {
    const wanted = selectorOf(selector);
    if (!wanted || weight === null) return null;
    prefer.push({ selector: wanted, weight });
  }
  return {
    index,
    name,
    agents,
    tools,
    require: requireSelector,
    prefer,
    near,
    minimum,
    onUnavailable,
    files,
  };
}

/** Null when there is none; undefined when it cannot be parsed. */
function selectorOf(draft: SelectorDraft | null): Selector | null | undefined {
  if (draft === null) return null;
  return draft.parsed.ok ? draft.parsed.selector : undefined;
}
