// An ed25519 key pair of a seed, as ssh writes both halves (RFC 8032, RFC 8709, PROTOCOL.key of OpenSSH). Pure.
import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";

export interface KeyPair {
  /** Secret: OpenSSH's private key file. */
  readonly file: string;
  /** `ssh-ed25519 <base64>`, without a comment. */
  readonly line: string;
}

const TYPE = "ssh-ed25519";
/** What PKCS #8 puts before the 32 bytes of an ed25519 seed (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Secret: 32 bytes in base64url. */
export function newSeed(): string {
  return randomBytes(32).toString("base64url");
}

/** @param seed as `newSeed` gives it. */
export function keyPairOf(seed: string): KeyPair {
  const secret = Buffer.from(seed, "base64url");
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: "der", type: "pkcs8" });
  const open = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  const blob = Buffer.concat([field(TYPE), field(open)]);
  // Only an encrypted file needs the two numbers to be random.
  const inner = Buffer.concat([
    Buffer.alloc(8),
    blob,
    field(Buffer.concat([secret, open])),
    field("node-router"),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, at) => at + 1));
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field("none"),
    field("none"),
    field(""),
    Buffer.from([0, 0, 0, 1]),
    field(blob),
    field(Buffer.concat([inner, padding])),
  ]);
  const lines = whole.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    file: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    line: `${TYPE} ${blob.toString("base64")}`,
  };
}

/** The seed of a file that `keyPairOf` wrote; null: it is another one. */
export function seedOf(file: string): string | null {
  const whole = Buffer.from(file.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
  const at = whole.lastIndexOf(field("node-router"));
  const seed = at < 64 ? null : whole.subarray(at - 64, at - 32).toString("base64url");
  return seed !== null && keyPairOf(seed).file === file ? seed : null;
}

function field(value: string | Buffer): Buffer {
  const content = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}
