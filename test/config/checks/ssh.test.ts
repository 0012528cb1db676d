// What a node says of SSH.
import { expect, test } from "vitest";
import { nodeLines } from "../support.ts";

test("transport ssh needs ssh settings, and any will do", () => {
  expect(nodeLines({ transport: "ssh" })).toEqual([
    'error nodes.a.transport: transport is "ssh" but node "a" has no ssh settings',
  ]);
  expect(nodeLines({ transport: "ssh", ssh: {} })).toEqual([]);
  expect(nodeLines({ transport: "auto" })).toEqual([]);
});

test.each(["-l", "a b", "a\u0007"])("an ssh user that ssh would not read as one is refused: %j", (user) => {
  const shown = user.replace("\u0007", "\\u0007");
  expect(nodeLines({ ssh: { user } })).toEqual([
    `error nodes.a.ssh.user: "${shown}" must not begin with "-" and must hold no space and no control character`,
  ]);
});

test.each([
  ["-oProxyCommand=x", 'must not begin with "-"'],
  ["a b", "must hold no space"],
  ["a\u0007", "must hold no control character"],
  // Patterns, lists and marks of known_hosts: they would vouch for every machine.
  ["*", "must not hold *"],
  ["web-?", "must not hold ?"],
  ["a,b", "must not hold ,"],
  ["!x", "must not hold !"],
  ["@revoked", "must not hold @"],
  ["rack#3", "must not hold #"],
  ["|1|x|y", "must not hold |"],
  // What ssh would take for a login or a URL.
  ["root@web", "must not hold @"],
  ["ssh://web", "must not hold /"],
  // What ssh refuses, since a ProxyCommand is a line of a shell.
  ["$(id)", "must not hold $"],
  ["a;b", "must not hold ;"],
])("an ssh host that is not the name of one machine is refused: %j", (host, words) => {
  const shown = host.replace("\u0007", "\\u0007");
  expect(nodeLines({ ssh: { host } })).toEqual([`error nodes.a.ssh.host: "${shown}" ${words}`]);
});

test("a host may be a name, an alias or an address", () => {
  for (const host of ["mac-sg", "mac_sg.tail.ts.net", "100.64.0.2", "fd7a::1", "fe80::1%eth0"]) {
    expect(nodeLines({ ssh: { host } })).toEqual([]);
  }
});

test("a private key comes from a file or as text, not from both", () => {
  expect(nodeLines({ ssh: { identityFile: "~/.ssh/id", identityData: "key" } })).toEqual([
    "error nodes.a.ssh.identityData: identityFile and identityData are both set; keep one",
  ]);
  expect(nodeLines({ ssh: { identityData: "key", passphrase: "words" } })).toEqual([]);
});

test("a secret has a greatest length, which OpenClaw cannot check where it comes by reference, and is not repeated", () => {
  for (const key of ["identityData", "passphrase"]) {
    expect(nodeLines({ ssh: { [key]: "k".repeat(65_536) } })).toEqual([]);
    expect(nodeLines({ ssh: { [key]: "k".repeat(65_537) } })).toEqual([
      `error nodes.a.ssh.${key}: has more than 65536 characters`,
    ]);
  }
});

test("a host key is a SHA256 fingerprint, not a key and not an MD5 one", () => {
  const line =
    'error nodes.a.ssh.hostKey: is not a fingerprint that begins with "SHA256:", as ssh-keygen -l prints it';
  expect(nodeLines({ ssh: { hostKey: "ssh-ed25519 AAAA" } })).toEqual([line]);
  expect(nodeLines({ ssh: { hostKey: "MD5:16:27:ac" } })).toEqual([line]);
  expect(nodeLines({ ssh: { hostKey: "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDBDCWAQOJpCIn5Zrg" } })).toEqual([]);
});
