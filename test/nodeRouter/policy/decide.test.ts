// One tool call in, one verdict out: every class of tool, for routed agents and for others.
import { describe, expect, test } from "vitest";
import { CN, CONFIG, configWith, LEAVE, NOBODY, OFFLINE, SG, verdict } from "./arrange.ts";

const PLACED = { kind: "place", node: "mac-sg", rule: "singapore" };
const refused = (message: string) => ({ kind: "refuse", message, node: null, rule: null });

/** A workspace on a node and no rule that says on which: there is no other place for its tools. */
const NO_RULE = {
  kind: "refuse",
  message: expect.stringMatching(
    /^NO_NODE_FITS: the workspace of agent "master" is on a node .*no rule names/,
  ),
};

describe("exec and the tools that name a node", () => {
  test.each(["exec", "nodes", "browser", "canvas"])("%s of a routed agent is placed by its rule", (tool) => {
    expect(verdict(CONFIG, tool)).toEqual(PLACED);
    expect(verdict(CONFIG, tool, { agent: "master" })).toEqual(LEAVE);
  });

  test("a rule limited to other tools leaves this one alone", () => {
    expect(verdict(configWith({ tools: ["browser"] }), "exec")).toEqual(LEAVE);
    expect(verdict(configWith({ tools: ["browser"] }), "browser")).toEqual(PLACED);
  });

  test("when no node fits it is refused with the count and the way out", () => {
    expect(
      verdict(CONFIG, "exec", {}, { nodes: [OFFLINE, CN], takenAtMs: 0, gatewayLocation: null }),
    ).toEqual({
      ...refused(
        'NO_NODE_FITS: 0/2 nodes fit rule "singapore" for exec: 1 didn\'t match "region=sg", 1 was offline. Run "openclaw node-router explain --agent worker-sg --tool exec" to see each node; change plugins.entries.node-router.config.rules or bring a node up.',
      ),
      rule: "singapore",
    });
  });

  test.each(["status", "pending", "approve", "reject"])(
    "nodes %s reaches no node, so it is left alone and needs none to fit; with a node it is placed",
    (action) => {
      expect(verdict(CONFIG, "nodes", { params: { action } })).toEqual(LEAVE);
      expect(verdict(CONFIG, "nodes", { params: { action } }, NOBODY)).toEqual(LEAVE);
      expect(verdict(CONFIG, "nodes", { params: { action, node: "mac-sg" } })).toEqual(PLACED);
    },
  );

  test("a node tool is refused when no node fits, for the gateway is no node", () => {
    const config = configWith({ onUnavailable: "gateway" });
    expect(verdict(config, "browser", {}, NOBODY)).toMatchObject({ kind: "refuse", rule: "singapore" });
    expect(verdict(config, "nodes", { params: { action: "notify", node: "mac-cn" } }, NOBODY).kind).toBe(
      "refuse",
    );
  });

  test("it goes to the gateway only where the rule says so, and then the model's own target is cleared", () => {
    const config = configWith({ onUnavailable: "gateway" });
    expect(verdict(config, "exec", {}, NOBODY)).toEqual({ ...LEAVE, clearHost: true, rule: "singapore" });
    expect(verdict(config, "exec")).toEqual(PLACED);
    expect(verdict(CONFIG, "exec", {}, NOBODY).kind).toBe("refuse");
  });

  test.each([
    { gatewayUrl: "ws://elsewhere" },
    { gatewayToken: "t" },
    { gatewayUrl: 5 },
    { gateway_url: "ws://elsewhere" },
    { gatewayUrl: "", gateway_token: "t" },
  ])("another gateway, where the rules do not hold, is refused: %j", (params) => {
    expect(verdict(CONFIG, "nodes", { params })).toEqual(
      refused(
        'GATEWAY_URL_REFUSED: "nodes" names another gateway (gatewayUrl), where these rules do not hold; leave gatewayUrl and gatewayToken out.',
      ),
    );
    expect(verdict(CONFIG, "nodes", { params, agent: "master" })).toEqual(LEAVE);
  });

  test.each([{ gatewayUrl: "" }, { gatewayToken: null }])(
    "naming none is not naming another: %j",
    (params) => {
      expect(verdict(CONFIG, "nodes", { params })).toEqual(PLACED);
    },
  );

  test("a shell that cannot be moved is refused, though a node fits; an unrouted agent's is none of ours", () => {
    expect(verdict(CONFIG, "exec", { rewritable: false })).toEqual(
      refused(
        'RUNTIME_NOT_ROUTABLE: agent "worker-sg" runs in a harness whose shell OpenClaw cannot move to a node, so its commands would run on the gateway; set agentRuntime: { id: "openclaw" } for its model in agents.entries.worker-sg.models, or take the agent out of rule "singapore".',
      ),
    );
    expect(verdict(CONFIG, "exec", { rewritable: false, agent: "master" })).toEqual(LEAVE);
    // Not even where the gateway is allowed when no node fits: here one fits.
    expect(verdict(configWith({ onUnavailable: "gateway" }), "exec", { rewritable: false }).kind).toBe(
      "refuse",
    );
  });
});

describe("file tools, which only know the gateway's files", () => {
  test.each(["read", "write", "edit", "apply_patch", "ls"])(
    "%s is refused only where files says so",
    (tool) => {
      expect(verdict(CONFIG, tool)).toEqual(LEAVE);
      expect(verdict(configWith({ files: "refuse" }), tool)).toEqual(
        refused(
          `FILES_REFUSED: "${tool}" works on the gateway's files, and rule "singapore" says files: "refuse"; use exec on the node.`,
        ),
      );
      expect(verdict(configWith({ files: "refuse" }), tool, { agent: "master" })).toEqual(LEAVE);
    },
  );

  test("an agent whose workspace moves along has its files on the node, with and without a rule", () => {
    const workspace = { kind: "workspace", node: "mac-sg", rule: "singapore" };
    expect(verdict(configWith({ files: "refuse" }), "read", { binding: "workspace" })).toEqual(workspace);
    expect(verdict(CONFIG, "read", { binding: "workspace", agent: "master" })).toMatchObject(NO_RULE);
  });
});

