// Public keys as blobs: their type, their fingerprint, and a line of text that carries one. Pure.
import { createHash } from "node:crypto";
import { withoutEnd } from "../../../../../shared/withoutEnd.ts";

/** A public key as SSH sends it. */
export interface PublicKey {
  /** e.g. `ssh-ed25519`. */
  readonly type: string;
  readonly blob: Buffer;
}

/** As `ssh-keygen -l` prints it: `SHA256:` and base64 without padding. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${withoutEnd(createHash("sha256").update(blob).digest("base64"), "=")}`;
}

/** The type that a key names itself; null when the blob is no key. */
export function typeOf(blob: Buffer): string | null {
  if (blob.length < 5) return null;
  const length = blob.readUInt32BE(0);
  const type = length > 0 && length <= 64 ? blob.toString("latin1", 4, 4 + length) : "";
  return blob.length > 4 + length && /^[\w.@-]+$/.test(type) ? type : null;
}

/** Reads `<type> <base64>`; null when it is none, or when the two types differ. */
export function readPublicKey(type: string | undefined, base64: string | undefined): PublicKey | null {
  if (type === undefined || base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  const blob = Buffer.from(base64, "base64");
  return typeOf(blob) === type ? { type, blob } : null;
}

/** Reads `<type> <base64> [comment]`, as in a .pub file. */
export function parsePublicKey(text: string): PublicKey | null {
  const [type, base64] = text.trim().split(/[ \t]+/, 2);
  return readPublicKey(type, base64);
}

/** Bits of an RSA key, for people; null for other types. */
export function bitsOf({ type, blob }: PublicKey): number | null {
  if (type !== "ssh-rsa") return null;
  try {
    const exponentEnd = 11 + 4 + blob.readUInt32BE(11);
    const modulus = blob.subarray(exponentEnd + 4, exponentEnd + 4 + blob.readUInt32BE(exponentEnd));
    const first = modulus.findIndex((byte) => byte !== 0);
    return first < 0 ? null : (modulus.length - first - 1) * 8 + (32 - Math.clz32(modulus[first] ?? 0));
  } catch {
    return null;
  }
}
