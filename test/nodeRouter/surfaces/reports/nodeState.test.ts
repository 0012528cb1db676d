// A node's state without a record: what the gateway's list says, and nothing that it does not.
import { describe, expect, test } from "vitest";
import {
  countStates,
  countsText,
  shownStateOf,
} from "../../../../src/nodeRouter/surfaces/reports/nodeState.ts";
import { hostEntry, inputOf, NODES, SG_ID } from "../doctor/arrange.ts";
import { offlineRecord } from "./arrange.ts";

/** mac-sg, of these settings, as the host lists it. */
function listed(nodes: readonly object[] | null, settings: object = {}) {
  const router = { nodes: { "mac-sg": settings } };
  const node = inputOf({ router, nodes }).snapshot.nodes.find(({ name }) => name === "mac-sg");
  if (node === undefined) throw new Error("mac-sg is not in the snapshot");
  return shownStateOf(node, undefined);
}

const entry = (connected: boolean | null) => [hostEntry("mac-sg", SG_ID, { connected })];

describe("without a record", () => {
  test.each<[string, readonly object[] | null, object, string, string]>([
    ["connected", entry(true), {}, "ready", "connected to the gateway"],
    ["not connected", entry(false), {}, "offline", "not connected to the gateway"],
    ["connection not told", entry(null), {}, "unknown", "the gateway does not say whether it is connected"],
    ["not paired", [], {}, "offline", "no node of this name is paired with the gateway"],
    ["list never read", null, {}, "unknown", "the gateway's node list has not been read"],
    ["SSH alone", [], { node: false, ssh: {} }, "unknown", "over SSH nobody has asked it yet"],
    [
      "not connected, with SSH",
      entry(false),
      { ssh: {} },
      "unknown",
      "not connected to the gateway; over SSH nobody has asked it yet",
    ],
  ])("%s", (_, nodes, settings, state, reason) => {
    expect(listed(nodes, settings)).toEqual({ state, reason, sinceMs: null });
  });
});

test("a record stands over the list: a node that the gateway believes connected can be dead", () => {
  const [node] = inputOf({ nodes: NODES }).snapshot.nodes;
  if (node === undefined) throw new Error("no node");
  expect(node.online).toBe(true);
  expect(shownStateOf(node, offlineRecord(node.name))).toMatchObject({ state: "offline" });
});

test.each([
  [[], "no nodes"],
  [["ready"], "1 node: 1 ready"],
  [["offline", "ready", "ready"], "3 nodes: 2 ready, 1 offline"],
  [["unknown", "stale", "degraded"], "3 nodes: 1 degraded, 1 stale, 1 unknown"],
] as const)("%j reads %j", (states, text) => {
  expect(countsText(countStates(states))).toBe(text);
});
