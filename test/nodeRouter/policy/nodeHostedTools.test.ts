// Which node runs a tool that nodes publish, and whether an agent may call it.
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import { makePolicy } from "../../../src/nodeRouter/policy/agentPolicy.ts";
import { hostedToolRefusal, nodesBehind } from "../../../src/nodeRouter/policy/nodeHostedTools.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { CN_ID, CONFIG, hostEntry, SG_ID } from "../../support/fakeDeps.ts";
import { textOf } from "../../support/refused.ts";

const tool = (name: string) => ({
  pluginId: "node-mcp",
  name,
  command: "mcp.tools.call.v1",
  mcp: { server: "docs", tool: "search" },
});
const node = (name: string, id: string, ...names: string[]) => {
  const read = readHostNode(hostEntry(name, id, { nodePluginTools: names.map(tool) }));
  if (read === null) throw new Error("no node");
  return read;
};
const behind = (name: string, nodes: ReturnType<typeof node>[], isKnown = false) =>
  nodesBehind(name, isKnown, nodes).map(({ displayName }) => displayName);

describe("the node behind a name", () => {
  const sg = node("mac-sg", SG_ID, "docs_search");
  const cn = node("mac-cn", CN_ID, "docs_search", "files_read");

  test("is the one that publishes it, by any case", () => {
    expect(behind("files_read", [sg, cn])).toEqual(["mac-cn"]);
    expect(behind("Files_Read", [sg, cn])).toEqual(["mac-cn"]);
  });

  test("is each of several that publish it", () => {
    expect(behind("docs_search", [sg, cn])).toEqual(["mac-sg", "mac-cn"]);
  });

  test("is told by the id that the host puts in front, a digit first or not, cut or numbered", () => {
    expect(behind(`node_${SG_ID.slice(0, 27)}_docs_search`, [sg, cn])).toEqual(["mac-sg"]);
    expect(behind(`${CN_ID.slice(0, 32)}_docs_search`, [sg, cn])).toEqual(["mac-cn"]);
    expect(behind(`${CN_ID.slice(0, 32)}_docs_search_2`, [sg, cn])).toEqual(["mac-cn"]);
    const long = node("mac-cn", CN_ID, `docs_${"x".repeat(59)}`);
    expect(behind(`${CN_ID.slice(0, 32)}_docs_${"x".repeat(26)}`, [long])).toEqual(["mac-cn"]);
  });

  test("is none for what nobody publishes, and for a tool that the gateway has", () => {
    expect(behind("web_fetch", [sg, cn])).toEqual([]);
    expect(behind("docs_search", [sg, cn], true)).toEqual([]);
    expect(behind(`${CN_ID.slice(0, 32)}_docs_search`, [sg, cn], true)).toEqual(["mac-cn"]);
  });
});

describe("a call", () => {
  const nodes = [node("mac-sg", SG_ID, "docs_search"), node("mac-cn", CN_ID, "docs_search")];
  const refusal = (agent: string, which: readonly number[], config: object = CONFIG) => {
    const resolved = resolveConfig(config);
    const snapshot = buildSnapshot(resolved.nodes, { nodes, takenAtMs: 1 });
    const chosen = which.flatMap((at) => nodes[at] ?? []);
    return textOf(
      hostedToolRefusal(makePolicy(resolved, null, agent, "exec"), "docs_search", chosen, snapshot),
    );
  };

  test("of a tool on a node of the agent's rule goes on", () => {
    expect(refusal("worker-sg", [0])).toBeNull();
    expect(refusal("worker-cn", [1])).toBeNull();
    expect(refusal("worker-sg", [])).toBeNull();
  });

  test("of one elsewhere is refused with node, reason and rule", () => {
    expect(refusal("worker-sg", [1])).toBe(
      'NODE_NOT_ALLOWED: "docs_search" is published by node "mac-cn" and runs there whatever a rule says; that node didn\'t match "region=sg" (rule "singapore" of agent "worker-sg"); use another tool, or exec on a node that the rule allows.',
    );
  });

  test("of one that may be on either is refused", () => {
    expect(refusal("worker-sg", [0, 1])).toContain('"mac-cn"');
  });

  test("is left alone for an agent without a rule, and refused while the agent's config is broken", () => {
    expect(refusal("master", [1])).toBeNull();
    expect(refusal("worker-sg", [0], { ...CONFIG, bogus: 1 })).toMatch(/^CONFIG_INVALID/);
  });

  test('on a node outside is refused also with onUnavailable: "gateway"; a rule for the tool itself decides first', () => {
    const rules = [{ name: "sg", agents: ["worker-sg"], require: "region=sg", onUnavailable: "gateway" }];
    expect(refusal("worker-sg", [1], { ...CONFIG, rules })).toContain('rule "sg"');
  });
});
