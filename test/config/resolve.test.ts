import { expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { printTaint } from "../../src/nodeRouter/placement/model/taint.ts";
import { NO_DELEGATION, REFERENCE_CONFIG } from "./support.ts";

test("the reference config has no problem", () => {
  expect(resolveConfig(REFERENCE_CONFIG).problems).toEqual([]);
});

test("an absent config and an empty one are the same, and right", () => {
  const empty = {
    mode: "enforce",
    audit: "best-effort",
    auditCommandText: false,
    auditKeepDays: 30,
    auditAgentMiB: 64,
    auditMaxMiB: 512,
    gateway: { location: null },
    presence: { connect: true, geoipFile: null, publicAddressUrl: null },
    nodes: new Map(),
    untoleratedAgents: "leave",
    rules: [],
    tests: [],
    gatewayName: null,
    peers: new Map(),
    delegation: NO_DELEGATION,
    alerts: null,
    problems: [],
  };
  expect(resolveConfig(undefined)).toEqual(empty);
  expect(resolveConfig({})).toEqual(empty);
});

test("nodes with the same taints share one list of them, and one with more, or in another order, has its own", () => {
  const taints = [
    ["a:NoExecute", "b=1:NoSchedule"],
    ["a:NoExecute", "b=1:NoSchedule"],
    ["b=1:NoSchedule", "a:NoExecute"],
    ["a:NoExecute"],
  ];
  const nodes = Object.fromEntries(taints.map((own, at) => [`n${at}`, { taints: own }]));
  const lists = [...resolveConfig({ nodes }).nodes.values()].map((node) => node.taints);
  expect(lists.map((list) => list.map(printTaint))).toEqual(taints);
  expect(lists[1]).toBe(lists[0]);
});

test("null is a wrong config, not an absent one", () => {
  expect(resolveConfig(null).problems).toEqual([
    {
      code: "SHAPE_INVALID",
      path: "plugins.entries.node-router.config",
      message: "expected object",
      suggestion: 'run "openclaw config validate".',
      severity: "error",
      agents: "*",
    },
  ]);
});

test("a node without settings is its own paired node and tailnet peer", () => {
  expect(resolveConfig({ nodes: { "mac-cn": {} } }).nodes.get("mac-cn")).toEqual({
    name: "mac-cn",
    node: "mac-cn",
    tailscale: "mac-cn",
    tags: new Map(),
    taints: [],
    maxRunning: null,
    location: null,
    workspace: null,
    paths: [],
    pathPrepend: [],
    env: new Map(),
    loginShell: false,
    ssh: null,
    tunnelPort: null,
    transport: "auto",
  });
});

test("false says that there is no paired node and no tailnet peer, not that they have the node's name", () => {
  const node = resolveConfig({ nodes: { box: { node: false, tailscale: false } } }).nodes.get("box");
  expect(node?.node).toBeNull();
  expect(node?.tailscale).toBeNull();
});

test("a node keeps what the operator declared, and its location says so", () => {
  const node = resolveConfig(REFERENCE_CONFIG).nodes.get("mac-cn");
  expect(node?.tags).toEqual(
    new Map([
      ["region", "cn"],
      ["office", ""],
    ]),
  );
  expect(node?.location).toEqual({
    country: "CN",
    city: "Shanghai",
    latitude: 31.23,
    longitude: 121.47,
    source: "declared",
  });
});

test.each([
  ["absent", {}, null],
  ["false", { tunnel: false }, null],
  ["true", { tunnel: true }, 18_789],
  ["a port", { tunnel: { port: 19_000 } }, 19_000],
])("a tunnel that is %s", (_, ssh, port) => {
  expect(resolveConfig({ nodes: { a: { ssh } } }).nodes.get("a")?.tunnelPort).toBe(port);
});

test.each([
  { tunnel: { port: 0 } },
  { tunnel: {} },
  { tunnel: "18789" },
  { tunnel: { port: 1, host: "0.0.0.0" } },
])("a tunnel like %j is an error, and none is kept", (ssh) => {
  const { nodes, problems } = resolveConfig({ nodes: { a: { ssh } } });
  expect([nodes.size, problems[0]?.severity]).toEqual([0, "error"]);
});

test("a node whose SSH settings cannot be used has no tunnel over them", () => {
  expect(
    resolveConfig({ nodes: { a: { ssh: { user: "-x", tunnel: true } } } }).nodes.get("a")?.tunnelPort,
  ).toBeNull();
});

test("ssh without settings reaches the node by its inventory name and leaves the rest to OpenSSH", () => {
  expect(resolveConfig({ nodes: { "mac-sg": { ssh: {} } } }).nodes.get("mac-sg")?.ssh).toEqual({
    host: "mac-sg",
    port: null,
    user: null,
    identityFile: null,
    identityData: null,
    passphrase: null,
    knownHostsFile: null,
    hostKey: null,
  });
});

test("a secret that the host did not resolve stays a reference, and is no problem of the config", () => {
  const reference = { source: "env", provider: "default", id: "SSH_KEY" };
  const config = resolveConfig({ nodes: { a: { ssh: { identityData: reference } } } });
  expect(config.problems).toEqual([]);
  expect(config.nodes.get("a")?.ssh?.identityData).toEqual(reference);
});

test("a rule has its selectors parsed and its defaults filled in", () => {
  const [singapore, china] = resolveConfig(REFERENCE_CONFIG).rules;
  expect(singapore).toEqual({
    index: 0,
    name: "singapore",
    agents: ["worker-sg"],
    tools: null,
    require: { text: "region=sg", requirements: [{ key: "region", operator: "=", values: ["sg"] }] },
    prefer: [
      {
        selector: { text: "gpu", requirements: [{ key: "gpu", operator: "exists", values: [] }] },
        weight: 50,
      },
    ],
    near: null,
    minimum: null,
    residency: null,
    tolerate: [],
    onUnavailable: "refuse",
    files: "gateway",
    stick: "none",
  });
  expect(china).toMatchObject({ prefer: [], onUnavailable: "refuse", files: "gateway" });
});

test("only a rule that says so lets the gateway run what no node can, or refuses file tools", () => {
  const { rules } = resolveConfig({
    rules: [{ name: "a", agents: ["x"], onUnavailable: "gateway", files: "refuse" }],
  });
  expect(rules[0]).toMatchObject({ onUnavailable: "gateway", files: "refuse", require: null });
});

test("a rule with an error is not obeyed, and the rule after it keeps its place in the list", () => {
  const { rules } = resolveConfig({
    nodes: { a: {} },
    rules: [
      { name: "broken", agents: ["x"], require: "region in" },
      { name: "whole", agents: ["y"] },
    ],
  });
  expect(rules.map(({ name, index }) => [name, index])).toEqual([["whole", 1]]);
});

test("a rule with a warning is obeyed", () => {
  const { rules, problems } = resolveConfig({
    rules: [{ name: "a", agents: ["x"], prefer: [{ selector: "gpu", weight: 0 }] }],
  });
  expect(problems).toHaveLength(1);
  expect(rules.map((rule) => rule.name)).toEqual(["a"]);
});

test("a node with an error stays in the inventory without its unusable part", () => {
  const { nodes } = resolveConfig({
    nodes: {
      a: {
        tags: ["region=sg", "node.os=x"],
        ssh: { user: "-x" },
        workspace: "work",
        location: { country: "sg" },
      },
    },
  });
  expect(nodes.get("a")).toMatchObject({ ssh: null, workspace: null, location: null });
  expect(nodes.get("a")?.tags).toEqual(new Map([["region", "sg"]]));
});

test("a node whose name has a meaning in JavaScript is left out", () => {
  const { nodes } = resolveConfig(
    JSON.parse('{ "nodes": { "__proto__": {}, "constructor": {}, "ok": {} } }'),
  );
  expect([...nodes.keys()]).toEqual(["ok"]);
});

test("an unknown mode enforces, it does not only shadow", () => {
  expect(resolveConfig({ mode: "Shadow" }).mode).toBe("enforce");
  expect(resolveConfig({ mode: "shadow" }).mode).toBe("shadow");
});

test("a node keeps its directories in order, its variables, and its login shell", () => {
  const { nodes, problems } = resolveConfig({
    nodes: {
      a: {
        paths: ["/srv/data", "/"],
        pathPrepend: ["/opt/homebrew/bin", "/usr/local/bin"],
        env: { LANG: "C.UTF-8", EMPTY: "" },
        loginShell: true,
      },
    },
  });
  expect(problems).toEqual([]);
  expect(nodes.get("a")).toMatchObject({
    paths: ["/srv/data", "/"],
    pathPrepend: ["/opt/homebrew/bin", "/usr/local/bin"],
    env: new Map([
      ["LANG", "C.UTF-8"],
      ["EMPTY", ""],
    ]),
    loginShell: true,
  });
});

test.each(["paths", "pathPrepend"] as const)(
  "one wrong directory in %s leaves none of the list: half a list would allow or find something else",
  (key) => {
    const { nodes } = resolveConfig({ nodes: { a: { [key]: ["/srv", "srv"] } } });
    expect(nodes.get("a")?.[key]).toEqual([]);
  },
);

test("one wrong variable leaves none, and a wrong list says nothing about the others", () => {
  const { nodes } = resolveConfig({
    nodes: { a: { env: { GOOD: "1", "BAD-NAME": "2" }, paths: ["/srv"], pathPrepend: ["x"] } },
  });
  expect(nodes.get("a")).toMatchObject({ env: new Map(), paths: ["/srv"], pathPrepend: [] });
});

test("an audit mode that cannot be read may have been meant to be strict, so it is", () => {
  for (const audit of ["Strict", "on", true, false, null, 1, ["off"], {}]) {
    expect(resolveConfig({ audit }).audit).toBe("strict");
  }
  expect(resolveConfig({ audit: undefined }).audit).toBe("best-effort");
  expect(resolveConfig({ audit: "off" }).audit).toBe("off");
});

test("only true keeps the commands' text, which may hold secrets", () => {
  for (const auditCommandText of ["true", 1, {}, null, false, undefined]) {
    expect(resolveConfig({ auditCommandText }).auditCommandText).toBe(false);
  }
  expect(resolveConfig({ auditCommandText: true }).auditCommandText).toBe(true);
  expect(resolveConfig({ auditKeepDays: 7, auditAgentMiB: 8, auditMaxMiB: 80 })).toMatchObject({
    auditKeepDays: 7,
    auditAgentMiB: 8,
    auditMaxMiB: 80,
  });
});

test("a variable whose name has a meaning in JavaScript is a variable like any other", () => {
  const raw = JSON.parse('{ "nodes": { "a": { "env": { "__proto__": "1", "constructor": "2" } } } }');
  const { nodes, problems } = resolveConfig(raw);
  expect(problems).toEqual([]);
  expect([...(nodes.get("a")?.env ?? [])]).toEqual([
    ["__proto__", "1"],
    ["constructor", "2"],
  ]);
});
