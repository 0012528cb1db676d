// What we offer in the key exchange: no SHA-1, no CBC, no DSA. Pure.
import type { Algorithms, ServerHostKeyAlgorithm } from "ssh2";

/** Types of host keys, preferred first, and the signatures we take of each (RFC 8332: an RSA key signs with SHA-2). */
const SIGNATURES: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ["ssh-ed25519", ["ssh-ed25519"]],
  ["ecdsa-sha2-nistp256", ["ecdsa-sha2-nistp256"]],
  ["ecdsa-sha2-nistp384", ["ecdsa-sha2-nistp384"]],
  ["ecdsa-sha2-nistp521", ["ecdsa-sha2-nistp521"]],
  ["ssh-rsa", ["rsa-sha2-512", "rsa-sha2-256"]],
]);

export const HOST_KEY_TYPES: readonly string[] = [...SIGNATURES.keys()];

/**
 * @param types host key types to take, preferred first; all the others are refused.
 */
export function algorithmsFor(types: readonly string[]): Algorithms {
  return {
    kex: [
      "curve25519-sha256",
      "curve25519-sha256@libssh.org",
      "ecdh-sha2-nistp256",
      "ecdh-sha2-nistp384",
      "ecdh-sha2-nistp521",
      // SECURITY: no group exchange. The server chooses the group, and Node's check of one of 8192 bits takes most
      // of a minute, in which nothing else runs.
      "diffie-hellman-group14-sha256",
      "diffie-hellman-group16-sha512",
      "diffie-hellman-group18-sha512",
    ],
    serverHostKey: types.flatMap((type) => [...(SIGNATURES.get(type) ?? [])]),
    cipher: [
      "aes128-gcm@openssh.com",
      "aes256-gcm@openssh.com",
      "aes128-ctr",
      "aes192-ctr",
      "aes256-ctr",
      // Last: without the native addon it is the slow one here.
      "chacha20-poly1305@openssh.com",
    ],
    hmac: [
      "hmac-sha2-256-etm@openssh.com",
      "hmac-sha2-512-etm@openssh.com",
      "hmac-sha2-256",
      "hmac-sha2-512",
    ],
    compress: ["none"],
  };
}

/** All types: those that are known first, so that a server with several keys shows the known one. */
export function orderTypes(known: readonly string[]): readonly string[] {
  const usable = known.filter((type) => SIGNATURES.has(type));
  return [...usable, ...HOST_KEY_TYPES.filter((type) => !usable.includes(type))];
}
