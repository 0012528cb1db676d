// On which node a session's workspace is.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { placeSession } from "../../../src/nodeRouter/current/placeSession.ts";
import { SESSION_NODES } from "../../../src/nodeRouter/state/sessionNodes.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { type Arranged, arrange, configOf } from "../workspace/arrange.ts";

const KEY = "agent:worker:main";
let at: Arranged;
beforeEach(() => {
  at = arrange();
});
afterEach(() => at.stop());

/** The two nodes' config with one rule's `require`. */
const requiring = (require: string, more: object = {}) =>
  at.deps.configure({
    ...configOf(at.folder),
    rules: [{ name: "zone", agents: ["worker"], require, ...more }],
  });
const placed = async (agent = "worker", key = KEY) => {
  const placement = await placeSession(at.deps, agent, key);
  return placement.ok
    ? { node: placement.node.name, decided: placement.placement.node?.name, movedFrom: placement.movedFrom }
    : refusalText(placement.refusal);
};

describe("a session stays where its files are", () => {
  test("the rules choose the first time", async () => {
    expect(await placed()).toEqual({ node: "one", decided: "one", movedFrom: null });
  });

  test("a node that fits better later does not take it away, and the decision names its own node", async () => {
    await placed();
    requiring("zone=a", { prefer: [{ selector: "two", weight: 50 }] });
    expect(await placed()).toEqual({ node: "one", decided: "one", movedFrom: null });
    expect(await placed("worker", "agent:worker:new")).toMatchObject({ node: "two" });
  });

  test("it moves when its node fits no longer, and says from where until it was told", async () => {
    await placed();
    requiring("two");
    const moved = { node: "two", decided: "two", movedFrom: "one" };
    expect(await placed()).toEqual(moved);
    expect(await placed()).toEqual(moved);
    at.deps.memory.part(SESSION_NODES).told(KEY);
    expect(await placed()).toEqual({ ...moved, movedFrom: null });
  });

  test("a time in which nothing fits does not move it", async () => {
    await placed();
    requiring("nowhere");
    expect(await placed()).toMatch(/^NO_NODE_FITS: 0\/4 nodes fit rule "zone" for exec: /);
    requiring("zone=a", { prefer: [{ selector: "two", weight: 50 }] });
    expect(await placed()).toEqual({ node: "one", decided: "one", movedFrom: null });
  });
});

describe("refusals, each with its own reason", () => {
  test("a config error of the agent refuses, even where a node would fit", async () => {
    at.deps.configure({
      ...configOf(at.folder),
      rules: [{ name: "zone", agents: ["worker"], require: "=" }],
    });
    expect(await placed()).toMatch(/^CONFIG_INVALID: plugins\.entries\.node-router\.config\.rules\[0\]/);
  });

  test("an agent without a rule has nowhere to be: the gateway is no place for this binding", async () => {
    expect(await placed("other")).toBe(
      'NO_NODE_FITS: the workspace of agent "other" is on a node (sandbox.backend: "node-router"), and no rule names the agent; add one to plugins.entries.node-router.config.rules.',
    );
  });

  test('onUnavailable: "gateway" does not move a workspace to the gateway', async () => {
    requiring("nowhere", { onUnavailable: "gateway" });
    expect(await placed()).toMatch(
      /^NO_NODE_FITS: 0\/4 nodes fit .*; onUnavailable: "gateway" does not hold for an agent whose workspace is on a node\.$/,
    );
  });

  test.each([
    ["no workspace", { workspace: undefined }],
    ["no ssh", { ssh: undefined }],
    ["ssh excluded", { transport: "node", node: "mac-sg" }],
  ])("a node with %s holds no workspace", async (_, change) => {
    const { nodes } = configOf(at.folder, change);
    at.deps.configure({ nodes, rules: [{ name: "zone", agents: ["worker"], require: "one" }] });
    expect(await placed()).toMatch(/^NO_NODE_FITS: /);
  });

  test("no config, and a host that does not answer", async () => {
    at.deps.nodes = new Error("the gateway is starting");
    expect(await placed()).toMatch(/^INVENTORY_UNAVAILABLE: /);
    at.deps.configure(null);
    expect(await placed()).toBe("WORKSPACE_UNAVAILABLE: node-router has no configuration yet; try again.");
  });
});

test("shadow mode does not unplace a workspace: its agent has no other place", async () => {
  at.deps.configure({ ...configOf(at.folder), mode: "shadow" });
  expect(await placed()).toMatchObject({ node: "one" });
});

test("a node that is offline for the gateway is reached all the same: SSH asks nobody", async () => {
  at.deps.nodes = { nodes: [] };
  expect(await placed()).toMatchObject({ node: "one" });
});
