// The shape of `peers` and `delegation`: other gateways, what they may do here, and which of them gets whose tasks.
import * as Type from "@sinclair/typebox";
import * as defaults from "./defaults.ts";
import { closed, mapOf, stringEnum, text } from "./kinds.ts";
import * as limits from "./limits.ts";
import { LocationSchema, NearSchema, ResidencySchema } from "./location.ts";
import { PreferenceSchema } from "./preference.ts";
import { secret } from "./ssh.ts";

const name = (description: string) => text(limits.MAX_NAME_LENGTH, description);
const agents = (description: string) =>
  Type.Array(text(limits.MAX_NAME_LENGTH), { minItems: 1, maxItems: limits.MAX_AGENTS, description });
const count = (maximum: number, value: number, description: string, minimum = 0) =>
  Type.Optional(Type.Integer({ minimum, maximum, default: value, description }));

const AcceptSchema = closed(
  {
    token: secret("What the peer must present, as text of at least 32 characters or SecretRef."),
    agents: agents("Agents here that the peer may give tasks to: exact ids."),
    maxRunning: count(
      limits.MAX_PEER_RUNNING,
      defaults.DEFAULT_PEER_RUNNING,
      "Its tasks that may run here at once.",
      1,
    ),
    maxQueued: count(limits.MAX_PEER_QUEUED, defaults.DEFAULT_PEER_QUEUED, "Its tasks that may wait here."),
    perMinute: count(
      limits.MAX_PER_MINUTE,
      defaults.DEFAULT_PER_MINUTE,
      "Tasks that it may give in a minute.",
      1,
    ),
    maxMinutes: count(limits.MAX_TASK_MINUTES, defaults.DEFAULT_TASK_MINUTES, "So long one may run.", 1),
    mayDelegate: Type.Optional(
      Type.Boolean({
        default: defaults.DEFAULT_MAY_DELEGATE,
        description: "Whether its tasks may be given on to another gateway.",
      }),
    ),
    tailscale: Type.Optional(
      name(
        "Tailnet peer that its requests must come from, for direct connections over the tailnet. Default: any address.",
      ),
    ),
    onInterrupted: Type.Optional(
      stringEnum(["fail", "continue"], {
        default: defaults.DEFAULT_ON_INTERRUPTED,
        description:
          "What happens to a task during which this gateway went down. fail: it ends, for it may have done something. continue: its agent goes on, once.",
      }),
    ),
  },
  { description: "What the peer may do here. Default: nothing." },
);

const PeerSchema = closed(
  {
    ssh: Type.Optional(name("Node of the inventory over whose SSH settings the peer is reached.")),
    url: Type.Optional(
      text(
        limits.MAX_URL_LENGTH,
        'Instead of ssh: address of its gateway, for example "https://mac-sg.tail1ab2.ts.net". Plain http only to this machine or on the tailnet.',
      ),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        default: defaults.DEFAULT_TUNNEL_PORT,
        description: "Port of its gateway on its loopback, behind ssh.",
      }),
    ),
    token: Type.Optional(
      secret("What is presented to the peer, as text of at least 32 characters or SecretRef."),
    ),
    tags: Type.Optional(
      Type.Array(text(limits.MAX_TAG_LENGTH), {
        maxItems: limits.MAX_TAGS,
        default: [],
        description: 'Tags that selectors match, as nodes have: "region=sg".',
      }),
    ),
    location: Type.Optional(LocationSchema),
    agents: Type.Optional(agents("Agents there that may be asked. Default: those that it offers.")),
    protocol: Type.Optional(
      stringEnum(["node-router", "a2a"], {
        default: defaults.DEFAULT_PROTOCOL,
        description:
          "node-router: this plugin answers there. a2a: any A2A 1.0 server, with less certainty: a task is sent once, and its result is had while the peer remembers it.",
      }),
    ),
    accept: Type.Optional(AcceptSchema),
  },
  { description: "Another gateway." },
);

const DelegationRuleSchema = closed(
  {
    name: name("Name of the rule, unique among them."),
    agents: agents('Agents that may give tasks by it: exact ids, or globs such as "cn-*".'),
    require: Type.Optional(
      text(limits.MAX_SELECTOR_LENGTH, "Tag selector that a peer must match. Default: every peer."),
    ),
    prefer: Type.Optional(
      Type.Array(PreferenceSchema, {
        maxItems: limits.MAX_PREFERENCES,
        default: [],
        description: "Wishes that choose among the peers which match require.",
      }),
    ),
    near: Type.Optional(NearSchema),
    residency: Type.Optional(ResidencySchema),
    agent: Type.Optional(
      name("Agent at the peer that gets the task. Default: the one that the asking agent names."),
    ),
    onUnavailable: Type.Optional(
      stringEnum(["refuse", "queue"], {
        default: defaults.DEFAULT_ON_NO_PEER,
        description: "What happens when no peer fits: refused, or kept until one does.",
      }),
    ),
  },
  { description: "Which agents' tasks go to which peers." },
);

export const PeersSchema = mapOf(PeerSchema, {
  maxProperties: limits.MAX_PEERS,
  default: {},
  description: "Other gateways, by name: where tasks may go, and whose tasks are taken.",
});

export const DelegationSchema = closed(
  {
    rules: Type.Optional(
      Type.Array(DelegationRuleSchema, {
        maxItems: limits.MAX_RULES,
        default: [],
        description:
          "Rules in order: the first one whose agents match decides; without one nothing is given away.",
      }),
    ),
    maxHops: count(limits.MAX_HOPS, defaults.DEFAULT_HOPS, "Gateways that a task may be given on to.", 1),
    waitSeconds: count(
      limits.MAX_WAIT_SECONDS,
      defaults.DEFAULT_WAIT_SECONDS,
      "So long the asking agent waits for the result.",
    ),
    acceptWithinSeconds: count(
      limits.MAX_ACCEPT_SECONDS,
      defaults.DEFAULT_ACCEPT_SECONDS,
      "A peer may take a task so long after it was sent.",
      1,
    ),
    keepDays: count(
      limits.MAX_KEEP_DAYS,
      defaults.DEFAULT_KEEP_DAYS,
      "Tasks and results are kept so long.",
      1,
    ),
    maxTaskKiB: count(
      limits.MAX_TASK_KIB,
      defaults.DEFAULT_TASK_KIB,
      "Largest task that is taken or given.",
      1,
    ),
    maxResultKiB: count(
      limits.MAX_TASK_KIB,
      defaults.DEFAULT_TASK_KIB,
      "Largest result; what is longer is cut.",
      1,
    ),
  },
  { description: "How tasks are given to other gateways." },
);
