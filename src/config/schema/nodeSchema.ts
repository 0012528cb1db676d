// The shape of one entry of `nodes`.
import * as Type from "@sinclair/typebox";
import * as defaults from "./defaults.ts";
import { closed, mapOf, stringEnum, text } from "./kinds.ts";
import * as limits from "./limits.ts";
import { LocationSchema } from "./location.ts";
import { SshSchema } from "./ssh.ts";

const nameOrFalse = (description: string) =>
  Type.Union([text(limits.MAX_NAME_LENGTH), Type.Literal(false)], { description });

const directories = (description: string) =>
  Type.Array(text(limits.MAX_PATH_LENGTH), { maxItems: limits.MAX_DIRECTORIES, default: [], description });

export const NodeSchema = closed(
  {
    tags: Type.Optional(
      Type.Array(text(limits.MAX_TAG_LENGTH), {
        maxItems: limits.MAX_TAGS,
        default: [],
        description: 'Tags that selectors match: "key" or "key=value", for example "region=sg" or "gpu".',
      }),
    ),
    location: Type.Optional(LocationSchema),
    workspace: Type.Optional(
      text(
        limits.MAX_PATH_LENGTH,
        "Absolute directory on the node: where commands start, and the workspace of agents whose workspace tools run there.",
      ),
    ),
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
    transport: Type.Optional(
      stringEnum(["auto", "node", "ssh"], {
        default: defaults.DEFAULT_TRANSPORT,
        description:
          "How calls reach the node: over the OpenClaw node protocol or over SSH. auto: the node protocol, and for agents whose whole workspace is on a node SSH where it is configured.",
      }),
    ),
    ssh: Type.Optional(SshSchema),
    taints: Type.Optional(
      Type.Array(text(limits.MAX_TAINT_LENGTH), {
        maxItems: limits.MAX_TAINTS,
        default: [],
        description:
          'Taints that keep off calls of rules that do not tolerate them: "key:effect" or "key=value:effect". NoSchedule: no new calls. PreferNoSchedule: only where no other node fits. NoExecute: sessions leave too.',
      }),
    ),
    maxRunning: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.MAX_RUNNING,
        description:
          "Calls that may run there at once, over every protocol; a full node takes no new ones. Default: any number.",
      }),
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
  },
  { description: "One machine that can run calls." },
);
