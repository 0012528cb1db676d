// Names, targets, directories and variables of nodes.
import { expect, test } from "vitest";
import { linesOf, nodeLines } from "../support.ts";

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
