// However long names, tags, paths and reasons are, node_route's answer costs a model 80 tokens at most.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExplainReport } from "../../../../src/nodeRouter/explain/report.ts";
import { MAX_ROUTE_TEXT, routeText } from "../../../../src/nodeRouter/surfaces/tools/routeText.ts";
import { refusal } from "../../../../src/shared/refusal.ts";
import { makeNode } from "../../../support/makeNode.ts";

const report = (changes: Partial<ExplainReport> = {}): ExplainReport => ({
  agent: "worker-sg",
  tool: "exec",
  mode: "enforce",
  rule: "singapore",
  outcome: "placed",
  node: "mac-sg",
  transport: "ssh",
  binding: "workspace",
  message: "m",
  candidates: [],
  snapshotAgeMs: 0,
  ...changes,
});

describe("the text", () => {
  test("counts tags where they are too many to be told, and keeps node, place, workspace and rule", () => {
    const tags = new Map(Array.from({ length: 60 }, (_, at) => [`team-${at}`, "one"] as const));
    expect(routeText(report(), makeNode({ tags }), null)).toBe(
      "exec runs on mac-sg over SSH; place SG Singapore (declared); 60 tags; workspace /Users/claw/work; rule singapore",
    );
  });

  test("of a refusal keeps what the agent can do, and cuts the fact", () => {
    const why = refusal("NO_NODE_FITS", `0/9 ${"x".repeat(2_000)}`, {
      advice: 'Run "openclaw x"',
      agentAdvice: "Tell your user",
    });
    const text = routeText(report({ outcome: "refused" }), null, why);
    expect(text).toMatch(/^NO_NODE_FITS: 0\/9 x+…; nothing ran\. Tell your user\.$/);
    expect(text.length).toBeLessThanOrEqual(MAX_ROUTE_TEXT);
  });

  test("cannot be continued by a tag, a path or a name", () => {
    const node = makeNode({
      name: "a; rule b",
      tags: new Map([["x", "1; rule c"]]),
      workspace: "/w; rule d",
    });
    expect(routeText(report(), node, null)).toBe(
      'exec runs on "a; rule b" over SSH; place SG Singapore (declared); tags "x=1; rule c"; workspace "/w; rule d"; rule singapore',
    );
  });

  test("is never longer than 80 tokens", () => {
    const words = fc.string({ maxLength: 400, unit: "grapheme" });
    fc.assert(
      fc.property(words, words, words, words, fc.boolean(), (name, rule, fact, path, isRefused) => {
        const node = makeNode({ name, workspace: path, tags: new Map([[fact, name]]) });
        const why = isRefused ? refusal("SECRET_UNAVAILABLE", fact) : null;
        const text = routeText(report({ rule, tool: path, message: fact }), isRefused ? null : node, why);
        expect([...text].length).toBeLessThanOrEqual(MAX_ROUTE_TEXT);
      }),
    );
  });
});
