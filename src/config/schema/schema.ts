// The shape of `plugins.entries.node-router.config`: the one source of the manifest's configSchema and of our types.
import * as Type from "@sinclair/typebox";
import { MAX_WEIGHT, MIN_WEIGHT } from "../../nodeRouter/placement/model/rule.ts";
import * as defaults from "./defaults.ts";
import { closed, mapOf, stringEnum, text } from "./kinds.ts";
import * as limits from "./limits.ts";
import { GatewaySchema, LocationSchema, NearSchema, ResidencySchema } from "./location.ts";
import { PresenceSchema } from "./presence.ts";
import { SshSchema } from "./ssh.ts";

const name = (description: string) => text(limits.MAX_NAME_LENGTH, description);

const nameOrFalse = (description: string) =>
  Type.Union([text(limits.MAX_NAME_LENGTH), Type.Literal(false)], { description });

const directories = (description: string) =>
  Type.Array(text(limits.MAX_PATH_LENGTH), { maxItems: limits.MAX_DIRECTORIES, default: [], description });

const selector = (description: string) => text(limits.MAX_SELECTOR_LENGTH, description);

export const NodeSchema = closed(
  {
    node: Type.Optional(
      nameOrFalse(
        "Paired OpenClaw node: its id or display name. Default: the inventory name. false: no node is paired.",
      ),
    ),
    tailscale: Type.Optional(
      nameOrFalse(
        "Tailnet peer: its MagicDNS name, hostname or IP address. Default: the inventory name. false: not on a tailnet.",
      ),
    ),
    tags: Type.Optional(
      Type.Array(text(limits.MAX_TAG_LENGTH), {
        maxItems: limits.MAX_TAGS,
        default: [],
        description: 'Tags that selectors match: "key" or "key=value", for example "region=sg" or "gpu".',
      }),
    ),
    taints: Type.Optional(
      Type.Array(text(limits.MAX_TAINT_LENGTH), {
        maxItems: limits.MAX_TAINTS,
        default: [],
        description:
          'Taints that keep off calls of rules that do not tolerate them: "key:effect" or "key=value:effect". NoSchedule: no new calls. PreferNoSchedule: only where no other node fits. NoExecute: sessions leave too.',
      }),
    ),
    location: Type.Optional(LocationSchema),
    maxRunning: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.MAX_RUNNING,
        description:
          "Calls that may run there at once, over every protocol; a full node takes no new ones. Default: any number.",
      }),
    ),
    workspace: Type.Optional(
      text(
        limits.MAX_PATH_LENGTH,
        "Absolute directory on the node: where commands start, and the workspace of agents whose workspace tools run there.",
      ),
    ),
    paths: Type.Optional(
      directories(
        'Absolute directories on the node, besides the workspace, that file tools may use: "/" means all of them. Commands are not limited by it.',
      ),
    ),
    pathPrepend: Type.Optional(
      directories(
        'Absolute directories put before PATH for commands in a workspace, for example "/opt/homebrew/bin".',
      ),
    ),
    env: Type.Optional(
      mapOf(Type.String({ maxLength: limits.MAX_PATH_LENGTH }), {
        maxProperties: limits.MAX_ENV,
        default: {},
        description:
          "Environment variables of commands in a workspace. No secrets: they are in the config as text.",
      }),
    ),
    loginShell: Type.Optional(
      Type.Boolean({
        default: defaults.DEFAULT_LOGIN_SHELL,
        description:
          "Commands over SSH run in a login shell (sh -l), which reads the user's profile: slower, needed where PATH is set there.",
      }),
    ),
    ssh: Type.Optional(SshSchema),
    transport: Type.Optional(
      stringEnum(["auto", "node", "ssh"], {
        default: defaults.DEFAULT_TRANSPORT,
        description:
          "How calls reach the node: over the OpenClaw node protocol or over SSH. auto: the node protocol, and for agents whose whole workspace is on a node SSH where it is configured.",
      }),
    ),
  },
  { description: "One machine that can run calls." },
);

