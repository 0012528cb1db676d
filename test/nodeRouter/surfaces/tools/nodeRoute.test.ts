// The tool that tells an agent where its commands run, and why.
import { describe, expect, test } from "vitest";
import { nodeRoute } from "../../../../src/nodeRouter/surfaces/tools/nodeRoute.ts";
import { CN_ID, CONFIG, fakeDeps, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";

describe("nodeRoute", () => {
  test("says the node with its tags, place and workspace, as text and as the same data", async () => {
    const { content, details } = await nodeRoute(fakeDeps(), "worker-sg", {});
    expect(details).toMatchObject({
      agent: "worker-sg",
      tool: "exec",
      outcome: "placed",
      node: "mac-sg",
      rule: "singapore",
      snapshotAgeMs: 0,
      nodeFacts: {
        tags: { region: "sg", "node.os": "linux" },
        location: { country: "SG", source: "declared" },
        workspace: "/node/ws",
      },
    });
    expect(JSON.parse(content[0]?.text ?? "")).toEqual(details);
  });

  test.each([
    [{ tool: "read" }, "read"],
    [{ tool: "browser" }, "browser"],
    [{ tool: "" }, "exec"],
    [{ tool: 5 }, "exec"],
    [null, "exec"],
    ["exec", "exec"],
  ])("asked with %j it speaks of %s", async (params, tool) => {
    expect((await nodeRoute(fakeDeps(), "worker-sg", params)).details).toMatchObject({ tool });
  });

  test("it reads the list anew: an agent that asks wants to know what is true now", async () => {
    const deps = fakeDeps();
    await nodeRoute(deps, "worker-sg", {});
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false })] };
    deps.clockMs += 1;
    expect((await nodeRoute(deps, "worker-sg", {})).details).toMatchObject({
      outcome: "refused",
      node: null,
      nodeFacts: null,
    });
  });

  test("it names no node that the agent's rule does not mean, also when none of its own fits", async () => {
    const deps = fakeDeps();
    expect((await nodeRoute(deps, "worker-sg", {})).content[0]?.text).not.toMatch(/mac-cn/);
    deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID, { connected: false }), hostEntry("mac-cn", CN_ID)] };
    deps.clockMs += 1;
    const { content, details } = await nodeRoute(deps, "worker-sg", {});
    expect(content[0]?.text).not.toMatch(/mac-cn/);
    expect(details).toMatchObject({
      candidates: [{ node: "mac-sg", fits: false, reason: "was offline" }],
      message: expect.stringContaining("didn't match"),
    });
  });

  test("an agent of a broken config reads why it is refused, and no node", async () => {
    const deps = fakeDeps({
      config: { ...CONFIG, rules: [{ name: "x", agents: ["worker-sg"], require: "(" }] },
    });
    const { details } = await nodeRoute(deps, "worker-sg", {});
    expect(details).toMatchObject({ outcome: "refused", node: null, nodeFacts: null });
    expect(details).toMatchObject({ message: expect.stringMatching(/^CONFIG_INVALID: /) });
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
