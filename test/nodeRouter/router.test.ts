// One tool call in, one verdict out: every class of tool, for routed agents and for others.
import { describe, expect, test } from "vitest";
import { CN, CONFIG, configWith, LEAVE, NOBODY, OFFLINE, verdict } from "./routerArrange.ts";

const PLACED = { kind: "place", node: "mac-sg", rule: "singapore" };
const refused = (message: string) => ({ kind: "refuse", message, node: null, rule: null });

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
    expect(verdict(CONFIG, "exec", {}, { nodes: [OFFLINE, CN], takenAtMs: 0 })).toEqual({
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

  test.each([{ gatewayUrl: "ws://elsewhere" }, { gatewayToken: "t" }, { gatewayUrl: 5 }])(
    "another gateway, where the rules do not hold, is refused: %j",
    (params) => {
      expect(verdict(CONFIG, "nodes", { params })).toEqual(
        refused(
          'GATEWAY_URL_REFUSED: "nodes" names another gateway (gatewayUrl), where these rules do not hold; leave gatewayUrl and gatewayToken out.',
        ),
      );
      expect(verdict(CONFIG, "nodes", { params, agent: "master" })).toEqual(LEAVE);
    },
  );

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

  test("an agent whose workspace moves along has its files on the node", () => {
    expect(verdict(configWith({ files: "refuse" }), "read", { binding: "workspace" })).toEqual(LEAVE);
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
