// Rules that rely on what a node says of itself; each finding beside the case that is none.
import { describe, expect, test } from "vitest";
import { CHOSEN_TAGS, FACT_TRUST } from "../../../../src/nodeRouter/inventory/factTrust.ts";
import { BUILTIN_KEYS } from "../../../../src/nodeRouter/placement/selector/builtinTags.ts";
import { checkTrust } from "../../../../src/nodeRouter/surfaces/doctor/checkTrust.ts";
import { inputOf } from "./arrange.ts";

const SG = { country: "SG", region: "Central", city: "Singapore", timeZone: "Asia/Singapore" };
const config = (rule: object, location: object | null = null) => ({
  nodes: { "mac-sg": { tags: ["region=sg"], ...(location === null ? {} : { location }) } },
  rules: [{ name: "singapore", agents: ["worker-sg"], ...rule }],
});
const found = (rule: object, location: object | null = null) =>
  checkTrust(inputOf({ router: config(rule, location) }));

test("a rule that requires a system is warned of, with rule and fact", () => {
  expect(found({ require: "region=sg,node.os=linux,node.arch in (arm64),node.os!=windows" })).toEqual([
    {
      id: "node-router/rule-trusts-node",
      severity: "warning",
      message:
        'rule "singapore" requires node.os, node.arch, which a node says of itself: one that was taken over can say what the rule asks for',
      path: "plugins.entries.node-router.config.rules[0].require",
      fix: "require a tag that you gave the nodes; what a node says of itself is good for a preference",
    },
  ]);
});

test.each([
  "node.os=linux",
  "node.os!=windows",
  "node.os in (linux,macos)",
  "node.os notin (windows)",
  "node.os",
  "!node.os",
  "node.arch=arm64",
  "!node.arch",
  "node.tz=Asia/Singapore",
  "node.tz!=Asia/Shanghai",
  "node.country=SG",
  "node.country notin (CN)",
  "node.city",
  "node.name!=mac-sg",
  "node.name notin (mac-sg)",
])("%s is such a condition, and only a note where it is preferred", (selector) => {
  expect(found({ require: selector }).map(({ id }) => id)).toEqual(["node-router/rule-trusts-node"]);
  const [note, ...more] = found({ require: "region=sg", prefer: [{ selector, weight: 1 }] });
  expect(more).toEqual([]);
  expect(note).toMatchObject({ id: "node-router/rule-prefers-by-node", severity: "info" });
});

test.each(["region=sg", "region!=cn", "!spot", "tailscale.prod", "node.transport=ssh", "node.name=mac-sg"])(
  "%s is none: no node says it of itself",
  (require) => {
    expect(found({ require })).toEqual([]);
  },
);

describe("a place", () => {
  test.each(["node.country=SG", "node.country!=CN", "node.city=Singapore", "node.tz=Asia/Singapore"])(
    "%s that is declared of every node is no node's to choose",
    (require) => {
      expect(found({ require }, SG)).toEqual([]);
    },
  );

  test("a place that is declared in part can still be chosen by the node in the other part", () => {
    expect(found({ require: "node.tz=Asia/Singapore" }, { country: "SG" })).toHaveLength(1);
    expect(found({ require: "node.country=SG" }, { country: "SG" })).toEqual([]);
  });
});

test("a rule without a condition relies on nothing", () => {
  expect(found({})).toEqual([]);
});

test("every built-in tag is in the table, and which of them a node can choose is what the check goes by", () => {
  const tags = new Set(FACT_TRUST.flatMap((row) => row.tags));
  expect(BUILTIN_KEYS.filter((key) => !tags.has(key))).toEqual([]);
  expect([...CHOSEN_TAGS].sort()).toEqual(
    ["node.arch", "node.city", "node.country", "node.name", "node.os", "node.region", "node.tz"].sort(),
  );
});
