// What doctor says of the operator's cordons.
import { expect, test } from "vitest";
import type { CordonRecord } from "../../../../src/nodeRouter/inventory/cordonRecord.ts";
import type { CordonView } from "../../../../src/nodeRouter/inventory/cordons.ts";
import { checkCordons } from "../../../../src/nodeRouter/surfaces/doctor/checkCordons.ts";
import { makeNode } from "../../../support/makeNode.ts";
import { inputOf } from "./arrange.ts";

const CORDON: CordonRecord = {
  node: "mac-sg",
  by: "alice",
  reason: null,
  atMs: 0,
  untilMs: null,
  drain: true,
  move: true,
};
const told = (view: CordonView | undefined) =>
  checkCordons({
    ...inputOf({}),
    snapshot: { nodes: [makeNode()], takenAtMs: 1, gatewayLocation: null },
    ...(view === undefined ? {} : { cordons: view }),
  }).map(({ id, severity, message }) => [id, severity, message]);

test("a cordon is good to know, with who and since when", () => {
  expect(told({ records: new Map([["mac-sg", CORDON]]), problem: null })).toEqual([
    [
      "node-router/node-cordoned",
      "info",
      'node "mac-sg" is drained by alice since 1970-01-01T00:00:00.000Z; until it is lifted; its sessions go elsewhere',
    ],
  ]);
});

test("a cordon of a node that nobody has is a warning", () => {
  const found = told({ records: new Map([["gone", { ...CORDON, node: "gone" }]]), problem: null });
  expect(found.map(([id, severity]) => [id, severity])).toEqual([
    ["node-router/cordon-unknown-node", "warning"],
  ]);
});

test("a record that cannot be read is an error that says what it does, once", () => {
  expect(told({ records: new Map(), problem: "the file is cut" })).toEqual([
    [
      "node-router/cordons-unreadable",
      "error",
      "the file is cut, so every node is taken for cordoned and every call to one is refused",
    ],
  ]);
});

test("no cordon is no finding, and neither is one that nobody asked about", () => {
  expect(told({ records: new Map(), problem: null })).toEqual([]);
  expect(told(undefined)).toEqual([]);
});
