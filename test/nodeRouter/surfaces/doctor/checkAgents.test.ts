// Native settings that contradict a rule; each finding beside the case that is not one.
import { describe, expect, test } from "vitest";
import {
  CN_ID,
  findingsOf,
  guarded,
  hostEntry,
  hostOf,
  linesOf,
  NODES,
  oddities,
  ruleFor,
  SG_ID,
} from "./arrange.ts";

const EXEC = "agents.entries.worker-sg.tools.exec";
const withExec = (exec: object, more: object = {}) => hostOf({ "worker-sg": { tools: { exec } } }, more);

test("a wait as long as a whole run is a warning; a shorter one, and a run without end, are none", () => {
  const found = (wait: string, timeoutSeconds?: number) =>
    linesOf(
      oddities({
        router: ruleFor({ onUnavailable: { wait } }),
        host: { agents: { entries: { "worker-sg": {} }, defaults: { timeoutSeconds } } },
      }),
    );
  expect(found("20s", 20)).toEqual(["warning node-router/wait-exceeds-run agents.defaults.timeoutSeconds"]);
  expect([found("19s", 20), found("20s"), found("20s", 0)]).toEqual([[], [], []]);
});

describe("exec host", () => {
  test("gateway contradicts a rule: it does not win over it silently, the host refuses", () => {
    expect(oddities({ host: withExec({ host: "gateway" }) })).toEqual([
      {
        id: "node-router/exec-host-contradicts",
        severity: "error",
        message:
          'agent "worker-sg" is routed to nodes, but its exec host is "gateway", so the host refuses every call',
        path: `${EXEC}.host`,
        fix: 'set it to "node" for this agent, or run "openclaw node-router guard"',
      },
    ]);
  });

  test("a value for all agents is shown where it stands, once for each routed agent and not for master", () => {
    const lines = linesOf(oddities({ host: hostOf({}, { tools: { exec: { host: "sandbox" } } }) }));
    const line = "error node-router/exec-host-contradicts tools.exec.host";
    expect(lines).toEqual([line, line]);
  });

  test.each([{ host: "node" }, { host: "auto" }, { host: null }, {}])("%j is no contradiction", (exec) => {
    expect(oddities({ host: withExec(exec) })).toEqual([]);
  });

  test('node contradicts onUnavailable: "gateway", which then never happens; auto does not', () => {
    const router = ruleFor({ onUnavailable: "gateway" });
    const [found, ...others] = oddities({ router, host: withExec({ host: "node" }) });
    expect(others).toEqual([]);
    expect(found?.severity).toBe("warning");
    expect(found?.message).toBe(
      'rule "singapore" says onUnavailable: "gateway", but agent "worker-sg" has exec host "node", so the host never uses the gateway',
    );
    expect(oddities({ router, host: withExec({ host: "auto" }) })).toEqual([]);
  });

  test("a workspace on the node does not use the host's exec settings, so none contradicts", () => {
    const sandbox = { mode: "all", backend: "node-router" };
    const host = hostOf({ "worker-sg": { sandbox, tools: { exec: { host: "sandbox", node: CN_ID } } } });
    expect(oddities({ host }).map(({ id }) => id)).not.toContain("node-router/exec-host-contradicts");
    expect(oddities({ host }).map(({ id }) => id)).not.toContain("node-router/exec-node-contradicts");
  });
});

describe("exec node", () => {
  test("another node than the chosen one contradicts", () => {
    expect(oddities({ host: withExec({ node: "mac-cn" }) })).toEqual([
      {
        id: "node-router/exec-node-contradicts",
        severity: "error",
        message:
          'OpenClaw\'s own setting binds agent "worker-sg" to node "mac-cn", but rule "singapore" now chooses "mac-sg", so the host refuses every call',
        path: `${EXEC}.node`,
        fix: 'remove it, or run "openclaw node-router guard"',
      },
    ]);
  });

  test.each([SG_ID, SG_ID.toUpperCase(), "mac-sg", " MAC-SG ", "100.64.0.2", SG_ID.slice(0, 6)])(
    "%j names the chosen node as the host reads it, so it does not contradict",
    (node) => {
      const nodes = [hostEntry("mac-sg", SG_ID, { remoteIp: "100.64.0.2" }), hostEntry("mac-cn", CN_ID)];
      expect(oddities({ nodes, host: withExec({ node }) })).toEqual([]);
    },
  );

  test("five characters of an id name nothing for the host, so they contradict", () => {
    expect(oddities({ host: withExec({ node: SG_ID.slice(0, 5) }) })).toHaveLength(1);
  });

  test("while no node fits, a bound node that the rule allows is right and one that it does not is wrong", () => {
    const nodes = [hostEntry("mac-sg", SG_ID, { connected: false }), hostEntry("mac-cn", CN_ID)];
    const idsFor = (node: string) => linesOf(oddities({ nodes, host: withExec({ node }) }));
    expect(idsFor(SG_ID)).toEqual(["warning node-router/no-node-fits null"]);
    expect(idsFor(CN_ID)[0]).toBe(`error node-router/exec-node-contradicts ${EXEC}.node`);
  });

  test("the fix names guard only where guard mends it: never for a setting of all agents with several nodes", () => {
    const two = { router: ruleFor({ require: "region" }), nodes: NODES };
    const all = hostOf({}, { tools: { exec: { node: "elsewhere" } } });
    expect(oddities({ ...two, host: all })[0]?.fix).toBe("remove it");
    const own = { ...two, host: withExec({ host: "node", node: "elsewhere" }) };
    expect(oddities(own)[0]?.fix).toBe('remove it, or run "openclaw node-router guard"');
    expect(oddities({ ...two, host: guarded(own) })).toEqual([]);
  });

  test.each([{ node: "" }, { node: null }, { node: 5 }, { node: ["mac-cn"] }])("%j binds nothing", (exec) => {
    expect(oddities({ host: withExec(exec) })).toEqual([]);
  });
});

