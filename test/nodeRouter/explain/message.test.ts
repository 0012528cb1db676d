// Every message, whole.
import { describe, expect, test } from "vitest";
import { decisionMessage, noNodeFits, placeText } from "../../../src/nodeRouter/explain/message.ts";
import type { PlacementDecision, Reason } from "../../../src/nodeRouter/placement/model/decision.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { refusalText } from "../../../src/shared/refusal.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, selectorOf, snapshotOf, tagsOf } from "../placement/arrange.ts";

const CN_NODES = ["cn-1", "cn-2"].map((name) => makeNode({ name, tags: tagsOf("region=cn") }));
const rule = makeRule({ require: selectorOf("region=sg") });

describe("decisionMessage", () => {
  test("refused: counted reasons, most frequent first, equal counts in filter order", () => {
    const nodes = [
      ...CN_NODES,
      makeNode({ name: "sg-1", online: false }),
      makeNode({ name: "sg-2", online: false }),
    ];
    const waiting = makeNode({ name: "sg-3", approval: "pending" });
    expect(decisionMessage(place(makeRequest(), snapshotOf(...nodes, waiting), [rule]))).toBe(
      '0/5 nodes fit rule "singapore" for exec: 2 didn\'t match "region=sg", 2 were offline, 1 was waiting for approval.',
    );
  });

  test("refused: one node has a verb of its own, not the plural", () => {
    expect(decisionMessage(place(makeRequest(), snapshotOf(makeNode({ online: false })), [rule]))).toBe(
      '0/1 nodes fit rule "singapore" for exec: 1 was offline.',
    );
  });

  test.each([
    [{ nodeId: null, ssh: false }, "2 were not paired"],
    [{ nodeId: null }, "2 were reachable only over SSH"],
    [{ approval: "pending" as const }, "2 were waiting for approval"],
    [{ approval: "unknown" as const }, "2 had unknown approval"],
    [{ online: false }, "2 were offline"],
    [{ online: null }, "2 had unknown presence"],
    [{ commands: new Set<string>() }, '2 didn\'t offer "system.run"'],
  ])("refused: the plural of every reason (%#)", (change, reason) => {
    const nodes = ["a", "b"].map((name) => makeNode({ ...change, name }));
    expect(decisionMessage(place(makeRequest(), snapshotOf(...nodes), [rule]))).toBe(
      `0/2 nodes fit rule "singapore" for exec: ${reason}.`,
    );
  });

  test("refused for a workspace names the plugin that is missing on a paired node, not pairing", () => {
    const request = makeRequest({ tool: "read", binding: "workspace" });
    const nodes = [makeNode({ name: "a", ssh: false }), makeNode({ name: "b", transport: "node" })];
    expect(decisionMessage(place(request, snapshotOf(...nodes), [rule]))).toBe(
      '0/2 nodes fit rule "singapore" for read: 2 had no node-router plugin.',
    );
  });

  test("refused with no nodes says so instead of listing nothing", () => {
    expect(decisionMessage(place(makeRequest(), snapshotOf(), [rule]))).toBe(
      '0/0 nodes fit rule "singapore" for exec: no nodes are known.',
    );
  });

  test("a reason of a filter that is not written yet prints in the same voice", () => {
    const cordoned: Reason = {
      filter: "cordoned",
      one: "was cordoned",
      many: "were cordoned",
      about: "node",
    };
    const refused = place(makeRequest(), snapshotOf(), [rule]);
    const decision: PlacementDecision = { ...refused, total: 1, filtered: [{ reason: cordoned, count: 1 }] };
    expect(decisionMessage(decision)).toBe('0/1 nodes fit rule "singapore" for exec: 1 was cordoned.');
  });

  test("placed: tool, agent, node with its place, rule", () => {
    expect(decisionMessage(place(makeRequest(), snapshotOf(makeNode()), [rule]))).toBe(
      'exec of agent "worker-sg" runs on mac-sg (SG, declared) · rule singapore',
    );
  });

  test("placed on a node of unknown location does not invent one", () => {
    expect(decisionMessage(place(makeRequest(), snapshotOf(makeNode({ location: null })), [rule]))).toBe(
      'exec of agent "worker-sg" runs on mac-sg (location unknown) · rule singapore',
    );
  });

  test("unrouted because no rule speaks", () => {
    expect(decisionMessage(place(makeRequest({ agent: "master" }), snapshotOf(makeNode()), [rule]))).toBe(
      'no rule names agent "master" for exec; OpenClaw decides as it would without node-router',
    );
  });

  test("unrouted because the rule allows the gateway says both why and who allowed it", () => {
    const china = makeRule({ name: "china", require: selectorOf("region=hk"), onUnavailable: "gateway" });
    expect(decisionMessage(place(makeRequest(), snapshotOf(...CN_NODES), [china]))).toBe(
      '0/2 nodes fit rule "china" for exec: 2 didn\'t match "region=hk"; rule "china" says onUnavailable: "gateway", so it runs on the gateway',
    );
  });

  test("control characters in names never come out raw", () => {
    const node = makeNode({
      name: "mac\u001b[31m\u202e-sg",
      location: { city: "S\u009bG", source: "declared" },
    });
    const hostile = makeRule({ name: 'a"\nb', agents: ["*"] });
    expect(
      decisionMessage(place(makeRequest({ agent: "w\u0007", tool: "e\tx" }), snapshotOf(node), [hostile])),
    ).toBe(
      '"e\\u0009x" of agent "w\\u0007" runs on "mac\\u001b[31m\\u202e-sg" ("S\\u009bG", declared) · rule "a\\"\\u000ab"',
    );
    expect(decisionMessage(place(makeRequest(), snapshotOf(), [hostile]))).toBe(
      '0/0 nodes fit rule "a\\"\\u000ab" for exec: no nodes are known.',
    );
  });
});

