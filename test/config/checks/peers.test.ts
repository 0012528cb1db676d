// Other gateways: what cannot be meant, and that nothing of it touches calls to nodes.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { linesOf } from "../support.ts";

const TOKEN = "a-token-of-more-than-32-characters-a";
const OTHER = "b-token-of-more-than-32-characters-b";
const NODES = { "mac-sg": { ssh: {} }, "mac-cn": {} };

const lines = (peers: object, rest: object = {}) => linesOf({ nodes: NODES, peers, ...rest });
const one = (entry: object) => lines({ "gw-sg": entry });
const ruled = (parts: object) =>
  lines(
    { "gw-sg": { ssh: "mac-sg", token: TOKEN, tags: ["region=sg"] } },
    { delegation: { rules: [{ name: "sg", agents: ["master"], ...parts }] } },
  );

test("without a word of peers there are none, and nobody may give a task away", () => {
  const { peers, delegation, gatewayName } = resolveConfig({});
  expect({ peers: peers.size, rules: delegation.rules, gatewayName }).toEqual({
    peers: 0,
    rules: [],
    gatewayName: null,
  });
});

test("what is not said has its default, and accept stays absent", () => {
  const { peers, problems } = resolveConfig({
    nodes: NODES,
    peers: { "gw-sg": { ssh: "mac-sg", token: TOKEN } },
  });
  expect(problems).toEqual([]);
  expect(peers.get("gw-sg")).toEqual({
    name: "gw-sg",
    way: { kind: "ssh", node: "mac-sg", port: 18_789 },
    token: TOKEN,
    tags: new Map(),
    location: null,
    agents: null,
    protocol: "node-router",
    accept: null,
  });
});

test("what a peer may do here has its limits even where none is written", () => {
  const { peers } = resolveConfig({
    peers: { "gw-cn": { accept: { token: TOKEN, agents: ["worker-sg"] } } },
  });
  expect(peers.get("gw-cn")?.accept).toEqual({
    token: TOKEN,
    agents: ["worker-sg"],
    maxRunning: 2,
    maxQueued: 20,
    perMinute: 30,
    maxMinutes: 60,
    mayDelegate: false,
    tailscale: null,
    onInterrupted: "fail",
  });
});

describe("a peer", () => {
  test.each([
    [
      { ssh: "mac-sg", url: "https://x.ts.net", token: TOKEN },
      "error peers.gw-sg.url: ssh and url are both set; keep one",
    ],
    [
      { ssh: "mac-sgg", token: TOKEN },
      'error peers.gw-sg.ssh: no node is named "mac-sgg" under nodes | did you mean "mac-sg"?',
    ],
    [{ ssh: "mac-cn", token: TOKEN }, 'error peers.gw-sg.ssh: node "mac-cn" has no ssh settings'],
    [{ token: TOKEN }, "error peers.gw-sg.token: neither ssh nor url says how the peer is reached"],
    [
      {},
      'warning peers.gw-sg: peer "gw-sg" has neither token nor accept, so nothing is given to it and nothing is taken',
    ],
    [
      { accept: { token: TOKEN, agents: ["worker-*"] } },
      'error peers.gw-sg.accept.agents[0]: "worker-*" is no agent\'s id: what a peer may ask for is named one by one',
    ],
    [
      { ssh: "mac-sg", token: "short" },
      "error peers.gw-sg.token: must have 32 to 65536 characters of ASCII without spaces: openssl rand -base64 32",
    ],
    [
      { ssh: "mac-sg", token: TOKEN, tags: ["a=1", "a=2"] },
      'error peers.gw-sg.tags[1]: tag "a=2" contradicts tag "a=1" of the same peer',
    ],
  ])("%j is told", (entry, line) => expect(one(entry)).toEqual([line]));

  test.each([
    { ssh: "mac-sg", token: TOKEN },
    { url: "https://mac-sg.tail1ab2.ts.net", token: TOKEN },
    { ssh: "mac-sg", token: { source: "env", provider: "default", id: "GW_SG" } },
    { accept: { token: TOKEN, agents: ["worker-sg"] } },
  ])("%j is sound", (entry) => expect(one(entry)).toEqual([]));

  test("has no node's name, and is not the gateway", () => {
    expect(lines({ "mac-sg": { ssh: "mac-sg", token: TOKEN } })).toHaveLength(1);
    expect(lines({ gateway: { ssh: "mac-sg", token: TOKEN } })).toHaveLength(1);
    expect(lines({ "gw-a": { ssh: "mac-sg", token: TOKEN } }, { gatewayName: "gw-a" })).toHaveLength(1);
  });

  test("with the token of another one is refused, whichever way they go, and the token is not repeated", () => {
    const found = lines({
      a: { ssh: "mac-sg", token: TOKEN, accept: { token: OTHER, agents: ["x"] } },
      b: { accept: { token: TOKEN, agents: ["x"] } },
    });
    expect(found).toEqual([
      "error peers.b.accept.token: is the same as plugins.entries.node-router.config.peers.a.token: each has its own",
    ]);
    expect(found.join()).not.toContain(TOKEN);
  });
});

