import { expect, test } from "vitest";
import { linesOf, nodeLines } from "../support.ts";

test.each([
  [
    "-gpu",
    'tag "-gpu": its key "-gpu" must be 1 to 63 characters made of letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
  ],
  [
    "node.os=linux",
    'tag "node.os=linux": tags that begin with "node." are found by the plugin and cannot be set',
  ],
  ["region=sg", 'tag "region=sg" contradicts tag "region=cn" of the same node'],
])("the tag %s is refused", (tag, message) => {
  expect(nodeLines({ tags: ["region=cn", tag] })).toEqual([`error nodes.a.tags[1]: ${message}`]);
});

test("a tag that is said twice, or only begins like a built-in one, is no problem", () => {
  expect(nodeLines({ tags: ["gpu", "gpu", "node=1", "nodes.os=linux"] })).toEqual([]);
});

test.each([
  ["", 'nodes[""]: a node\'s name must not be empty'],
  ["__proto__", 'nodes.__proto__: a node cannot be named "__proto__"'],
  ["constructor", 'nodes.constructor: a node cannot be named "constructor"'],
  ["prototype", 'nodes.prototype: a node cannot be named "prototype"'],
  ["a\nb", 'nodes["a\\u000ab"]: the node\'s name "a\\u000ab" has characters that cannot be shown'],
])("no node is named %j", (name, line) => {
  expect(linesOf(JSON.parse(`{ "nodes": { ${JSON.stringify(name)}: {} } }`))).toEqual([`error ${line}`]);
});

test("a name that only contains a reserved word, or is not ASCII, is a node's name", () => {
  expect(linesOf({ nodes: { "constructor-1": {}, 新加坡: {}, "Mac SG": {} } })).toEqual([]);
});

test("two nodes cannot be one paired node, whichever way they say so", () => {
  expect(linesOf({ nodes: { a: {}, b: { node: "a" } } })).toEqual([
    'error nodes.b.node: node "b" and node "a" are both the paired node "a" | set node to false for the one that is not paired.',
  ]);
});

test("the host finds paired nodes without regard to case and punctuation, so these two are one as well", () => {
  expect(linesOf({ nodes: { a: { node: "Mac SG" }, b: { node: "mac-sg" } } })).toEqual([
    'error nodes.b.node: node "b" and node "a" are both the paired node "mac-sg" | set node to false for the one that is not paired.',
  ]);
});

test("two nodes without a paired node are not duplicates of each other", () => {
  expect(linesOf({ nodes: { a: { node: false }, b: { node: false } } })).toEqual([]);
});

test("a target with characters that cannot be shown is refused", () => {
  expect(nodeLines({ node: "b\u202e", tailscale: "c\t" })).toEqual([
    'error nodes.a.node: "b\\u202e" has characters that cannot be shown',
    'error nodes.a.tailscale: "c\\u0009" has characters that cannot be shown',
  ]);
});

test("a country is two capital letters, and small ones are only suggested, never guessed", () => {
  expect(nodeLines({ location: { country: "sg" } })).toEqual([
    'error nodes.a.location.country: "sg" is not two capital letters (ISO 3166-1 alpha-2) | did you mean "SG"?',
  ]);
  expect(nodeLines({ location: { country: "Singapore" } })).toEqual([
    'error nodes.a.location.country: "Singapore" is not two capital letters (ISO 3166-1 alpha-2)',
  ]);
  expect(nodeLines({ location: { country: "SG" } })).toEqual([]);
});

test("latitude and longitude come together, and zero is a place", () => {
  expect(nodeLines({ location: { latitude: 1 } })).toEqual([
    "error nodes.a.location.latitude: latitude is set without longitude",
  ]);
  expect(nodeLines({ location: { longitude: 1 } })).toEqual([
    "error nodes.a.location.longitude: longitude is set without latitude",
  ]);
  expect(nodeLines({ location: { latitude: 0, longitude: 0 } })).toEqual([]);
});

test.each(["work", "~/work", "./work", "C:work"])("the workspace %j is not absolute", (workspace) => {
  const message = `"${workspace}" is not an absolute path on the node, such as "/home/claw/work"`;
  expect(nodeLines({ workspace })).toEqual([`error nodes.a.workspace: ${message}`]);
});

test.each(["/", "/home/claw/my work", "C:\\work", "d:/work"])("the workspace %j is absolute", (workspace) => {
  expect(nodeLines({ workspace })).toEqual([]);
});

test("a workspace with a control character is refused", () => {
  expect(nodeLines({ workspace: "/work\n" })).toEqual([
    'error nodes.a.workspace: "/work\\u000a" has characters that cannot be shown',
  ]);
});

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

test.each([
  ["srv", '"srv"'],
  ["~/bin", '"~/bin"'],
  ["./bin", '"./bin"'],
  ["$HOME/bin", '"$HOME/bin"'],
  ["C:\\bin", '"C:\\\\bin"'],
  ["/bin\n/evil", '"/bin\\u000a/evil"'],
  ["/bin\u202e", '"/bin\\u202e"'],
  ["/bin\u0000", '"/bin\\u0000"'],
])("the directory %j is no absolute directory of a POSIX node", (directory, shown) => {
  for (const key of ["paths", "pathPrepend"]) {
    expect(nodeLines({ [key]: ["/ok", directory] })).toEqual([
      `error nodes.a.${key}: ${shown} is not an absolute directory on the node, such as "/opt/homebrew/bin"`,
    ]);
  }
});

test("a colon would make two directories of one in PATH, and is a letter like any other elsewhere", () => {
  expect(nodeLines({ pathPrepend: ["/opt/a:/tmp"] })).toEqual([
    'error nodes.a.pathPrepend: "/opt/a:/tmp" holds ":", which separates the directories of PATH',
  ]);
  expect(nodeLines({ paths: ["/opt/a:/tmp"] })).toEqual([]);
});

test.each(["/", "/srv/my data", "/Users/claw/工作", "/a'b\"c$d`e"])(
  "the directory %j is absolute",
  (directory) => {
    expect(nodeLines({ paths: [directory], pathPrepend: [directory] })).toEqual([]);
  },
);

test.each(["", "1A", "A-B", "A B", "A=B", "A;id", "É", "A\nB"])(
  "no shell can export the variable %j",
  (name) => {
    const shown = name.replace("\n", "\\u000a");
    expect(nodeLines({ env: { [name]: "value-1" } })).toEqual([
      `error nodes.a.env: "${shown}" is not a name that a shell can export`,
    ]);
  },
);

test("a variable's value may hold anything but NUL, and is not repeated", () => {
  expect(nodeLines({ env: { A: "", B: "a\nb", C: "$(id) 'x' \"y\"", _d1: "é \u001b" } })).toEqual([]);
  expect(nodeLines({ env: { A: "value-1\u0000" } })).toEqual([
    'error nodes.a.env: the value of "A" holds a NUL character',
  ]);
});

test("every wrong directory and variable is told, in the order of the config", () => {
  expect(
    nodeLines({ env: { "1": "x", "2": "y" }, paths: ["a", "b"] }).map((line) => line.slice(0, 25)),
  ).toEqual([
    'error nodes.a.paths: "a" ',
    'error nodes.a.paths: "b" ',
    'error nodes.a.env: "1" is',
    'error nodes.a.env: "2" is',
  ]);
});