describe("noNodeFits", () => {
  test("begins with the code and ends with what to do", () => {
    expect(refusalText(noNodeFits(place(makeRequest(), snapshotOf(...CN_NODES), [rule])))).toBe(
      'NO_NODE_FITS: 0/2 nodes fit rule "singapore" for exec: 2 didn\'t match "region=sg". ' +
        'Run "openclaw node-router explain --agent worker-sg --tool exec" to see each node; ' +
        "change plugins.entries.node-router.config.rules or bring a node up.",
    );
  });

  test("an agent id that a shell would run is quoted in the command", () => {
    const hostile = makeRule({ agents: ["*"] });
    expect(
      refusalText(noNodeFits(place(makeRequest({ agent: "a'; rm -rf $HOME" }), snapshotOf(), [hostile]))),
    ).toBe(
      'NO_NODE_FITS: 0/0 nodes fit rule "singapore" for exec: no nodes are known. ' +
        "Run \"openclaw node-router explain --agent 'a'\\''; rm -rf $HOME' --tool exec\" to see each node; " +
        "change plugins.entries.node-router.config.rules or bring a node up.",
    );
  });
});

describe("placeText", () => {
  test.each([
    [{ country: "SG", city: "Singapore", source: "declared" as const }, "SG, declared"],
    [{ city: "Singapore", source: "declared" as const }, "Singapore, declared"],
    [{ latitude: 1.29, longitude: 103.85, source: "declared" as const }, "1.29,103.85, declared"],
    [{ latitude: 0, longitude: 0, source: "declared" as const }, "0,0, declared"],
    [{ region: "Hokkaido", source: "geoip" as const }, "Hokkaido, geoip"],
    [{ timeZone: "Asia/Tokyo", source: "timezone" as const }, "Asia/Tokyo, timezone"],
    [{ latitude: 1.29, source: "declared" as const }, "location unknown"],
    [{ source: "declared" as const }, "location unknown"],
    [null, "location unknown"],
  ])("%j is %j", (location, place) => {
    expect(placeText(location)).toBe(place);
  });
});
