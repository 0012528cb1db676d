// Turns what the host hands over into what the rest of the plugin reads: nothing optional, everything parsed.
import { Check } from "@sinclair/typebox/value";
import type { UntoleratedAgents } from "../nodeRouter/placement/model/rule.ts";
import { normalizeToolName } from "../shared/hostNames.ts";
import type { AuditMode, Mode, NodeLocation } from "../shared/types.ts";
import { checkConfig } from "./checks/registry.ts";
import { shapeProblem } from "./checks/shape.ts";
import { readWritten } from "./checks/written.ts";
import { formatPath } from "./problems/path.ts";
import { type ConfigProblem, wrongPaths } from "./problems/problem.ts";
import { type AlertSettings, alertSettings } from "./resolveAlerts.ts";
import { type ConfiguredNode, resolveNodes } from "./resolveNodes.ts";
import { type IsWrong, locationAt } from "./resolveParts.ts";
import {
  type ConfiguredPeer,
  type DelegationSettings,
  delegationSettings,
  resolveDelegationRules,
  resolvePeers,
} from "./resolvePeers.ts";
import { type ConfiguredRule, resolveRules } from "./resolveRules.ts";
import * as defaults from "./schema/defaults.ts";
import { MAX_AUDIT_DAYS, MAX_AUDIT_MIB } from "./schema/limits.ts";
import { ConfigSchema, type NodeRouterConfig } from "./schema/schema.ts";

/** How presence is found out. */
export interface PresenceSettings {
  /** Whether SSH connections are opened before a call needs them. */
  readonly connect: boolean;
  /** Path on the gateway, `~/` allowed; null: the default file; false: none. */
  readonly geoipFile: string | false | null;
  /** https; null: nodes ask nobody for their address. */
  readonly publicAddressUrl: string | null;
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
  /** How peers know this gateway; null: by the machine's host name. */
  readonly gatewayName: string | null;
  /** Other gateways without an error, by name, in config order. */
  readonly peers: ReadonlyMap<string, ConfiguredPeer>;
  readonly delegation: DelegationSettings;
  /** Null: nobody is told anything in a chat. */
  readonly alerts: AlertSettings | null;
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
  gatewayName: null,
  peers: new Map(),
  delegation: { ...delegationSettings(undefined), rules: [] },
  alerts: null,
};

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
    nodes: resolveNodes(written.nodes, isWrong),
    rules: resolveRules(written.rules, isWrong),
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
    gatewayName: isWrong(formatPath(["gatewayName"])) ? null : (config.gatewayName ?? null),
    peers: resolvePeers(written.peers, isWrong),
    delegation: {
      ...delegationSettings(config.delegation),
      rules: resolveDelegationRules(written.delegationRules, isWrong),
    },
    alerts: alertSettings(config.alerts),
    problems,
  };
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
