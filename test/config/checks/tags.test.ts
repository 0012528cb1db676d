// Tags that a node can have.
import { expect, test } from "vitest";
import { nodeLines, ruleLines } from "../support.ts";

const rule = (parts: object) => ({ name: "a", agents: ["x"], ...parts });

test.each([
  [
    "-gpu",
    'tag "-gpu": its key "-gpu" must be 1 to 63 characters made of letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
  ],
  [
    "node.os=linux",
    'tag "node.os=linux": tags that begin with "node." are found by the plugin and cannot be set',
  ],
  ["region=sg", 'tag "region=sg" contradicts tag "region=cn" of the same node'],
])("the tag %s is refused", (tag, message) => {
  expect(nodeLines({ tags: ["region=cn", tag] })).toEqual([`error nodes.a.tags[1]: ${message}`]);
});

test("a tag that is said twice, or only begins like a built-in one, is no problem", () => {
  expect(nodeLines({ tags: ["gpu", "gpu", "node=1", "nodes.os=linux"] })).toEqual([]);
});

test("tailscale. is the tailnet's: config cannot set it, and may select by it without a warning", () => {
  expect(nodeLines({ tags: ["tailscale.prod"] })).toEqual([
    'error nodes.a.tags[0]: tag "tailscale.prod": tags that begin with "tailscale." are found by the plugin and cannot be set',
  ]);
  expect(nodeLines({ tags: ["tailscale", "tailscale-1", "my.tailscale.x"] })).toEqual([]);
  expect(ruleLines(rule({ require: "tailscale.prod" }))).toEqual([]);
});
