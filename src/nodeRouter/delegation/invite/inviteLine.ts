// The line that one gateway prints and another one takes: `nrpeer1.` and JSON in base64url. Pure.
import * as Type from "@sinclair/typebox";
import { Check } from "@sinclair/typebox/value";
import { sshNameProblem } from "../../../config/checks/sshName.ts";
import { hasEnvReference } from "../../../shared/envReference.ts";
import { readJson } from "../../../shared/jsonParts.ts";
import { isPrintable } from "../../../shared/safeText.ts";
import { SECRET_PREFIX } from "./inviteBook.ts";

const PREFIX = "nrpeer1.";
/** Far more than any line has. Characters. */
const MAX_LINE = 8_192;

const word = (maxLength: number) => Type.String({ minLength: 1, maxLength });
/** 32 bytes in base64url. */
const bytes32 = Type.String({ pattern: "^[\\w-]{43}$" });
const port = Type.Integer({ minimum: 1, maximum: 65_535 });

const SshWay = Type.Object(
  {
    /** In the order in which they are tried. */
    hosts: Type.Array(word(253), { minItems: 1, maxItems: 8 }),
    port,
    user: word(253),
    /** `SHA256:…` of the key that its sshd shows. */
    hostKey: Type.String({ pattern: "^SHA256:[A-Za-z0-9+/]{43}$" }),
    /** Secret: the seed of an ed25519 key that may open the gateway's port, and nothing else. */
    seed: bytes32,
    /** Of the gateway, on its loopback. */
    gatewayPort: port,
  },
  { additionalProperties: false },
);

const InviteLineSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[\\da-f]{16}$" }),
    /** Id and name of the gateway that invites. */
    gateway: word(64),
    name: word(253),
    /** What it calls the gateway that is invited. */
    peer: word(253),
    agents: Type.Array(word(253), { minItems: 1, maxItems: 100 }),
    /** Epoch ms by the inviting gateway's clock. */
    expiresAtMs: Type.Integer({ minimum: 0 }),
    /** Secret; what is shown to `node-router/Join`. */
    secret: Type.String({ pattern: `^${SECRET_PREFIX}[\\w-]{43}$` }),
    /** Exactly one of the two. */
    ssh: Type.Optional(SshWay),
    url: Type.Optional(word(2_048)),
  },
  { additionalProperties: false },
);

/** All that an invited gateway needs. Holds secrets: never log it. */
export type InviteLine = Type.Static<typeof InviteLineSchema>;

export function writeInviteLine(line: InviteLine): string {
  return PREFIX + Buffer.from(JSON.stringify(line)).toString("base64url");
}

/** @returns what is wrong with it, as the rest of a sentence; no part of it is repeated. */
export function readInviteLine(text: string): InviteLine | string {
  // Terminals and mail break long lines.
  const joined = text.replace(/\s+/g, "");
  if (!joined.startsWith(PREFIX))
    return /^nrpeer\d+\./.test(joined)
      ? "is of another version of node-router: update the older gateway"
      : `is no invitation: one begins with "${PREFIX}"`;
  const encoded = joined.slice(PREFIX.length);
  if (joined.length > MAX_LINE || !/^[\w-]+$/.test(encoded)) return "is damaged: copy it whole";
  const read = readJson(Buffer.from(encoded, "base64url").toString("utf8"));
  if (!Check(InviteLineSchema, read)) return "is damaged: copy it whole";
  const { ssh, url, name, peer, agents } = read;
  if ((ssh === undefined) === (url === undefined)) return "is damaged: copy it whole";
  const names = ssh === undefined ? [] : [...ssh.hosts, ssh.user];
  const isPlain =
    names.every((one) => sshNameProblem(one) === null) &&
    [name, peer, ...agents].every((one) => isPrintable(one) && !hasEnvReference(one)) &&
    !hasEnvReference(url ?? "");
  return isPlain ? read : "names what no gateway is named";
}
