// The shape of `nodes.<name>.ssh`: how the SSH transport reaches a node and how it knows that it is that node.
import * as Type from "@sinclair/typebox";
import { closed, stringEnum, text } from "./kinds.ts";
import { MAX_NAME_LENGTH, MAX_PATH_LENGTH } from "./limits.ts";

const name = (description: string) => text(MAX_NAME_LENGTH, description);
const path = (description: string) => text(MAX_PATH_LENGTH, description);

const SecretRefSchema = closed(
  {
    source: stringEnum(["env", "file", "exec", "store"], { description: "Kind of secret provider." }),
    provider: name("Alias of the provider."),
    id: path("Name of the secret there."),
  },
  { description: "OpenClaw SecretRef." },
);

/**
 * A secret as the config may carry it: the text itself, or a reference that the host resolves before we see it.
 * No defaults in here: the host does not apply them inside a union. No greatest length: the host does not compare
 * what a reference resolves to with the schema, so that is checked with the other problems of meaning.
 */
const SecretSchema = Type.Union([Type.String({ minLength: 1 }), SecretRefSchema]);
export type SecretInput = Type.Static<typeof SecretSchema>;

/** A secret's schema with its own words. */
export const secret = (description: string) => Type.Union(SecretSchema.anyOf, { description });

export const SshSchema = closed(
  {
    host: Type.Optional(
      name("SSH transport: host name, address or Host alias of ~/.ssh/config. Default: the inventory name."),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_535,
        description: "SSH transport: TCP port. Default: OPENCLAW_SSH_PORT, or 22.",
      }),
    ),
    user: Type.Optional(name("SSH transport: login name. Default: the user that runs the gateway.")),
    identityFile: Type.Optional(
      path("SSH transport: private key file on the gateway machine, for example ~/.ssh/id_ed25519."),
    ),
    identityData: Type.Optional(
      secret("SSH transport: the private key itself, as text or SecretRef; instead of identityFile."),
    ),
    passphrase: Type.Optional(secret("SSH transport: passphrase of the private key, as text or SecretRef.")),
    knownHostsFile: Type.Optional(
      path(
        "SSH transport: file with the host keys that are trusted; an unknown or changed key is refused. Default: ~/.ssh/known_hosts.",
      ),
    ),
    hostKey: Type.Optional(
      name(
        'SSH transport: the only host key that is trusted, as a fingerprint "SHA256:…"; instead of knownHostsFile.',
      ),
    ),
    tunnel: Type.Optional(
      Type.Union(
        [
          Type.Boolean(),
          closed(
            {
              port: Type.Integer({
                minimum: 1,
                maximum: 65_535,
                description: "Port of the tunnel on the node's 127.0.0.1.",
              }),
            },
            { description: "A tunnel on a port of your choice." },
          ),
        ],
        {
          description:
            "The gateway keeps a tunnel: the node's 127.0.0.1:18789, or the port given here, leads to the gateway, so that its node host connects there and no ssh -L is needed.",
        },
      ),
    ),
  },
  { description: "SSH transport: present when the node can be reached over SSH." },
);
