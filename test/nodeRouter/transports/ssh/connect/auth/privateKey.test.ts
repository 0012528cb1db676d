// A key's text is a key, or the real reason why it is none; never more of the key than that.
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ReadKey,
  readPrivateKey,
} from "../../../../../../src/nodeRouter/transports/ssh/connect/auth/privateKey.ts";
import { makeKey } from "../../../../../support/ssh/keys.ts";

const KEY = makeKey();
const LOCKED = makeKey("ed25519", "open sesame");
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const EC = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const LOCK = { cipher: "aes-256-cbc", passphrase: "open sesame" };
const text = (key: string | Buffer) => String(key);
const pkcs8 = (pair: typeof RSA, lock = {}) =>
  text(pair.privateKey.export({ type: "pkcs8", format: "pem", ...lock }));

/** OpenSSH's format with these words in it, as ssh-keygen writes it (PROTOCOL.key). */
function openSsh(cipher: string, type: string): string {
  const field = (value: string | Buffer) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const publicKey = Buffer.concat([field(type), field(Buffer.alloc(32, 7))]);
  const locked = cipher !== "none";
  const options = locked ? Buffer.concat([field(Buffer.alloc(16, 1)), Buffer.from([0, 0, 0, 1])]) : "";
  const bytes = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    field(cipher),
    field(locked ? "bcrypt" : "none"),
    field(options),
    Buffer.from([0, 0, 0, 1]),
    field(publicKey),
    field(Buffer.alloc(128, 3)),
    ...(cipher.startsWith("chacha20") ? [Buffer.alloc(16)] : []),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

const said = (read: ReadKey) => (read.kind === "unusable" ? read.reason : read.kind);

describe("is a key", () => {
  const kept = text(RSA.privateKey.export({ type: "pkcs1", format: "pem" }));
  test.each([
    ["OpenSSH's format", KEY.privateKey, null],
    ["with line ends of Windows", KEY.privateKey.replaceAll("\n", "\r\n"), null],
    ["without its last line end", KEY.privateKey.trimEnd(), null],
    ["with a byte order mark", `\ufeff${KEY.privateKey}`, null],
    ["encrypted, with its passphrase", LOCKED.privateKey, "open sesame"],
    ["with a passphrase that it does not need", KEY.privateKey, "open sesame"],
    ["PEM of RSA", kept, null],
    [
      "encrypted PEM of RSA",
      text(RSA.privateKey.export({ type: "pkcs1", format: "pem", ...LOCK })),
      LOCK.passphrase,
    ],
    ["PKCS#8 of RSA", pkcs8(RSA), null],
    ["encrypted PKCS#8 of RSA", pkcs8(RSA, LOCK), LOCK.passphrase],
    ["PKCS#8 of ECDSA", pkcs8(EC), null],
    ["PEM of ECDSA", text(EC.privateKey.export({ type: "sec1", format: "pem" })), null],
  ])("%s", (_, given, passphrase) => {
    expect(said(readPrivateKey(given, passphrase))).toBe("key");
  });
});

describe("is none", () => {
  const squashed = KEY.privateKey.trim().replaceAll("\n", " ");
  test.each([
    ["", /^is empty$/],
    [" \n", /^is empty$/],
    ["not a key", /^is no private key$/],
    [
      "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
      /PuTTY's format; "puttygen FILE -O private-openssh/,
    ],
    ["PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\n", /PuTTY's format/],
    ["---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", /SSH\.com's format; "ssh-keygen -i -f FILE"/],
    ["SSH PRIVATE KEY FILE FORMAT 1.1\n\0", /SSH 1/],
    ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", /X\.509 certificate/],
    ["-----BEGIN PGP PRIVATE KEY BLOCK-----\n", /OpenPGP key/],
    ["AGE-SECRET-KEY-1QQ\n", /key of age/],
    [text(RSA.publicKey.export({ type: "spki", format: "pem" })), /^is a public key; name the private key$/],
    ["---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n", /^is a public key/],
    [Buffer.from(KEY.privateKey).toString("base64"), /^is a key in base64; decode it/],
    [Buffer.from(KEY.privateKey, "utf16le").toString("utf8"), /^is UTF-16 text/],
    ["\u0030\0\0\0", /^is binary/],
    [KEY.privateKey.trim().replaceAll("\n", "\\n"), /^holds "\\n" where its lines should end/],
    [squashed, /^has lost its line ends/],
    [`"${KEY.privateKey}"`, /^has quotes around it/],
    [KEY.privateKey.split("\n").slice(0, 3).join("\n"), /^is cut off: its last line is missing$/],
    [KEY.privateKey.replaceAll(/^/gm, "  "), /^has blanks before its lines/],
    [`Bag Attributes\n${KEY.privateKey}`, /^has other text around the key/],
    [KEY.privateKey.replace(/.{40}\n-----END/, "\n-----END"), /^is damaged$/],
    [openSsh("none", "sk-ssh-ed25519@openssh.com"), /^is of a security key \(sk-ssh-ed25519@openssh\.com\)/],
    [openSsh("aes256-ctr", "sk-ecdsa-sha2-nistp256@openssh.com"), /^is of a security key/],
    [openSsh("none", "ssh-dss"), /^is a DSA key, which no server takes any more/],
    [
      openSsh("none", "ssh-xmss@openssh.com"),
      /^is of a type that cannot be used \(ssh-xmss@openssh\.com\)|^is damaged$/,
    ],
    [pkcs8(generateKeyPairSync("ed25519") as unknown as typeof RSA), /^is a PKCS#8 key of type ed25519/],
    [
      text(
        generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey.export({
          type: "sec1",
          format: "pem",
        }),
      ),
      /^is of a type that cannot be used \(1\.3\.132\.0\.10\)$/,
    ],
    [
      `ssh-ed25519-cert-v01@openssh.com ${certificateBlob()} me`,
      /^is a certificate .*; name the private key$/,
    ],
  ])("%#", (given, reason) => {
    expect(said(readPrivateKey(given, null))).toMatch(reason);
    expect(said(readPrivateKey(given, "open sesame"))).toMatch(reason);
  });

  test.each([
    ["OpenSSH's format", LOCKED.privateKey],
    ["PEM", text(RSA.privateKey.export({ type: "pkcs1", format: "pem", ...LOCK }))],
    ["PKCS#8", pkcs8(RSA, LOCK)],
  ])("an encrypted key without a passphrase, and with a wrong one: %s", (_, given) => {
    expect(said(readPrivateKey(given, null))).toBe("is encrypted and no passphrase is configured");
    expect(said(readPrivateKey(given, "wrong"))).toBe("cannot be decrypted with the configured passphrase");
    expect(said(readPrivateKey(given, ""))).toBe("cannot be decrypted with the configured passphrase");
  });

  test("a cipher that cannot be read is not a wrong passphrase", () => {
    const reason = said(readPrivateKey(openSsh("chacha20-poly1305@openssh.com", "ssh-ed25519"), "right"));
    expect(reason).toMatch(
      /^is encrypted with chacha20-poly1305@openssh\.com, which cannot be read; "ssh-keygen -p -Z/,
    );
  });

  test("a public key is one, and can choose a key of the agent", () => {
    expect(said(readPrivateKey(KEY.publicKey, null))).toBe("public");
  });
});

test("any text is a key or a short reason that holds nothing of it", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 12 }), (given) => {
      for (const whole of [
        given,
        `-----BEGIN OPENSSH PRIVATE KEY-----\n${given}\n-----END OPENSSH PRIVATE KEY-----`,
      ]) {
        const read = readPrivateKey(whole, null);
        expect(read.kind).not.toBe("key");
        expect(said(read).length).toBeLessThan(200);
        expect(said(read)).not.toContain(given);
      }
    }),
  );
});

function certificateBlob(): string {
  const type = "ssh-ed25519-cert-v01@openssh.com";
  return Buffer.concat([
    Buffer.from([0, 0, 0, type.length]),
    Buffer.from(type),
    Buffer.alloc(40, 5),
  ]).toString("base64");
}
