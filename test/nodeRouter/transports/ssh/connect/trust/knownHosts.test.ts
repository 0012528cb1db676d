// known_hosts as OpenSSH writes and reads it.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPublicKey } from "../../../../../../src/nodeRouter/transports/ssh/connect/trust/fingerprint.ts";
import {
  formatKnownHost,
  isHashed,
  type KnownHost,
  namesHost,
  needsHash,
  parseKnownHosts,
} from "../../../../../../src/nodeRouter/transports/ssh/connect/trust/knownHosts.ts";
import { makeKey } from "../../../../../support/ssh/keys.ts";

const KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIBAjMWmiYXnNwjcUWt1c4gr1GkEj4GSXSVz3UExtWKpk";
const LINE = `ssh-ed25519 ${KEY}`;

describe("lines", () => {
  const hostsOf = (text: string) => parseKnownHosts(text).map(({ hosts }) => hosts);

  test("comments, empty and bad lines are left out; the others keep their number", () => {
    const text = `# a comment\n\n  mac-sg ${LINE} and a comment\nno-key ssh-ed25519\nmac-sg ${LINE}x!\nmac-sg ecdsa-sha2-nistp256 ${KEY}\nmac-cn\t${LINE}\r\n@unknown mac-sg ${LINE}\n`;
    expect(parseKnownHosts(text).map(({ hosts, line }) => [hosts, line])).toEqual([
      ["mac-sg", 3],
      ["mac-cn", 7],
    ]);
  });

  test("markers", () => {
    const text = `@revoked * ${LINE}\n@cert-authority *.example ${LINE}\nmac-sg ${LINE}\n`;
    expect(parseKnownHosts(text).map(({ marker }) => marker)).toEqual(["revoked", "cert-authority", null]);
  });

  test("a line whose type is not the key's own is no line: it could name a type that is never offered", () => {
    expect(hostsOf(`mac-sg ssh-rsa ${KEY}\n`)).toEqual([]);
  });

  test("any text is read without an error", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseKnownHosts(text)));
  });
});

describe("names", () => {
  test.each<[string, string, boolean]>([
    ["mac-sg", "mac-sg", true],
    ["MAC-SG", "mac-sg", true],
    ["mac-sg,100.64.0.2", "100.64.0.2", true],
    ["mac-sg", "mac-sg.tail.ts.net", false],
    ["*.ts.net,!bad.ts.net", "mac.ts.net", true],
    ["*.ts.net,!bad.ts.net", "bad.ts.net", false],
    ["mac-s?", "mac-sg", true],
    ["[mac-sg]:2222", "[mac-sg]:2222", true],
    ["[mac-sg]:2222", "mac-sg", false],
    ["mac-sg", "[mac-sg]:2222", false],
    ["*", "[mac-sg]:2222", true],
    // Written by ssh-keygen -H.
    ["|1|vKlrwKzTI1H3L8Yg5sBwQZm8D78=|vM+Sb4fMXuAr63rAE7r7eTPGeww=", "example.org", true],
    ["|1|vKlrwKzTI1H3L8Yg5sBwQZm8D78=|vM+Sb4fMXuAr63rAE7r7eTPGeww=", "example.com", false],
    ["|1|vKlrwKzTI1H3L8Yg5sBwQZm8D78=|AAAA", "example.org", false],
    ["|2|AAAA|AAAA", "|2|aaaa|aaaa", false],
  ])("%j names %j: %s", (hosts, name, expected) => {
    expect(namesHost({ hosts }, name)).toBe(expected);
  });
});

describe("a written line", () => {
  const names = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `[${host}]:${port}`),
  );
  const salts = fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 }));
  const blob = fc.uint8Array({ minLength: 1, maxLength: 200 });

  test("reads back as the same key of the same name, hashed or not, whatever stands before and after it", () => {
    fc.assert(
      fc.property(names, salts, blob, names, (name, salt, rest, other) => {
        const key = keyOf(rest);
        const line = formatKnownHost(name, key, salt === null ? null : Buffer.from(salt));
        const read = parseKnownHosts(`# before\n${line}\nbroken\n`);
        expect(read).toHaveLength(1);
        const [found] = read as [KnownHost];
        expect([found.type, found.blob.equals(key.blob), found.marker]).toEqual([key.type, true, null]);
        expect(namesHost(found, name)).toBe(true);
        expect(namesHost(found, other)).toBe(other === name);
        expect(isHashed(found)).toBe(salt !== null);
        if (salt !== null) expect(line).not.toContain(name);
      }),
    );
  });

  test.each(["*", "*.example", "web-?", "a,b", "!a", "|1|x|y", "a b", "a\tb", "a\nb", "a\u0000", "-a", ""])(
    "is not made for %j, which is no name of one machine, hashed or not",
    (name) => {
      const key = keyOf(new Uint8Array([1]));
      for (const salt of [null, randomBytes(20)]) {
        expect(() => formatKnownHost(name, key, salt)).toThrow(
          /^SSH_SETTINGS_INVALID: .*no name of one machine/,
        );
      }
    },
  );

  test.each(["rack#3", "#a", "@revoked", "@cert-authority"])("is made for %j as a hash only", (name) => {
    const key = keyOf(new Uint8Array([1]));
    expect(needsHash(name)).toBe(true);
    expect(() => formatKnownHost(name, key, null)).toThrow(/as a hash$/);
    const [found] = parseKnownHosts(formatKnownHost(name, key, randomBytes(20)));
    expect(found && [namesHost(found, name), namesHost(found, "other")]).toEqual([true, false]);
  });

  test("whatever the name: it vouches for that name alone, or is not made", () => {
    const key = keyOf(new Uint8Array([1]));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 12 }), names, (name, other) => {
        let line: string;
        try {
          line = formatKnownHost(name, key, needsHash(name) ? randomBytes(20) : null);
        } catch {
          return;
        }
        const read = parseKnownHosts(`${line}\n`);
        expect(read).toHaveLength(1);
        expect(read.every((found) => found.marker === null && !namesHost(found, other))).toBe(
          name.toLowerCase() !== other,
        );
      }),
    );
  });

  test("two hashed lines of one name differ", () => {
    const key = keyOf(new Uint8Array([1]));
    expect(formatKnownHost("h", key, randomBytes(20))).not.toBe(formatKnownHost("h", key, randomBytes(20)));
  });

  test("every kind of key that a server has", () => {
    for (const kind of ["ed25519", "ecdsa", "ecdsa384", "rsa"] as const) {
      const [type, base64] = makeKey(kind).publicKey.split(" ");
      const key = readPublicKey(type, base64);
      expect(key && formatKnownHost("h", key, null)).toBe(`h ${type} ${base64}`);
    }
  });
});

function keyOf(rest: Uint8Array) {
  const type = Buffer.from("ssh-ed25519");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return { type: "ssh-ed25519", blob: Buffer.concat([length, type, rest]) };
}
