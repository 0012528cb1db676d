import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { linesOf, nodeLines, ruleLines } from "./support.ts";

test("an unknown key is named, with the key that was probably meant", () => {
  expect(ruleLines({ name: "a", agents: ["x"], perfer: [] })).toEqual([
    'error rules[0].perfer: unknown key "perfer" | did you mean "prefer"?',
  ]);
});

test("an unknown key that resembles nothing gets no suggestion", () => {
  expect(linesOf({ zzzzzz: 1 })).toEqual(['error zzzzzz: unknown key "zzzzzz"']);
});

test("another tool's word for a key is recognized though its letters are far from ours", () => {
  expect(nodeLines({ labels: ["gpu"] })).toEqual([
    'error nodes.a.labels: unknown key "labels" | did you mean "tags"?',
  ]);
});

test("another tool's word gets no suggestion where our key does not belong", () => {
  expect(linesOf({ labels: ["gpu"] })).toEqual(['error labels: unknown key "labels"']);
});

test.each([
  [{ mode: 1 }, 'error mode: must be "enforce" or "shadow", is a number'],
  [{ mode: "shadwo" }, 'error mode: must be "enforce" or "shadow", is "shadwo" | did you mean "shadow"?'],
  [{ nodes: [] }, "error nodes: must be an object, is a list"],
  [{ nodes: { a: null } }, "error nodes.a: must be an object, is null"],
  [{ nodes: { a: { node: true } } }, "error nodes.a.node: must be text or false, is true"],
  [{ nodes: { a: { node: "" } } }, "error nodes.a.node: must not be empty"],
  [{ nodes: { a: { tags: "gpu" } } }, "error nodes.a.tags: must be a list, is text"],
  [{ nodes: { a: { tags: ["gpu", 1] } } }, "error nodes.a.tags[1]: must be text, is a number"],
  [
    { nodes: { a: { tags: ["x".repeat(382)] } } },
    "error nodes.a.tags[0]: must have at most 381 characters, has 382",
  ],
  [
    { nodes: { a: { location: { latitude: 91, longitude: 0 } } } },
    "error nodes.a.location.latitude: must be between -90 and 90, is 91",
  ],
  [
    { nodes: { a: { ssh: { port: 70_000 } } } },
    "error nodes.a.ssh.port: must be between 1 and 65535, is 70000",
  ],
  [
    { nodes: { a: { ssh: { port: 22.5 } } } },
    "error nodes.a.ssh.port: must be an integer, is a number with a fraction",
  ],
  [{ nodes: { a: { ssh: { port: "22" } } } }, "error nodes.a.ssh.port: must be an integer, is text"],
  [
    { audit: "strcit" },
    'error audit: must be "off" or "best-effort" or "strict", is "strcit" | did you mean "strict"?',
  ],
  [{ audit: true }, 'error audit: must be "off" or "best-effort" or "strict", is true'],
  [{ auditCommandText: "yes" }, "error auditCommandText: must be true or false, is text"],
  [{ nodes: { a: { loginShell: 1 } } }, "error nodes.a.loginShell: must be true or false, is a number"],
  [{ nodes: { a: { paths: "/srv" } } }, "error nodes.a.paths: must be a list, is text"],
  [{ nodes: { a: { paths: [""] } } }, "error nodes.a.paths[0]: must not be empty"],
  [{ nodes: { a: { pathPrepend: [1] } } }, "error nodes.a.pathPrepend[0]: must be text, is a number"],
  [{ nodes: { a: { env: ["A=1"] } } }, "error nodes.a.env: must be an object, is a list"],
  [{ nodes: { a: { env: { A: 1 } } } }, "error nodes.a.env.A: must be text, is a number"],
  [
    { nodes: { a: { env: { A: "x".repeat(4097) } } } },
    "error nodes.a.env.A: must have at most 4096 characters, has 4097",
  ],
  [{ rules: {} }, "error rules: must be a list, is an object"],
  [{ rules: ["a"] }, "error rules[0]: must be an object, is text"],
  [{ rules: [{ agents: ["x"] }] }, "error rules[0].name: must be set"],
  [{ rules: [{ name: "a" }] }, "error rules[0].agents: must be set"],
  [{ rules: [{ name: "a", agents: [] }] }, "error rules[0].agents: must not be empty"],
  [{ rules: [{ name: "a", agents: ["x"], require: "" }] }, "error rules[0].require: must not be empty"],
  [
    { rules: [{ name: "a", agents: ["x"], prefer: [{ selector: "gpu", weight: 101 }] }] },
    "error rules[0].prefer[0].weight: must be between -100 and 100, is 101",
  ],
])("%j is one problem, told once", (config, line) => {
  expect(linesOf(config).filter((found) => found.startsWith("error"))).toEqual([line]);
});

test("a setting that is undefined is absent, not of the wrong type", () => {
  expect(linesOf({ mode: undefined, rules: [{ name: "a", agents: ["x"], tools: undefined }] })).toEqual([]);
});

test("everything that is wrong is told at once, shape and meaning", () => {
  expect(
    ruleLines({ name: "a", agents: ["x"], require: "region in", perfer: [] }, { name: "a", agents: ["y"] }),
  ).toEqual([
    'error rules[0].perfer: unknown key "perfer" | did you mean "prefer"?',
    'error rules[0].require: selector "region in" at column 10: found the end, expected "("',
    'error rules[1].name: the name "a" is taken by rules[0]',
  ]);
});

test("a key that is no plain word is quoted in the path, and a key of digits is not taken for an index", () => {
  expect(linesOf({ nodes: { "a.b": 1, "0": 2 } })).toEqual([
    'error nodes["0"]: must be an object, is a number',
    'error nodes["a.b"]: must be an object, is a number',
  ]);
});

test("no text of the config reaches the terminal raw", () => {
  expect(linesOf({ "\u001b[31m": 1 })).toEqual(['error ["\\u001b[31m"]: unknown key "\\u001b[31m"']);
});

test.each([
  { identityData: 12_345 },
  { passphrase: 12_345 },
  { passphrase: { source: "12345", provider: "p", id: "x" } },
  { passphrase: { source: "env", provider: "p", id: 12_345 } },
  { identityData: ["12345"] },
  { privateKey: "12345" },
  { identityFile: "12345\n12345" },
])("a secret in the wrong shape or place is not repeated: %j", (ssh) => {
  const { problems } = resolveConfig({ nodes: { a: { ssh } }, rules: [{ name: "a", agents: ["x"] }] });
  expect(problems).toHaveLength(1);
  expect(JSON.stringify(problems)).not.toContain("12345");
});

test("a SecretRef is told what is wrong in it, not that it is not text", () => {
  expect(nodeLines({ ssh: { passphrase: { source: "env", provider: "p" } } })).toEqual([
    "error nodes.a.ssh.passphrase.id: must be set",
  ]);
});

test("a flood of problems ends in one that refuses every agent, so none of the untold slips through", () => {
  const rules = Array.from({ length: 300 }, (_, index) => ({ name: `r${index}`, agents: ["x"], bad: 1 }));
  const { problems } = resolveConfig({ rules });
  expect(problems[200]).toEqual({
    code: "TOO_MANY_PROBLEMS",
    path: "plugins.entries.node-router.config",
    message: "more than 200 problems; the others are not listed",
    suggestion: null,
    severity: "error",
    agents: "*",
  });
});
