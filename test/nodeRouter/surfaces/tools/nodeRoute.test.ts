// The tool that tells an agent where its commands run, and why.
import { describe, expect, test } from "vitest";
import { nodeRoute } from "../../../../src/nodeRouter/surfaces/tools/nodeRoute.ts";
import { CN_ID, CONFIG, fakeDeps, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";

describe("nodeRoute", () => {
  test("says the node with its place, tags and workspace and the rule, and in its data only what clients sort by", async () => {
    const { content, details } = await nodeRoute(fakeDeps(), "worker-sg", {});
    expect(content).toEqual([
      {
        type: "text",
        text: "exec runs on mac-sg over the node protocol; place SG (declared); tags region=sg node.os=linux; workspace /node/ws; rule singapore",
      },
    ]);
    expect(details).toEqual({ outcome: "placed", node: "mac-sg", rule: "singapore" });
  });

  test("is at most 80 tokens, at four characters each, data included", async () => {
    const deps = fakeDeps();
    const placed = await nodeRoute(deps, "worker-sg", {});
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false })] };
    deps.clockMs += 1;
    const refused = await nodeRoute(deps, "worker-sg", {});
    const free = await nodeRoute(deps, "master", {});
    for (const { content, details } of [placed, free])
      expect(((content[0]?.text.length ?? 0) + JSON.stringify(details).length) / 4).toBeLessThanOrEqual(80);
    expect((refused.content[0]?.text.length ?? 0) / 4).toBeLessThanOrEqual(80);
  });

  test.each([
    [{ tool: "read" }, "read"],
    [{ tool: "browser" }, "browser"],
    [{ tool: "" }, "exec"],
    [{ tool: 5 }, "exec"],
    [null, "exec"],
    ["exec", "exec"],
  ])("asked with %j it speaks of %s", async (params, tool) => {
    expect((await nodeRoute(fakeDeps(), "worker-sg", params)).content[0]?.text).toMatch(
      new RegExp(`^"?${tool}"? (runs on|is never placed on)`),
    );
  });

  test("it reads the list anew: an agent that asks wants to know what is true now", async () => {
    const deps = fakeDeps();
    await nodeRoute(deps, "worker-sg", {});
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false })] };
    deps.clockMs += 1;
    const { content, details } = await nodeRoute(deps, "worker-sg", {});
    expect(details).toEqual({ outcome: "refused", node: null, rule: "singapore" });
    expect(content[0]?.text).toMatch(
      /^NO_NODE_FITS: 0\/2 nodes fit .*; nothing ran\. Node mac-sg is offline\. /,
    );
  });

  test("it names no node that the agent's rule does not mean, also when none of its own fits", async () => {
    const deps = fakeDeps();
    expect((await nodeRoute(deps, "worker-sg", {})).content[0]?.text).not.toMatch(/mac-cn/);
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false }), hostEntry("mac-cn", CN_ID)] };
    deps.clockMs += 1;
    const { content, details } = await nodeRoute(deps, "worker-sg", {});
    expect(content[0]?.text).not.toMatch(/mac-cn/);
    expect(content[0]?.text).toMatch(/didn't match .*Node mac-sg is offline/);
    expect(details).toMatchObject({ outcome: "refused", node: null });
  });

  test("an agent of a broken config reads why it is refused, and no node", async () => {
    const deps = fakeDeps({
      config: { ...CONFIG, rules: [{ name: "x", agents: ["worker-sg"], require: "(" }] },
    });
    const { content, details } = await nodeRoute(deps, "worker-sg", {});
    expect(details).toEqual({ outcome: "refused", node: null, rule: null });
    expect(content[0]?.text).toMatch(/^CONFIG_INVALID: .*; nothing ran\. .*tell your user what this says\.$/);
  });

  test("without an agent or a config it says so, and asks nobody", async () => {
    const deps = fakeDeps();
    const none = {
      content: [{ type: "text", text: "node-router is not configured for this run." }],
      details: { outcome: "unrouted" },
    };
    expect(await nodeRoute(deps, null, {})).toEqual(none);
    deps.configure(null);
    expect(await nodeRoute(deps, "worker-sg", {})).toEqual(none);
    expect(deps.listCalls).toBe(0);
  });
});
