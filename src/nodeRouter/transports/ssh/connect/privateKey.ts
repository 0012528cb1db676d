// A private key's text as a usable key, or the words for why it is none. Never shows key material.
import { createHash } from "node:crypto";
import ssh2, { type ParsedKey } from "ssh2";
import { BoundedMap } from "../../../bounded.ts";
import { type PublicKey, parsePublicKey, typeOf } from "./fingerprint.ts";

export type ReadKey =
  | { readonly kind: "key"; readonly key: ParsedKey }
  /** A public key: it can only choose a key of the agent. */
  | { readonly kind: "public"; readonly key: PublicKey }
  | { readonly kind: "unusable"; readonly reason: string; readonly publicKey: PublicKey | null };

/** Deriving a key from a passphrase blocks for 0.1 s and more (bcrypt), and a node may be dialled often. */
const MAX_DECRYPTED = 32;
const decrypted = new BoundedMap<string, ParsedKey>(MAX_DECRYPTED);

export function readPrivateKey(text: string, passphrase: string | null): ReadKey {
  const publicKey = parsePublicKey(text);
  if (publicKey !== null) return { kind: "public", key: publicKey };
  const parsed = ssh2.utils.parseKey(text);
  if (!(parsed instanceof Error)) return usable(parsed);
  const embedded = embeddedKey(text);
  if (!/no passphrase given/i.test(parsed.message)) {
    const reason = /unsupported key format/i.test(parsed.message)
      ? "is not in a format that can be read; ssh-keygen -p converts it"
      : "is damaged or of a type that cannot be used";
    return { kind: "unusable", reason, publicKey: embedded };
  }
  if (passphrase === null) {
    return { kind: "unusable", reason: "is encrypted and no passphrase is configured", publicKey: embedded };
  }
  const opened = decrypt(text, passphrase);
  return opened === null
    ? { kind: "unusable", reason: "cannot be decrypted with the configured passphrase", publicKey: embedded }
    : usable(opened);
}

function usable(key: ParsedKey | undefined): ReadKey {
  // DSA is gone from OpenSSH, and no server of ours should take it.
  return key?.isPrivateKey() === true && key.type !== "ssh-dss"
    ? { kind: "key", key }
    : { kind: "unusable", reason: "holds no private key that can be used", publicKey: null };
}

function decrypt(text: string, passphrase: string): ParsedKey | null {
  const id = createHash("sha256")
    .update(JSON.stringify([text, passphrase]))
    .digest("base64");
  const known = decrypted.get(id);
  if (known !== undefined) return known;
  const key = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) return null;
  decrypted.set(id, key);
  return key;
}

/** The public half, which OpenSSH's format keeps unencrypted (PROTOCOL.key of OpenSSH); null elsewhere. */
function embeddedKey(text: string): PublicKey | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  if (body === undefined) return null;
  const bytes = Buffer.from(body, "base64");
  const magic = "openssh-key-v1\0";
  if (bytes.toString("latin1", 0, magic.length) !== magic) return null;
  let at = magic.length;
  const field = () => {
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    return bytes.subarray(start, at);
  };
  try {
    // Cipher, key derivation and its options; then the number of keys.
    for (let skipped = 0; skipped < 3; skipped++) field();
    at += 4;
    const blob = field();
    const type = typeOf(blob);
    return type === null ? null : { type, blob };
  } catch {
    return null;
  }
}
