// Which node a node-targeted tool of a routed agent reaches, whatever node the model names.
import { describe, expect, test } from "vitest";
import { rewriteNodeTool } from "../../../src/nodeRouter/dispatch/nodeToolParams.ts";
import type { NodeState } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { commandsFor } from "../../../src/nodeRouter/toolCatalog/catalog.ts";
import { makeNode } from "../../support/makeNode.ts";
import { refused } from "../../support/refused.ts";
import { makeRequest, makeRule, selectorOf, snapshotOf, tagsOf } from "../placement/arrange.ts";

const IDS = { first: "a1".repeat(32), second: "a2".repeat(32), cn: "c0".repeat(32) };
const commands = new Set(["browser.proxy", "computer.act", "file.fetch", "dir.list"]);
const FIRST = makeNode({ name: "sg-1", nodeId: IDS.first, tags: tagsOf("region=sg"), commands });
const SECOND = makeNode({ name: "sg-2", nodeId: IDS.second, tags: tagsOf("region=sg"), commands });
const CN = makeNode({ name: "cn-1", nodeId: IDS.cn, tags: tagsOf("region=cn"), commands });
const rule = makeRule({ require: selectorOf("region=sg") });

function rewrite(tool: string, params: Record<string, unknown>, nodes: NodeState[] = [FIRST, SECOND, CN]) {
  const snapshot = snapshotOf(...nodes);
  const decision = place(makeRequest({ tool, commands: commandsFor(tool) }), snapshot, [rule]);
  return rewriteNodeTool({ tool, params, decision, snapshot });
}

const placedOn = (nodeId: string, params: object) => ({ ok: true, params, nodeId, jobId: null, notes: [] });

const refusedWith = (node: string, fact: string) => ({
  ok: false,
  refusal: refused(
    "NODE_NOT_ALLOWED",
    `"nodes" of agent "worker-sg" asked for node "${node}", ${fact} (rule "singapore")`,
    'leave node out, or name one of "sg-1", "sg-2"',
  ),
});

describe("no node named", () => {
  test.each([{}, { node: "" }, { node: "  " }, { node: 5 }, { node: null }])(
    "%j gets the winner's id",
    (asked) => {
      expect(rewrite("nodes", { action: "notify", ...asked })).toEqual(
        placedOn(IDS.first, { action: "notify", node: IDS.first }),
      );
    },
  );

  test.each([
    ["browser", { target: "host" }],
    ["browser", { target: "sandbox" }],
    ["computer", { target: "gateway" }],
    ["computer", {}],
  ])("%s with %j is turned from the gateway to the node", (tool, asked) => {
    expect(rewrite(tool, { action: "act", ...asked })).toEqual(
      placedOn(IDS.first, { action: "act", target: "node", node: IDS.first }),
    );
  });

  test("a tool without a target parameter is not given one", () => {
    expect(rewrite("file_fetch", { path: "/a" })).toEqual(
      placedOn(IDS.first, { path: "/a", node: IDS.first }),
    );
  });
});

describe("a node that the rule allows", () => {
  test.each([
    ["its name", "sg-2"],
    ["its name in other case and with spaces", " SG-2 "],
    ["its id", IDS.second],
  ])("by %s becomes its id, not the winner's", (_how, node) => {
    expect(rewrite("nodes", { action: "notify", node })).toEqual(
      placedOn(IDS.second, { action: "notify", node: IDS.second }),
    );
  });

  test("by the beginning of its id, from six characters on and only when no other id begins so", () => {
    const alike = makeNode({ name: "sg-3", nodeId: `a2a2a2ff${"0".repeat(56)}`, tags: FIRST.tags, commands });
    expect(rewrite("nodes", { node: "a2a2a2" })).toMatchObject({ nodeId: IDS.second });
    expect(rewrite("nodes", { node: "a2a2a" })).toEqual(
      refusedWith("a2a2a", "which no known node is called"),
    );
    expect(rewrite("nodes", { node: "a2a2a2" }, [FIRST, SECOND, alike])).toMatchObject({ ok: false });
  });

  test("the exact name goes before one that differs in case; with neither exact, nobody guesses", () => {
    const upper = makeNode({ name: "SG-2", nodeId: "ff".repeat(32), tags: FIRST.tags, commands });
    expect(rewrite("nodes", { node: "sg-2" }, [upper, FIRST, SECOND])).toMatchObject({ nodeId: IDS.second });
    expect(rewrite("nodes", { node: "Sg-2" }, [upper, FIRST, SECOND])).toMatchObject({ ok: false });
  });

  test("a machine that calls itself by another's id does not get its calls", () => {
    const liar = makeNode({ name: IDS.second, nodeId: "ee".repeat(32), tags: FIRST.tags, commands });
    expect(rewrite("nodes", { node: IDS.second }, [liar, FIRST, SECOND])).toMatchObject({
      nodeId: IDS.second,
    });
  });
});

describe("a node that may not be reached is refused with the reason, never replaced", () => {
  test("because the rule does not allow it", () => {
    expect(rewrite("nodes", { action: "notify", node: "cn-1" })).toEqual(
      refusedWith("cn-1", 'which didn\'t match "region=sg"'),
    );
  });

  test("because it is offline now", () => {
    const offline = makeNode({ ...SECOND, name: "sg-9", online: false });
    expect(rewrite("nodes", { node: "sg-9" }, [FIRST, SECOND, offline])).toEqual(
      refusedWith("sg-9", "which was offline"),
    );
  });

  test("because no node is called that; its name cannot repaint the message", () => {
    expect(rewrite("nodes", { node: "nowhere\u202e" })).toEqual(
      refusedWith("nowhere\\u202e", "which no known node is called"),
    );
  });

  test("also for an action that needs no node", () => {
    expect(rewrite("nodes", { action: "status", node: "cn-1" })).toMatchObject({
      refusal: { code: "NODE_NOT_ALLOWED" },
    });
  });
});

test("a tool that names no node is none of this file's", () => {
  const snapshot = snapshotOf(FIRST);
  const decision = place(makeRequest({ tool: "read", commands: [] }), snapshot, [rule]);
  expect(rewriteNodeTool({ tool: "read", params: {}, decision, snapshot })).toEqual({
    ok: false,
    refusal: refused("NO_NODE_FITS", 'no node for "read"'),
  });
});
