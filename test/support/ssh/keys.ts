// Key pairs for tests, made anew each time: nothing secret is ever checked in.
import ssh2 from "ssh2";
import {
  fingerprintOf,
  parsePublicKey,
} from "../../../src/nodeRouter/transports/ssh/connect/trust/fingerprint.ts";

export type KeyKind = "ed25519" | "ecdsa" | "ecdsa384" | "rsa";

export interface TestKey {
  /** OpenSSH's format. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA… comment`, one line without its end. */
  readonly publicKey: string;
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/** @param passphrase encrypts the private key, with few rounds so that tests stay fast. */
export function makeKey(kind: KeyKind = "ed25519", passphrase?: string): TestKey {
  const lock = passphrase === undefined ? {} : { passphrase, cipher: "aes256-ctr", rounds: 2 };
  // One in some hundred keys of ssh2's generator is one that its own parser calls malformed.
  let pair = generate(kind, lock);
  while (ssh2.utils.parseKey(pair.private, passphrase) instanceof Error) pair = generate(kind, lock);
  const key = parsePublicKey(pair.public);
  if (key === null) throw new Error(`not a public key: ${pair.public}`);
  return {
    privateKey: pair.private,
    publicKey: pair.public.trim(),
    type: key.type,
    fingerprint: fingerprintOf(key.blob),
  };
}

function generate(kind: KeyKind, lock: { passphrase?: string; cipher?: string; rounds?: number }) {
  const options = { comment: "test", ...lock };
  switch (kind) {
    case "ed25519":
      return ssh2.utils.generateKeyPairSync("ed25519", options);
    case "rsa":
      return ssh2.utils.generateKeyPairSync("rsa", { bits: 2048, ...options });
    case "ecdsa":
      return ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256, ...options });
    case "ecdsa384":
      return ssh2.utils.generateKeyPairSync("ecdsa", { bits: 384, ...options });
  }
}

/** Lines of known_hosts that vouch for these keys under `name`. */
export function knownHostsLines(name: string, keys: readonly TestKey[]): string {
  return keys.map(({ publicKey }) => `${name} ${publicKey.split(" ").slice(0, 2).join(" ")}\n`).join("");
}
