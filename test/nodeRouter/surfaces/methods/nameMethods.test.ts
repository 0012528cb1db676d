// The operator says which paired node a name stands for, and what speaks against it.
import { describe, expect, test } from "vitest";
import { NODE_NAMES } from "../../../../src/nodeRouter/inventory/nodeNames.ts";
import { createMethods } from "../../../../src/nodeRouter/surfaces/methods/methods.ts";
import { trustPaired } from "../../../../src/nodeRouter/surfaces/methods/nameMethods.ts";
import { type Params, UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { CN_ID, CONFIG, fakeDeps, hostEntry, SG_ID } from "../../../support/fakeDeps.ts";
import { ownStore } from "../../../support/ownStore.ts";
import { run } from "../cli/arrange.ts";

const OTHER = "0d".repeat(32);
const HOST = { agents: { entries: { "worker-sg": {} } } };

function arrange() {
  const deps = fakeDeps({ hostConfig: HOST });
  const methods = createMethods(deps, "1", async () => {});
  const trust = (params: Params) => trustPaired(deps, params);
  const explain = async () => {
    deps.clockMs += 2_000;
    const { outcome, node, message } = await methods.explain({ agent: "worker-sg" });
    return { outcome, node, message };
  };
  return { deps, methods, trust, explain };
}

describe("a machine that was set up anew", () => {
  test("is refused with the command that mends it, and works once that was run", async () => {
    const { deps, methods, trust, explain } = arrange();
    expect(await explain()).toMatchObject({ outcome: "placed", node: "mac-sg" });
    deps.nodes = { nodes: [hostEntry("mac-sg", OTHER), hostEntry("mac-cn", CN_ID)] };
    expect(await explain()).toMatchObject({
      outcome: "refused",
      message: expect.stringContaining("1 had another id than before"),
    });
    const found = (await methods.doctor()).findings.find(({ id }) => id === "node-router/node-moved");
    expect(found).toMatchObject({
      severity: "error",
      path: "plugins.entries.node-router.config.nodes.mac-sg.node",
      fix: expect.stringContaining(`"openclaw node-router trust mac-sg --paired ${OTHER}"`),
    });
    expect((await methods.nodes()).nodes.find(({ name }) => name === "mac-sg")).toMatchObject({
      state: "unknown",
      reason: expect.stringContaining(OTHER),
      nodeId: null,
      exec: false,
    });
    expect(await trust({ node: "mac-sg", paired: OTHER.toUpperCase() })).toEqual({
      node: "mac-sg",
      id: OTHER,
      displayName: "mac-sg",
      before: SG_ID,
    });
    expect(await explain()).toMatchObject({ outcome: "placed", node: "mac-sg" });
    expect((await methods.doctor()).findings.map(({ id }) => id)).not.toContain("node-router/node-moved");
  });
});

test("two usable machines of one name are an error of the doctor that names both, and nobody's calls", async () => {
  const { deps, methods, explain } = arrange();
  deps.nodes = { nodes: [hostEntry("mac-sg", SG_ID), hostEntry("MAC sg!", OTHER)] };
  expect(await explain()).toMatchObject({
    outcome: "refused",
    message: expect.stringContaining("1 had a name that several paired nodes answer to"),
  });
  const found = (await methods.doctor()).findings.find(({ id }) => id === "node-router/node-ambiguous");
  expect(found?.severity).toBe("error");
  for (const text of [SG_ID, OTHER]) expect(found?.message).toContain(text);
  expect((await methods.guard({ dryRun: true })).agents[0]?.changes.map(({ value }) => value)).toEqual([
    "node",
  ]);
  deps.configure({
    ...CONFIG,
    nodes: { ...CONFIG.nodes, "mac-sg": { ...CONFIG.nodes["mac-sg"], node: SG_ID } },
  });
  expect(await explain()).toMatchObject({ outcome: "placed", node: "mac-sg" });
});

describe("what is refused as the caller's mistake", () => {
  test.each([
    [{}, "trust needs a node and, as paired, the id"],
    [{ node: "mac-sg" }, "trust needs a node and, as paired, the id"],
    [
      { node: "mac-gs", paired: SG_ID },
      'no node "mac-gs" is configured; did you mean "mac-sg"? configured are',
    ],
    [{ node: "mac-sg", paired: OTHER }, `by that name there are "${SG_ID}"`],
    [{ node: "mac-sg", paired: CN_ID }, `by that name there are "${SG_ID}"`],
    [{ node: "mac-sg", paired: SG_ID.slice(0, 12) }, "no paired node has the id"],
  ])("%j", async (params, message) => {
    const { trust } = arrange();
    await expect(trust(params)).rejects.toThrow(UsageError);
    await expect(trust(params)).rejects.toThrow(message);
  });

  test("an entry without a paired node, or with its id in the config", async () => {
    const { deps, trust } = arrange();
    deps.configure({ nodes: { a: { node: false }, b: { node: SG_ID.toUpperCase() } } });
    await expect(trust({ node: "a", paired: SG_ID })).rejects.toThrow("nodes.a.node is false");
    await expect(trust({ node: "b", paired: SG_ID })).rejects.toThrow("has its id in the config");
  });
});

test("what cannot be kept is an error with a code, and nothing changes", async () => {
  const { deps, trust } = arrange();
  deps.memory
    .part(NODE_NAMES)
    .keepIn(
      ownStore({ read: async () => null, write: () => Promise.reject(new Error("ENOSPC: no space left")) }),
      () => {},
    );
  await expect(trust({ node: "mac-sg", paired: SG_ID })).rejects.toThrow(
    /^STATE_NOT_WRITTEN: .*ENOSPC.*; nothing changed\./,
  );
});

describe("the command", () => {
  test("says in text and in JSON who it is now and was before", async () => {
    const { deps, trust } = arrange();
    deps.nodes = { nodes: [hostEntry("mac-sg", OTHER)] };
    const answer = (_method: string, params: object) => trust({ ...params });
    const ran = await run("trust", { node: "mac-sg", paired: OTHER }, answer);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.asked).toEqual([`noderouter.trust {"node":"mac-sg","paired":"${OTHER}"}`]);
    expect(ran.stdout.replaceAll("\n", " ")).toContain(`node mac-sg is the paired node ${OTHER} (mac-sg)`);
    const json = await run("trust", { node: "mac-sg", paired: OTHER, json: true }, answer);
    expect(JSON.parse(json.stdout)).toMatchObject({ node: "mac-sg", id: OTHER, before: OTHER });
  });

  test.each([{ paired: "" }, { paired: OTHER, yes: "SHA256:x" }])("%j is wrong usage", async (options) => {
    const ran = await run("trust", { node: "mac-sg", ...options }, () => ({}));
    expect(ran).toMatchObject({ code: 2, stdout: "", asked: [] });
  });
});