describe("sandbox", () => {
  test("an active sandbox under exec host auto makes the host refuse; the path is where the mode stands", () => {
    const own = hostOf({ "worker-sg": { sandbox: { mode: "all" } } });
    expect(linesOf(oddities({ host: own }))).toEqual([
      "error node-router/sandbox-contradicts agents.entries.worker-sg.sandbox.mode",
    ]);
    const inherited = {
      agents: { defaults: { sandbox: { mode: "non-main" } }, entries: { "worker-sg": {} } },
    };
    expect(linesOf(oddities({ host: inherited }))).toEqual([
      "error node-router/sandbox-contradicts agents.defaults.sandbox.mode",
    ]);
  });

  test.each([
    ["off", {}],
    ["all", { tools: { exec: { host: "node" } } }],
  ])("mode %s with %j is fine", (mode, more) => {
    expect(oddities({ host: hostOf({ "worker-sg": { sandbox: { mode }, ...more } }) })).toEqual([]);
  });
});

describe("file transfer", () => {
  const host = (nodeId: unknown) =>
    hostOf(
      {},
      { plugins: { entries: { "file-transfer": { config: { workspaces: { "worker-sg": { nodeId } } } } } } },
    );

  test("a workspace on a node that the rule does not allow is an error, on its own node it is not", () => {
    expect(oddities({ host: host(CN_ID) })).toEqual([
      {
        id: "node-router/file-transfer-contradicts",
        severity: "error",
        message: `agent "worker-sg" has its file-transfer workspace on node "${CN_ID}", where rule "singapore" does not let it run`,
        path: "plugins.entries.file-transfer.config.workspaces.worker-sg.nodeId",
        fix: "point it at the rule's node, or change the rule",
      },
    ]);
    expect(oddities({ host: host(SG_ID) })).toEqual([]);
  });

  test.each([null, 7, undefined])("a node id of %j is no node id", (nodeId) => {
    expect(oddities({ host: host(nodeId) })).toEqual([]);
  });
});

describe("placement now", () => {
  test("an agent that would be refused is told why in one sentence, without the words for the agent", () => {
    const nodes = [hostEntry("mac-sg", SG_ID, { connected: false }), hostEntry("mac-cn", CN_ID)];
    expect(oddities({ nodes })).toEqual([
      {
        id: "node-router/no-node-fits",
        severity: "warning",
        message:
          'agent "worker-sg" would be refused now: 0/2 nodes fit rule "singapore" for exec: 1 didn\'t match "region=sg", 1 was offline.',
        path: null,
        fix: 'bring one of these nodes up, or change the rule; "openclaw node-router explain --agent worker-sg" shows each node',
      },
    ]);
  });

  test('onUnavailable: "gateway" is no refusal', () => {
    const router = ruleFor({ onUnavailable: "gateway" });
    expect(oddities({ router, nodes: [] }).map(({ id }) => id)).not.toContain("node-router/no-node-fits");
  });
});

test("an agent whose rule is in error is not judged by the next rule that happens to match", () => {
  const rules = [
    { name: "singapore", agents: ["worker-sg"], require: "region=(" },
    { name: "china", agents: ["*"], require: "region=cn" },
  ];
  const host = { agents: { entries: { "worker-sg": { tools: { exec: { host: "node", node: SG_ID } } } } } };
  expect(linesOf(findingsOf({ router: { ...ruleFor({}), rules }, host }))).toEqual([
    "error node-router/config-selector-invalid plugins.entries.node-router.config.rules[0].require",
  ]);
});

describe("the gateway's files of an agent whose calls are kept in a country", () => {
  const resident = (more: object = {}, gateway: object = {}) => ({
    ...ruleFor({ residency: { allow: ["SG"] }, ...more }),
    gateway: { location: gateway },
  });
  const ids = (router: object) =>
    oddities({ router })
      .map(({ id }) => id)
      .filter((id) => id === "node-router/residency-gateway-files");

  test("are a warning where the gateway is not declared inside", () => {
    expect(ids(resident())).toHaveLength(1);
    expect(ids(resident({}, { country: "CN" }))).toHaveLength(1);
  });

  test("are none where it is, where file tools are refused, and without a residency", () => {
    expect(ids(resident({}, { country: "SG" }))).toEqual([]);
    expect(ids(resident({ files: "refuse" }))).toEqual([]);
    expect(ids(ruleFor({}))).toEqual([]);
  });
});
