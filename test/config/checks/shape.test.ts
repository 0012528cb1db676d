// A config that has not the schema's shape: OpenClaw keeps it from us, and if it ever does not, nobody runs by it.
import { expect, test } from "vitest";
import { configRefusal } from "../../../src/config/problems/configRefusal.ts";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { MAX_NODES, MAX_RULES } from "../../../src/config/schema/limits.ts";
import { textOf } from "../../support/refused.ts";
import { linesOf, NO_DELEGATION, REFERENCE_CONFIG } from "../support.ts";

const ROOT = "plugins.entries.node-router.config";
const rule = (parts: object) => ({ rules: [{ name: "a", agents: ["x"], ...parts }] });
const many = <Value>(count: number, of: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => of(index));

test.each([
  [null, ": expected object"],
  [[], ": expected object"],
  ["x", ": expected object"],
  [{ zzzzzz: 1 }, "zzzzzz: unexpected property"],
  [{ mode: "shadwo" }, 'mode: expected "enforce" or "shadow"'],
  [{ mode: null }, 'mode: expected "enforce" or "shadow"'],
  [{ auditKeepDays: 0 }, "auditKeepDays: expected integer to be greater or equal to 1"],
  [{ gateway: { place: {} } }, "gateway.place: unexpected property"],
  [{ presence: { connect: "no" } }, "presence.connect: expected boolean"],
  [{ presence: { geoipFile: true } }, "presence.geoipFile: expected string or false"],
  [{ nodes: [] }, "nodes: expected object"],
  [{ nodes: { a: null } }, "nodes.a: expected object"],
  [{ nodes: { a: { tags: ["gpu", 1] } } }, "nodes.a.tags[1]: expected string"],
  [{ nodes: { a: { workspace: "" } } }, "nodes.a.workspace: expected string length greater or equal to 1"],
  [{ nodes: { a: { loginShell: 1 } } }, "nodes.a.loginShell: expected boolean"],
  [{ nodes: { a: { env: { A: 1 } } } }, "nodes.a.env.A: expected string"],
  [{ nodes: { a: { ssh: { port: 22.5 } } } }, "nodes.a.ssh.port: expected integer"],
  [{ nodes: { a: { ssh: { passphrase: 1 } } } }, "nodes.a.ssh.passphrase: expected string or object"],
  [{ rules: {} }, "rules: expected array"],
  [rule({ tools: [] }), "rules[0].tools: expected array length to be greater or equal to 1"],
  [rule({ onUnavailable: "wait" }), 'rules[0].onUnavailable: expected "refuse" or "gateway" or object'],
  [{ rules: [{ agents: ["x"] }] }, "rules[0].name: expected required property"],
  [rule({ near: { latitude: 1 } }), "rules[0].near: expected string or object"],
  [
    rule({ minimum: { idleCpus: -1 } }),
    "rules[0].minimum.idleCpus: expected number to be greater or equal to 0",
  ],
])("%j is one problem, which says where and what was expected", (config, line) => {
  expect(linesOf(config)).toEqual([`error ${line} | run "openclaw config validate".`]);
});

test("a setting that is undefined is absent, not of the wrong shape", () => {
  expect(linesOf({ mode: undefined, rules: [{ name: "a", agents: ["x"], tools: undefined }] })).toEqual([]);
});

test("several places are one problem all the same, which names the first three", () => {
  const config = { nodes: { a: { tags: 1, node: 2, env: 3 } }, rules: [{ agents: ["x"] }] };
  const [problem, ...others] = resolveConfig(config).problems;
  expect(others).toEqual([]);
  expect(problem).toEqual({
    code: "SHAPE_INVALID",
    path: `${ROOT}.nodes.a.tags`,
    message: `expected array; ${ROOT}.nodes.a.node: expected string or false; ${ROOT}.nodes.a.env: expected object; and more`,
    suggestion: 'run "openclaw config validate".',
    severity: "error",
    agents: "*",
  });
});

test("it refuses every agent, also one that no rule names, in a whole sentence", () => {
  const { problems } = resolveConfig({ ...REFERENCE_CONFIG, perfer: [] });
  expect(textOf(configRefusal(problemsForAgent(problems, "nobody")))).toBe(
    `CONFIG_INVALID: ${ROOT}.perfer: unexpected property; run "openclaw config validate". Mend it, the gateway reloads by itself.`,
  );
});

test("nothing of it is obeyed: not the parts that could be read, and no audit record is removed by it", () => {
  const { problems: _, ...config } = resolveConfig({
    ...REFERENCE_CONFIG,
    mode: "shadow",
    audit: "off",
    auditKeepDays: 1,
    presence: { publicAddressUrl: "https://ip.example" },
    perfer: [],
  });
  expect(config).toEqual({
    mode: "enforce",
    untoleratedAgents: "refuse",
    audit: "strict",
    auditCommandText: false,
    auditKeepDays: 3_653,
    auditAgentMiB: 1_048_576,
    auditMaxMiB: 1_048_576,
    gateway: { location: null },
    presence: { connect: false, geoipFile: false, publicAddressUrl: null },
    nodes: new Map(),
    rules: [],
    tests: [],
    gatewayName: null,
    peers: new Map(),
    delegation: NO_DELEGATION,
    alerts: null,
  });
});

test("a key that is no plain word is quoted in the path, and a key of digits is not taken for an index", () => {
  expect(resolveConfig({ nodes: { "a.b": 1, "0": 2 } }).problems).toMatchObject([
    { path: `${ROOT}.nodes["0"]`, message: `expected object; ${ROOT}.nodes["a.b"]: expected object` },
  ]);
});

test("no text of the config reaches the terminal raw or without end", () => {
  const [line = ""] = linesOf({ [`\u001b[31m${"x".repeat(10_000)}`]: 1 });
  expect(line).toMatch(/^error \["\\u001b\[31mx+…"\]: unexpected property/);
  expect(line.length).toBeLessThan(400);
});

test.each([
  { identityData: 12_345 },
  { passphrase: 12_345 },
  { passphrase: { source: "12345", provider: "p", id: "x" } },
  { passphrase: { source: "env", provider: "p", id: 12_345 } },
  { identityData: ["12345"] },
  { privateKey: "12345" },
])("a secret in the wrong shape or place is not repeated: %j", (ssh) => {
  const { problems } = resolveConfig({ nodes: { a: { ssh } } });
  expect(problems).toHaveLength(1);
  expect(JSON.stringify(problems)).not.toContain("12345");
});

test("the greatest config is read, and one entry more is none", () => {
  const nodes = (count: number) => Object.fromEntries(many(count, (index) => [`n${index}`, {}]));
  const rules = (count: number) => many(count, (index) => ({ name: `r${index}`, agents: [`a${index}`] }));
  const greatest = resolveConfig({ nodes: nodes(MAX_NODES), rules: rules(MAX_RULES) });
  expect([greatest.nodes.size, greatest.rules.length, greatest.problems]).toEqual([10_000, 1_000, []]);
  expect(linesOf({ nodes: nodes(MAX_NODES + 1) })).toEqual([
    'error nodes: expected object to have no more than 10000 properties | run "openclaw config validate".',
  ]);
  expect(linesOf({ rules: rules(MAX_RULES + 1) })).toEqual([
    'error rules: expected array length to be less or equal to 1000 | run "openclaw config validate".',
  ]);
});
