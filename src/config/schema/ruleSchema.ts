// The shape of one entry of `rules`.
import * as Type from "@sinclair/typebox";
import * as defaults from "./defaults.ts";
import { closed, stringEnum, text } from "./kinds.ts";
import * as limits from "./limits.ts";
import { NearSchema, ResidencySchema } from "./location.ts";
import { PreferenceSchema } from "./preference.ts";

const name = (description: string) => text(limits.MAX_NAME_LENGTH, description);

const selector = (description: string) => text(limits.MAX_SELECTOR_LENGTH, description);

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
