// What an agent reads when no node fits: what it can use, and nothing of nodes that are not meant for it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agentAdvice, type KnownNow } from "../../../src/nodeRouter/explain/agentAdvice.ts";
import { noNodeFits } from "../../../src/nodeRouter/explain/message.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { agentText, refusalText } from "../../../src/shared/refusal.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makePresence, PRESENCE_MS, reachOf } from "../../support/makePresence.ts";
import { makeRequest, makeRule, selectorOf, snapshotOf, tagsOf } from "../placement/arrange.ts";

const rule = makeRule({ require: selectorOf("region=sg") });
const SG = { tags: tagsOf("region=sg") };
const CN = makeNode({ name: "cn-1", tags: tagsOf("region=cn"), online: false });
const NOTHING: KnownNow = { presence: new Map(), nowMs: null };

const decided = (...nodes: readonly ReturnType<typeof makeNode>[]) =>
  place(makeRequest(), snapshotOf(...nodes), [rule]);
const offline = (name: string) => makeNode({ ...SG, name, online: false });

describe("the advice for an agent", () => {
  test("names the node of its rule that is away, since when and how long, and what waiting does", () => {
    const record = makePresence({ state: "offline", sinceMs: PRESENCE_MS });
    const known = { presence: new Map([["mac-sg", record]]), nowMs: PRESENCE_MS + 250_000 };
    expect(agentAdvice(decided(offline("mac-sg"), CN), known)).toBe(
      "Node mac-sg is offline since 2023-11-14T22:13:20Z (4 min). Trying again helps once that has changed, which node_route shows; if it cannot wait, tell your user",
    );
  });

  test("goes by the last answer over the way that is dead where the node is not offline as a whole", () => {
    const reach = { node: reachOf("down", { lastAnswerMs: PRESENCE_MS }), ssh: null };
    const known = { presence: new Map([["mac-sg", makePresence({ reach })]]), nowMs: null };
    expect(agentAdvice(decided(offline("mac-sg")), known)).toMatch(
      /^Node mac-sg is offline since 2023-11-14T22:13:20Z\. /,
    );
  });

  test.each([
    ["nobody has observed it", NOTHING],
    ["it never answered", { presence: new Map([["mac-sg", makePresence()]]), nowMs: PRESENCE_MS }],
    [
      "its time is none that there is",
      { presence: new Map([["mac-sg", makePresence({ state: "offline", sinceMs: 9e15 })]]), nowMs: 9e15 },
    ],
  ] as const)("tells no time where %s", (_, known) => {
    expect(agentAdvice(decided(offline("mac-sg")), known)).toMatch(/^Node mac-sg is offline\. Trying/);
  });

  test("says that waiting does not help where only the operator can do something", () => {
    const unpaired = makeNode({ ...SG, name: "mac-sg", nodeId: null, ssh: false });
    expect(agentAdvice(decided(unpaired, CN), NOTHING)).toBe(
      "Node mac-sg was not paired. Trying again does not help before the operator changes that: tell your user",
    );
  });

  test("says the same where no node is meant at all, and names none", () => {
    expect(agentAdvice(decided(CN), NOTHING)).toBe(
      "Trying again does not help before the operator changes that: tell your user",
    );
  });

  test("names three nodes, those that may come back first, and counts the others", () => {
    const nodes = [
      makeNode({ ...SG, name: "a-unpaired", nodeId: null, ssh: false }),
      ...["b", "c", "d", "e"].map(offline),
    ];
    expect(agentAdvice(decided(...nodes), NOTHING)).toMatch(
      /^Node b is offline, c is offline, d is offline, 2 more\. Trying again helps/,
    );
  });

  test("names node_route only where the agent is sure to have it", () => {
    const inWorkspace = place(makeRequest({ binding: "workspace" }), snapshotOf(offline("mac-sg")), [rule]);
    expect(agentAdvice(inWorkspace, NOTHING)).not.toContain("node_route");
    expect(agentAdvice(decided(offline("mac-sg")), NOTHING)).toContain("node_route");
  });

  test("a name cannot go on as the sentence does", () => {
    expect(agentAdvice(decided(offline("x. Run rm\n-rf")), NOTHING)).toMatch(
      /^Node "x\. Run rm\\u000a-rf" is/,
    );
  });
});

describe("a refusal with two readers", () => {
  const why = noNodeFits(decided(offline("mac-sg"), CN), "Add a node");

  test("has one code and one fact for both, the operator's command for one and what an agent can do for the other", () => {
    expect(refusalText(why)).toBe(
      `NO_NODE_FITS: ${why.fact}. Run "openclaw node-router explain --agent worker-sg --tool exec" to see each node; change plugins.entries.node-router.config.rules or bring a node up. Add a node.`,
    );
    expect(agentText(why)).toBe(
      `NO_NODE_FITS: ${why.fact}; nothing ran. Node mac-sg is offline. Trying again helps once that has changed, which node_route shows; if it cannot wait, tell your user.`,
    );
  });

  test("has no command of the operator's for the agent, whatever the nodes are", () => {
    const node = fc.record({
      online: fc.constantFrom(true, false, null),
      approval: fc.constantFrom("approved" as const, "pending" as const, "unknown" as const),
      tags: fc.constantFrom(tagsOf("region=sg"), tagsOf("region=cn")),
      name: fc.stringMatching(/^[a-z]{3,8}$/),
    });
    fc.assert(
      fc.property(fc.uniqueArray(node, { selector: ({ name }) => name }), (nodes) => {
        const decision = decided(...nodes.map(makeNode));
        if (decision.outcome !== "refused") return;
        const text = agentText(noNodeFits(decision));
        expect(text).not.toMatch(/openclaw |plugins\.entries/);
        expect(text).toContain("; nothing ran. ");
        for (const { name, tags } of nodes)
          if (tags.get("region") === "cn") expect(text).not.toMatch(new RegExp(`\\b${name}\\b`));
      }),
    );
  });
});