const PreferenceSchema = closed(
  {
    selector: selector('Tag selector that the node should match, for example "gpu".'),
    weight: Type.Integer({
      minimum: MIN_WEIGHT,
      maximum: MAX_WEIGHT,
      description: "How much a match counts, -100 to 100; a negative weight steers away.",
    }),
  },
  { description: "A wish that ranks the nodes which may run the call." },
);

const freeGib = (description: string) =>
  Type.Optional(Type.Number({ minimum: 0, maximum: limits.MAX_FREE_GIB, description }));

const MinimumSchema = closed(
  {
    idleCpus: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: limits.MAX_IDLE_CPUS,
        description: "Processors less the load average of one minute.",
      }),
    ),
    freeMemoryGiB: freeGib("Memory that programs can still get, in GiB."),
    freeDiskGiB: freeGib("Free space on the disk that holds the node's workspace, in GiB."),
  },
  {
    description:
      "What a node must have free at least. A node of which it is not known does not fit. Default: any amount.",
  },
);

const OnUnavailableSchema = Type.Union(
  [
    stringEnum(["refuse", "gateway"], { description: "Refused, or run by the gateway machine." }),
    closed(
      { wait: text(limits.MAX_NAME_LENGTH, 'How long, for example "20s"; at most 4m.') },
      { description: "The call waits for the first node that fits." },
    ),
    closed(
      { next: name("Name of the rule that is asked then.") },
      { description: "Another rule chooses, before anything is sent." },
    ),
  ],
  {
    default: defaults.DEFAULT_ON_UNAVAILABLE,
    description:
      'What happens when no node fits: "refuse", "gateway" (the gateway machine runs the call), { wait: "20s" } (it waits for the first node that fits), or { next: "rule name" } (that rule chooses).',
  },
);

export const RuleSchema = closed(
  {
    name: name("Name of the rule, unique; refusals, logs and the CLI show it."),
    agents: Type.Array(text(limits.MAX_NAME_LENGTH), {
      maxItems: limits.MAX_AGENTS,
      description:
        'Agents that the rule speaks for: exact ids, or globs such as "cn-*". None: it is asked only where another rule names it as next.',
    }),
    tools: Type.Optional(
      Type.Array(text(limits.MAX_NAME_LENGTH), {
        minItems: 1,
        maxItems: limits.MAX_TOOLS,
        description: "Tools that the rule is limited to. Default: every tool that can be routed.",
      }),
    ),
    require: Type.Optional(
      selector(
        'Tag selector that a node must match: "region=sg", "region!=cn", "region in (sg,hk)", "region notin (cn)", "gpu", "!spot", joined by commas. Default: every node.',
      ),
    ),
    prefer: Type.Optional(
      Type.Array(PreferenceSchema, {
        maxItems: limits.MAX_PREFERENCES,
        default: [],
        description: "Wishes that choose among the nodes which match require.",
      }),
    ),
    near: Type.Optional(NearSchema),
    minimum: Type.Optional(MinimumSchema),
    residency: Type.Optional(ResidencySchema),
    tolerate: Type.Optional(
      Type.Array(text(limits.MAX_TAINT_LENGTH), {
        maxItems: limits.MAX_TAINTS,
        default: [],
        description:
          'Taints that do not keep these calls off: "key" or "key=value", also with ":effect"; "*" is every taint.',
      }),
    ),
    onUnavailable: Type.Optional(OnUnavailableSchema),
    stick: Type.Optional(
      stringEnum(["session", "agent", "none"], {
        default: defaults.DEFAULT_STICK,
        description:
          "For agents of whom only exec is routed: commands of a session, or of the agent, come back to the node that holds the files of earlier ones; while it is away, onUnavailable says what happens.",
      }),
    ),
    files: Type.Optional(
      stringEnum(["gateway", "refuse"], {
        default: defaults.DEFAULT_FILES,
        description:
          "For agents of whom only exec is routed: read, write, edit, apply_patch and ls work on the gateway machine, or are refused.",
      }),
    ),
  },
  { description: "Which agents' calls run on which nodes." },
);

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
  },
  { description: "Decides by node tags and rules on which machine every tool call runs." },
);

/** The config as the operator writes it, once it has the right shape. */
export type NodeRouterConfig = Type.Static<typeof ConfigSchema>;
