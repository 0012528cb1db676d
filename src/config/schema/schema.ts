// The shape of `plugins.entries.node-router.config`: the one source of the manifest's configSchema and of our types.
import * as Type from "@sinclair/typebox";
import { AlertsSchema } from "./alerts.ts";
import * as defaults from "./defaults.ts";
import { closed, mapOf, stringEnum, text } from "./kinds.ts";
import * as limits from "./limits.ts";
import { GatewaySchema } from "./location.ts";
import { NodeSchema } from "./nodeSchema.ts";
import { DelegationSchema, PeersSchema } from "./peers.ts";
import { PresenceSchema } from "./presence.ts";
import { RuleSchema } from "./ruleSchema.ts";

const name = (description: string) => text(limits.MAX_NAME_LENGTH, description);

const TestSchema = closed(
  {
    name: Type.Optional(name("Name of the test, for its results. Default: what it says.")),
    agent: name("Agent whose call is decided."),
    tool: Type.Optional(name('Tool that it calls. Default: "exec".')),
    down: Type.Optional(
      Type.Array(text(limits.MAX_NAME_LENGTH), {
        maxItems: limits.MAX_DIRECTORIES,
        default: [],
        description: "Inventory names of nodes that are down. All others are up.",
      }),
    ),
    expect: name(
      'What must become of the call: "refused", "unrouted", "node:<inventory name>" or "place:<country>", for example "place:SG".',
    ),
  },
  { description: "What must become of a call by this config." },
);

export const ConfigSchema = closed(
  {
    mode: Type.Optional(
      stringEnum(["enforce", "shadow"], {
        default: defaults.DEFAULT_MODE,
        description:
          "enforce: calls run where the rules say. shadow: decide, log and explain, change nothing.",
      }),
    ),
    audit: Type.Optional(
      stringEnum(["off", "best-effort", "strict"], {
        default: defaults.DEFAULT_AUDIT,
        description:
          "Record of every command and file change in workspaces under the state folder. strict: without a record nothing runs.",
      }),
    ),
    auditCommandText: Type.Optional(
      Type.Boolean({
        default: defaults.DEFAULT_AUDIT_COMMAND_TEXT,
        description: "The audit also keeps the command's text, not only its hash. Commands can hold secrets.",
      }),
    ),
    auditKeepDays: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.MAX_AUDIT_DAYS,
        default: defaults.DEFAULT_AUDIT_KEEP_DAYS,
        description: "So many days no audit record is removed, whatever else is written.",
      }),
    ),
    auditAgentMiB: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.MAX_AUDIT_MIB,
        default: defaults.DEFAULT_AUDIT_AGENT_MIB,
        description:
          "Share of one agent in the audit records of that time. When it is used up, strict refuses the agent's calls.",
      }),
    ),
    auditMaxMiB: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: limits.MAX_AUDIT_MIB,
        default: defaults.DEFAULT_AUDIT_MAX_MIB,
        description: "Older audit files are removed when all of them together are larger than this.",
      }),
    ),
    gateway: Type.Optional(GatewaySchema),
    presence: Type.Optional(PresenceSchema),
    nodes: Type.Optional(
      mapOf(NodeSchema, {
        maxProperties: limits.MAX_NODES,
        default: {},
        description: "Machines that can run calls, by inventory name.",
      }),
    ),
    untoleratedAgents: Type.Optional(
      stringEnum(["leave", "refuse"], {
        default: defaults.DEFAULT_UNTOLERATED_AGENTS,
        description:
          "Calls that no rule speaks for, on nodes with a taint: left to OpenClaw, or refused there.",
      }),
    ),
    rules: Type.Optional(
      Type.Array(RuleSchema, {
        maxItems: limits.MAX_RULES,
        default: [],
        description:
          "Rules in order: the first one whose agents and tools match decides; without one the call is left alone.",
      }),
    ),
    tests: Type.Optional(
      Type.Array(TestSchema, {
        maxItems: limits.MAX_TESTS,
        default: [],
        description:
          "What must become of calls, tried when the config is loaded: the agents of a test that fails are refused.",
      }),
    ),
    gatewayName: Type.Optional(name("How peers know this gateway. Default: the machine's host name.")),
    peers: Type.Optional(PeersSchema),
    delegation: Type.Optional(DelegationSchema),
    alerts: Type.Optional(AlertsSchema),
  },
  { description: "Decides by node tags and rules on which machine every tool call runs." },
);

/** The config as the operator writes it, once it has the right shape. */
export type NodeRouterConfig = Type.Static<typeof ConfigSchema>;