describe("an agent whose whole workspace is on a node", () => {
  const binding = "workspace" as const;

  test("has exec led to its workspace, also without a rule: there is no other place for it", () => {
    expect(verdict(CONFIG, "exec", { binding })).toEqual({
      kind: "workspace",
      node: "mac-sg",
      rule: "singapore",
    });
    expect(verdict(CONFIG, "exec", { binding, agent: "master" })).toMatchObject(NO_RULE);
    expect(verdict(CONFIG, "exec", { agent: "master" })).toEqual(LEAVE);
  });

  test("still must run in a harness that can be moved, and ask no other gateway", () => {
    expect(verdict(CONFIG, "exec", { binding, agent: "master", rewritable: false })).toMatchObject({
      kind: "refuse",
      message: expect.stringMatching(/^RUNTIME_NOT_ROUTABLE: .*, or switch its sandbox off\.$/),
    });
    expect(verdict(CONFIG, "exec", { binding, params: { gatewayUrl: "ws://x" } })).toMatchObject({
      message: expect.stringMatching(/^GATEWAY_URL_REFUSED: /),
    });
  });

  test("gets no shell on the gateway, also without a rule", () => {
    expect(verdict(CONFIG, "terminal", { binding, agent: "master" }).kind).toBe("refuse");
    expect(verdict(CONFIG, "automations", { binding, agent: "master" })).toEqual(LEAVE);
  });

  test("has its node tools placed over the node protocol, which alone can carry them", () => {
    expect(verdict(CONFIG, "browser", { binding })).toEqual(PLACED);
    const onlySsh = { nodes: [{ ...SG, transport: "ssh" as const }], takenAtMs: 0, gatewayLocation: null };
    expect(verdict(CONFIG, "browser", { binding }, onlySsh)).toMatchObject({
      kind: "refuse",
      message: expect.stringContaining("1 was reachable only over SSH"),
    });
  });
});

describe("exec alone, where only SSH reaches the node", () => {
  const only = (changes: Partial<typeof SG> = {}) => ({
    nodes: [{ ...SG, nodeId: null, approval: "unpaired" as const, ...changes }],
    takenAtMs: 0,
    gatewayLocation: null,
  });
  const lines =
    'set agents.entries.worker-sg.sandbox.mode: "all", agents.entries.worker-sg.sandbox.backend: "node-router" and agents.entries.worker-sg.sandbox.workspaceAccess: "rw"';

  test("the refusal names the three lines of config, and the command that writes them", () => {
    expect(verdict(CONFIG, "exec", {}, only())).toMatchObject({
      kind: "refuse",
      message: `NO_NODE_FITS: 0/1 nodes fit rule "singapore" for exec: 1 was reachable only over SSH. Run "openclaw node-router explain --agent worker-sg --tool exec" to see each node; change plugins.entries.node-router.config.rules or bring a node up. Over SSH an agent works with its whole workspace on the node: ${lines}, or run "openclaw node-router guard", which writes them.`,
    });
  });

  test("with other nodes in the rule the guard writes nothing, so it is not promised", () => {
    const nodes = { nodes: [...only().nodes, OFFLINE], takenAtMs: 0, gatewayLocation: null };
    const { message } = { message: "", ...verdict(CONFIG, "exec", {}, nodes) };
    expect(message).toContain(`${lines}.`);
    expect(message).not.toContain("openclaw node-router guard");
  });

  test("nothing is said of it where SSH is not the reason, for another tool, or where the gateway is allowed", () => {
    for (const [config, tool, nodes] of [
      [CONFIG, "exec", { nodes: [OFFLINE], takenAtMs: 0, gatewayLocation: null }],
      [CONFIG, "browser", only()],
    ] as const) {
      expect(verdict(config, tool, {}, nodes)).toMatchObject({
        message: expect.not.stringContaining("workspaceAccess"),
      });
    }
    expect(verdict(configWith({ onUnavailable: "gateway" }), "exec", {}, only()).kind).toBe("leave");
  });
});

describe("ways to a shell on the gateway", () => {
  const message = (tool: string) =>
    `GATEWAY_SHELL_REFUSED: "${tool}" would run a command on the gateway, and agent "worker-sg" is routed to nodes; use exec.`;

  test.each(["terminal", "gateway_exec", "node_exec"])("%s is refused for a routed agent only", (tool) => {
    expect(verdict(CONFIG, tool)).toEqual(refused(message(tool)));
    expect(verdict(CONFIG, tool, { agent: "master" })).toEqual(LEAVE);
    expect(verdict(configWith({ tools: ["browser"] }), tool)).toEqual(LEAVE);
  });

  test("automations are refused when they start a process, not when they remind", () => {
    const shell = { job: { payload: { kind: "command", argv: ["id"] } } };
    const reminder = { job: { payload: { kind: "agentTurn", message: "run a command" } } };
    expect(verdict(CONFIG, "automations", { params: shell })).toEqual(refused(message("automations")));
    expect(verdict(CONFIG, "automations", { params: reminder })).toEqual(LEAVE);
    expect(verdict(CONFIG, "automations", { params: shell, agent: "master" })).toEqual(LEAVE);
  });
});
