// A private key's text as a usable key, or the words for why it is none. Never shows key material.
import { createHash, createPrivateKey } from "node:crypto";
import ssh2, { type ParsedKey } from "ssh2";
import { BoundedMap } from "../../../../../shared/bounded.ts";
import { type PublicKey, parsePublicKey, typeOf } from "../trust/fingerprint.ts";
import { otherFormat, whyNoKey, whyNotType } from "./keyFormat.ts";

export type ReadKey =
  | { readonly kind: "key"; readonly key: ParsedKey }
  /** A public key: it can only choose a key of the agent. */
  | { readonly kind: "public"; readonly key: PublicKey }
  | { readonly kind: "unusable"; readonly reason: string; readonly publicKey: PublicKey | null };

const NO_PASSPHRASE = "is encrypted and no passphrase is configured";
const WRONG_PASSPHRASE = "cannot be decrypted with the configured passphrase";

/** Deriving a key from a passphrase blocks for 0.1 s and more (bcrypt), and a node may be dialled often. */
const MAX_DECRYPTED = 32;
const decrypted = new BoundedMap<string, ParsedKey>(MAX_DECRYPTED);

/**
 * PEM, PKCS#8 and OpenSSH's own format. Decrypting blocks, so the last keys that were decrypted are remembered.
 * @param passphrase null: none is configured.
 */
export function readPrivateKey(text: string, passphrase: string | null): ReadKey {
  const publicKey = parsePublicKey(text);
  if (publicKey !== null) {
    const reason = whyNotType(publicKey.type);
    // The public half of a security key may still choose the agent's, but a certificate chooses nothing.
    return reason === null || publicKey.type.startsWith("sk-")
      ? { kind: "public", key: publicKey }
      : { kind: "unusable", reason, publicKey: null };
  }
  const embedded = embeddedKey(text);
  const unusable = (reason: string): ReadKey => ({
    kind: "unusable",
    reason,
    publicKey: embedded?.key ?? null,
  });
  const reason = embedded === null ? null : whyNotType(embedded.key.type);
  if (reason !== null) return unusable(reason);
  const pem = asPem(text, passphrase);
  if (pem.kind === "unusable") return unusable(pem.reason);
  const parsed = ssh2.utils.parseKey(pem.text);
  if (!(parsed instanceof Error)) return usable(parsed);
  if (/no passphrase given/i.test(parsed.message)) {
    if (passphrase === null) return unusable(NO_PASSPHRASE);
    const opened = decrypt(pem.text, passphrase);
    if (!(opened instanceof Error)) return usable(opened);
    if (embedded !== null && /initialization vector|unsupported/i.test(opened.message)) {
      return unusable(cipherReason(embedded.cipher));
    }
    return unusable(WRONG_PASSPHRASE);
  }
  if (/unsupported cipher|\) not supported/i.test(parsed.message)) {
    return unusable(cipherReason(embedded?.cipher ?? "an old cipher"));
  }
  if (/^unsupported [^:]{1,40}(type|OID):/i.test(parsed.message)) {
    return unusable(
      `is of a type that cannot be used (${embedded?.key.type ?? parsed.message.split(": ").at(-1)})`,
    );
  }
  const isRead = !/unsupported key format/i.test(parsed.message);
  return unusable(isRead ? (otherFormat(text) ?? "is damaged") : whyNoKey(text));
}

/** OpenSSH reads these ciphers and ssh2 does not. */
function cipherReason(cipher: string): string {
  return `is encrypted with ${cipher}, which cannot be read; "ssh-keygen -p -Z aes256-ctr -f FILE" changes that`;
}

function usable(key: ParsedKey | undefined): ReadKey {
  const reason = key === undefined ? null : whyNotType(key.type);
  return key?.isPrivateKey() === true && reason === null
    ? { kind: "key", key }
    : { kind: "unusable", reason: reason ?? "holds no private key that can be used", publicKey: null };
}

/**
 * Generic PEM (PKCS#8, and what stands behind EC parameters) as what ssh2 reads; other text as it is. OpenSSH takes
 * RSA and ECDSA keys of it too.
 */
function asPem(
  text: string,
  passphrase: string | null,
): { readonly kind: "text"; readonly text: string } | { readonly kind: "unusable"; readonly reason: string } {
  const isLocked = /^-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text.trimStart());
  if (!isLocked && !/^-----BEGIN (PRIVATE KEY|EC PARAMETERS)-----/.test(text.trimStart()))
    return { kind: "text", text };
  if (isLocked && passphrase === null) return { kind: "unusable", reason: NO_PASSPHRASE };
  let key: ReturnType<typeof createPrivateKey>;
  try {
    key = createPrivateKey({ key: text, ...(isLocked ? { passphrase: passphrase ?? "" } : {}) });
  } catch {
    return { kind: "unusable", reason: isLocked ? WRONG_PASSPHRASE : "is damaged" };
  }
  const type = key.asymmetricKeyType;
  if (type === "rsa") return { kind: "text", text: String(key.export({ type: "pkcs1", format: "pem" })) };
  if (type === "ec") return { kind: "text", text: String(key.export({ type: "sec1", format: "pem" })) };
  return {
    kind: "unusable",
    reason: `is a PKCS#8 key of type ${type}, which OpenSSH does not read either; make one with ssh-keygen`,
  };
}

function decrypt(text: string, passphrase: string): ParsedKey | Error {
  const id = createHash("sha256")
    .update(JSON.stringify([text, passphrase]))
    .digest("base64");
  const known = decrypted.get(id);
  if (known !== undefined) return known;
  const key = ssh2.utils.parseKey(text, passphrase);
  if (!(key instanceof Error)) decrypted.set(id, key);
  return key;
}

/** The public half, which OpenSSH's format keeps unencrypted (PROTOCOL.key of OpenSSH), and the cipher; null elsewhere. */
function embeddedKey(text: string): { readonly key: PublicKey; readonly cipher: string } | null {
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
    const cipher = field().toString("latin1");
    // Key derivation and its options; then the number of keys.
    for (let skipped = 0; skipped < 2; skipped++) field();
    at += 4;
    const blob = field();
    const type = typeOf(blob);
    return type === null || !/^[\w.@-]{1,64}$/.test(cipher) ? null : { key: { type, blob }, cipher };
  } catch {
    return null;
  }
}