describe("plain http", () => {
  test.each([
    "http://127.0.0.1:18789",
    "http://100.64.0.2:18789",
    "http://gw.tail1ab2.ts.net",
    "http://[fd7a:115c:a1e0::2]:18789",
    "http://localhost:1",
  ])("to %s is allowed", (url) => expect(one({ url, token: TOKEN })).toEqual([]));
  test.each([
    "http://example.com",
    "http://100.128.0.1",
    "http://100.63.0.1",
    "http://127.0.0.1.example.com",
    "http://evil-ts.net",
    "http://10.0.0.1",
    "http://u:p@127.0.0.1",
    "ftp://127.0.0.1",
    "http://127.0.0.1/path",
  ])("to %s is refused, and the address is not repeated", (url) => {
    const found = one({ url, token: TOKEN });
    expect(found).toHaveLength(1);
    expect(found.join()).not.toContain(url);
  });
});

describe("a rule of delegation", () => {
  test("that names what is there is sound", () => {
    expect(ruled({ require: "region=sg", prefer: [{ selector: "gpu", weight: 5 }], near: "mac-sg" })).toEqual(
      [
        'warning delegation.rules[0].near: node "mac-sg" declares neither coordinates nor a country, so distances from it are known only while its place can be inferred',
      ],
    );
    expect(ruled({ require: "node.name=gw-sg", residency: { allow: ["SG"] } })).toEqual([]);
  });

  test.each([
    [{ require: "region in (" }, "error delegation.rules[0].require"],
    [
      { require: "node.name=gw-sgg" },
      'error delegation.rules[0].require: no peer is named "gw-sgg" under peers',
    ],
    [{ residency: { allow: ["EU"] } }, "error delegation.rules[0].residency.allow[0]"],
  ])("%j is told, and whom it speaks for comes under no later rule", (parts, start) => {
    expect(ruled(parts).map((line) => line.slice(0, start.length))).toEqual([start]);
    const config = resolveConfig({
      peers: { "gw-sg": { url: "https://a.ts.net", token: TOKEN } },
      delegation: {
        rules: [
          { name: "a", agents: ["master"], ...parts },
          { name: "b", agents: ["*"] },
        ],
      },
    });
    expect(config.delegation.rules.map(({ name, isBroken }) => [name, isBroken])).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });

  test("without any peer that could be asked is told", () => {
    expect(lines({}, { delegation: { rules: [{ name: "a", agents: ["x"] }] } })).toEqual([
      "warning delegation.rules: no peer has a token that could be presented to it, so nothing is ever given away",
    ]);
  });
});

test("whatever is wrong with peers and delegation, no agent's call to a node is refused for it, or goes elsewhere", () => {
  const text = fc.oneof(
    fc.constantFrom("mac-sg", "region==", "*", "gateway", TOKEN, "http://example.com"),
    fc.string({ minLength: 1 }),
  );
  const peer = fc.record(
    {
      ssh: text,
      url: text,
      token: text,
      tags: fc.array(text, { maxLength: 3 }),
      accept: fc.record({ token: text, agents: fc.array(text, { minLength: 1, maxLength: 2 }) }),
    },
    { requiredKeys: [] },
  );
  const rule = fc.record({
    name: text,
    agents: fc.array(text, { minLength: 1, maxLength: 2 }),
    require: text,
  });
  const sound = { nodes: NODES, rules: [{ name: "sg", agents: ["*"], require: "node.name=mac-sg" }] };
  const before = resolveConfig(sound);
  fc.assert(
    fc.property(
      fc.dictionary(text, peer, { maxKeys: 3 }),
      fc.array(rule, { maxLength: 3 }),
      (peers, rules) => {
        const config = resolveConfig({ ...sound, peers, delegation: { rules } });
        if (config.mode === "enforce" && config.audit === "strict") return; // Not the schema's shape: nothing is read.
        expect(problemsForAgent(config.problems, "worker-sg")).toEqual([]);
        expect(config.rules).toEqual(before.rules);
        expect(config.nodes).toEqual(before.nodes);
      },
    ),
  );
});
