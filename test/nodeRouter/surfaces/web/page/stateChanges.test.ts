// What screen readers are told of changes.
import { expect, test } from "vitest";
import type { NodesData } from "../../../../../src/nodeRouter/surfaces/web/data.ts";
import { changesText, statesOf } from "../../../../../src/nodeRouter/surfaces/web/page/stateChanges.ts";

/** As much of the page's data as is read. @param nodes state by name */
const dataOf = (nodes: Record<string, string>, refused: readonly string[] = []) =>
  ({
    nodes: Object.entries(nodes).map(([name, state]) => ({ name, state })),
    refused: refused.map((agent) => ({ agent })),
  }) as unknown as NodesData;

const told = (before: NodesData, after: NodesData) => changesText(after, statesOf(before));

test("a node with another state and an agent that is refused now are said", () => {
  const before = dataOf({ "mac-sg": "online", "linux-de": "online" });
  const after = dataOf({ "mac-sg": "offline", "linux-de": "online" }, ["main"]);
  expect(told(before, after)).toBe("agent main is refused, mac-sg is offline");
});

test("what stays as it was, what is new and what is gone are not said", () => {
  const before = dataOf({ "mac-sg": "online", old: "online" }, ["main", "other"]);
  expect(told(before, dataOf({ "mac-sg": "online", new: "offline" }, ["main"]))).toBe("");
});

test("of many changes the first three are said, and how many more there are", () => {
  const names = ["a", "b", "c", "d", "e"];
  const all = (state: string) => dataOf(Object.fromEntries(names.map((name) => [name, state])));
  expect(told(all("online"), all("offline"))).toBe(
    "a is offline, b is offline, c is offline, and 2 more changed",
  );
});
