// What we offer in the key exchange: no SHA-1, no CBC, no DSA, unless ssh_config asks for one by name. Pure.
import type { Algorithms, CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";

/** Lists of ssh, resolved; null = it says nothing. */
export interface AlgorithmLists {
  readonly kex: readonly string[] | null;
  readonly ciphers: readonly string[] | null;
  readonly macs: readonly string[] | null;
  readonly hostKeys: readonly string[] | null;
}

/** What a hop may use; every list in our order of preference. */
export interface Offer {
  readonly kex: readonly KexAlgorithm[];
  readonly cipher: readonly CipherAlgorithm[];
  readonly hmac: readonly MacAlgorithm[];
  readonly signatures: readonly ServerHostKeyAlgorithm[];
}

/** Types of host keys, preferred first, and the signatures we take of each (RFC 8332: an RSA key signs with SHA-2). */
const SIGNATURES: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  // The last is SHA-1.
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]],
]);

export const HOST_KEY_TYPES: readonly string[] = [...SIGNATURES.keys()];

const OURS: Offer = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    // SECURITY: no group exchange. The server chooses the group, and Node's check of one of 8192 bits takes most of a
    // minute, in which nothing else runs.
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
  ],
  cipher: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    // Last: without the native addon it is the slow one here.
    "chacha20-poly1305@openssh.com",
  ],
  hmac: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"],
  signatures: [...SIGNATURES.values()].flat().filter((name) => name !== "ssh-rsa"),
};

/** In no list of a current OpenSSH by itself: who sees one there has asked for it. After ours, so the last choice. */
const OLD: Offer = {
  kex: ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
  cipher: ["aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"],
  hmac: ["hmac-md5"],
  signatures: ["ssh-rsa"],
};

/** In OpenSSH's lists by itself, and used only where nothing better is left. */
const LAST_RESORT: readonly MacAlgorithm[] = ["hmac-sha1-etm@openssh.com", "hmac-sha1"];

/**
 * The lists of ssh, as far as they can be kept.
 * @returns in `empty` the keyword of each list of which nothing is left.
 */
export function offerFor(lists: AlgorithmLists): {
  readonly offer: Offer;
  readonly empty: readonly string[];
} {
  const pick = <T extends string>(ours: readonly T[], old: readonly T[], wanted: readonly string[] | null) =>
    wanted === null ? ours : [...ours, ...old].filter((name) => wanted.includes(name));
  const hmac = pick(OURS.hmac, OLD.hmac, lists.macs);
  const offer: Offer = {
    kex: pick(OURS.kex, OLD.kex, lists.kex),
    cipher: pick(OURS.cipher, OLD.cipher, lists.ciphers),
    hmac: hmac.length > 0 ? hmac : pick(LAST_RESORT, [], lists.macs),
    signatures: pick(OURS.signatures, OLD.signatures, lists.hostKeys),
  };
  const named: readonly [string, readonly string[]][] = [
    ["KexAlgorithms", offer.kex],
    ["Ciphers", offer.cipher],
    ["MACs", offer.hmac],
    ["HostKeyAlgorithms", offer.signatures],
  ];
  return { offer, empty: named.filter(([, list]) => list.length === 0).map(([keyword]) => keyword) };
}

/** @param types host key types to take, preferred first; all the others are refused. */
export function algorithmsFor(types: readonly string[], offer: Offer = OURS): Algorithms {
  return {
    kex: [...offer.kex],
    serverHostKey: types.flatMap((type) =>
      (SIGNATURES.get(type) ?? []).filter((name) => offer.signatures.includes(name)),
    ),
    cipher: [...offer.cipher],
    hmac: [...offer.hmac],
    compress: ["none"],
  };
}

/** All types that may be used: those that are known first, so that a server with several keys shows the known one. */
export function orderTypes(known: readonly string[], offer: Offer = OURS): readonly string[] {
  const usable = HOST_KEY_TYPES.filter((type) =>
    SIGNATURES.get(type)?.some((name) => offer.signatures.includes(name)),
  );
  const first = known.filter((type) => usable.includes(type));
  return [...first, ...usable.filter((type) => !first.includes(type))];
}
