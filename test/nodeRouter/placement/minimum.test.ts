// What a rule asks to be free, and what a node says that has it, has it not, or does not know.
import { describe, expect, test } from "vitest";
import { decisionMessage } from "../../../src/nodeRouter/explain/message.ts";
import type { Minimum } from "../../../src/nodeRouter/placement/model/rule.ts";
import { type NodeCapacity, UNKNOWN_CAPACITY } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, snapshotOf } from "./arrange.ts";

const NOTHING: Minimum = { idleCpus: null, freeMemoryGiB: null, freeDiskGiB: null };
const GIB = 1024 ** 3;

function reasonFor(minimum: Partial<Minimum>, capacity: Partial<NodeCapacity>, request = makeRequest()) {
  const node = makeNode({ capacity: { ...UNKNOWN_CAPACITY, ...capacity } });
  const decision = place(request, snapshotOf(node), [makeRule({ minimum: { ...NOTHING, ...minimum } })]);
  return decision.candidates()[0]?.reason?.one ?? null;
}

describe("a minimum", () => {
  test.each<[Partial<Minimum>, Partial<NodeCapacity>, string | null]>([
    [{ idleCpus: 2 }, { idleCpus: 2 }, null],
    [{ idleCpus: 2 }, { idleCpus: 1.9 }, "had fewer than the minimum idle CPUs"],
    [{ idleCpus: 2 }, {}, "had unknown idle CPUs"],
    [{ idleCpus: 0 }, { idleCpus: -0.1 }, "had fewer than the minimum idle CPUs"],
    [{ freeMemoryGiB: 4 }, { freeMemoryBytes: 4 * GIB }, null],
    [{ freeMemoryGiB: 4 }, { freeMemoryBytes: 4 * GIB - 1 }, "had less than the minimum free memory"],
    [{ freeMemoryGiB: 4 }, { freeMemoryShare: 1 }, "had unknown free memory"],
    [{ freeDiskGiB: 0.5 }, { freeDiskBytes: GIB / 2 }, null],
    [{ freeDiskGiB: 0.5 }, { freeDiskBytes: 0 }, "had less than the minimum free disk"],
    [{ freeDiskGiB: 0.5 }, {}, "had unknown free disk"],
  ])("of %j meets %j: %s", (minimum, capacity, reason) => {
    expect(reasonFor(minimum, capacity)).toBe(reason);
  });

  test("of zero asks that it is known", () => {
    expect(reasonFor({ freeDiskGiB: 0 }, { freeDiskBytes: 0 })).toBe(null);
    expect(reasonFor({ freeDiskGiB: 0 }, {})).toBe("had unknown free disk");
  });

  test("that is not written asks nothing, also of a full and overloaded node", () => {
    expect(reasonFor({}, { idleCpus: -9, freeMemoryBytes: 0, freeDiskBytes: 0 })).toBe(null);
    const bare = place(makeRequest(), snapshotOf(makeNode()), [makeRule()]);
    expect(bare.outcome).toBe("placed");
  });

  test("holds over SSH as well", () => {
    const whole = makeRequest({ binding: "workspace", commands: [] });
    expect(reasonFor({ freeDiskGiB: 1 }, { freeDiskBytes: 0 }, whole)).toBe(
      "had less than the minimum free disk",
    );
  });

  test("is asked last: of a node that is offline nobody says how full it is", () => {
    const node = makeNode({ online: false });
    const decision = place(makeRequest(), snapshotOf(node), [
      makeRule({ minimum: { ...NOTHING, idleCpus: 1 } }),
    ]);
    expect(decision.candidates()[0]?.reason?.one).toBe("was offline");
  });

  test("of one rule is not taken for another's of the same snapshot", () => {
    const snapshot = snapshotOf(makeNode({ capacity: { ...UNKNOWN_CAPACITY, idleCpus: 2 } }));
    const outcome = (idleCpus: number) =>
      place(makeRequest(), snapshot, [makeRule({ minimum: { ...NOTHING, idleCpus } })]).outcome;
    expect([outcome(1), outcome(4), outcome(2)]).toEqual(["placed", "refused", "placed"]);
  });

  test("counts in a refusal", () => {
    const of = (name: string, freeDiskBytes: number | null) =>
      makeNode({ name, capacity: { ...UNKNOWN_CAPACITY, freeDiskBytes } });
    const rule = makeRule({ minimum: { ...NOTHING, freeDiskGiB: 10 } });
    expect(
      decisionMessage(place(makeRequest(), snapshotOf(of("a", 0), of("b", 1), of("c", null)), [rule])),
    ).toBe(
      '0/3 nodes fit rule "singapore" for exec: 2 had less than the minimum free disk, 1 had unknown free disk.',
    );
  });
});

describe("over SSH", () => {
  const whole = makeRequest({ binding: "workspace", commands: [] });
  const reason = (sshReachable: boolean | null) =>
    place(whole, snapshotOf(makeNode({ sshReachable })), [makeRule()]).candidates()[0]?.reason?.one ?? null;

  test("a node that is known not to answer is offline; one that nobody asked stays in, for the call finds out", () => {
    expect(reason(false)).toBe("was offline");
    expect(reason(null)).toBe(null);
    expect(reason(true)).toBe(null);
  });

  test("what SSH says does not matter to the node protocol", () => {
    expect(place(makeRequest(), snapshotOf(makeNode({ sshReachable: false })), [makeRule()]).outcome).toBe(
      "placed",
    );
  });
});
