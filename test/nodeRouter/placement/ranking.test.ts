// Which of the nodes that fit is taken: what is preferred, what is near, what is free, and where the agent is already.
import { describe, expect, test } from "vitest";
import type { PlacementDecision } from "../../../src/nodeRouter/placement/model/decision.ts";
import type { Near, Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import { type NodeState, UNKNOWN_CAPACITY } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import type { NodeLocation } from "../../../src/shared/types.ts";
import { makeNode } from "../../support/makeNode.ts";
import { makeRequest, makeRule, prefer, snapshotOf, tagsOf } from "./arrange.ts";

const GATEWAY: Near = { kind: "gateway" };
const at = (latitude: number, longitude: number): NodeLocation => ({ latitude, longitude, source: "geoip" });
const SINGAPORE = at(1.3, 103.8);
const TOKYO = at(35.7, 139.7);
const FRANKFURT = at(50.1, 8.7);

/** A node with only what ranking looks at. */
function node(name: string, changes: Partial<NodeState> = {}): NodeState {
  return makeNode({ name, location: null, ...changes });
}

const loaded = (loadPerCpu: number | null) => ({ capacity: { ...UNKNOWN_CAPACITY, loadPerCpu } });
const measured = (rttMs: number | null) => ({ rttMs });

function decide(rule: Partial<Rule>, nodes: readonly NodeState[], current: string | null = null) {
  return place(makeRequest({ current }), { ...snapshotOf(...nodes), gatewayLocation: TOKYO }, [
    makeRule(rule),
  ]);
}

const winner = (...asked: Parameters<typeof decide>) => decide(...asked).node?.name;
const scoresOf = (decision: PlacementDecision) =>
  Object.fromEntries(decision.candidates().map(({ node: name, scores }) => [name, scores]));

describe("the order", () => {
  test("what is preferred goes before what is near", () => {
    const nodes = [node("far", { ...measured(300), tags: tagsOf("gpu") }), node("near", measured(1))];
    expect(winner({ near: GATEWAY }, nodes)).toBe("near");
    expect(winner({ near: GATEWAY, prefer: [prefer("gpu", 1)] }, nodes)).toBe("far");
  });

  test("what is near goes before what is free, and within one step what is free decides", () => {
    const busy = node("busy", { ...measured(1.2), ...loaded(9) });
    expect(winner({ near: GATEWAY }, [busy, node("far", measured(80))])).toBe("busy");
    expect(winner({ near: GATEWAY }, [busy, node("next", measured(1.3))])).toBe("next");
  });

  test("of two that are free alike the nearer wins by any difference, then the name", () => {
    expect(winner({ near: GATEWAY }, [node("a", measured(1.3)), node("b", measured(1.2))])).toBe("b");
    expect(winner({ near: GATEWAY }, [node("a", measured(1.2)), node("b", measured(1.2))])).toBe("a");
  });

  test("a rule without near takes the free one, however far", () => {
    const nodes = [node("a", { ...measured(1), ...loaded(3) }), node("b", measured(300))];
    expect(winner({}, nodes)).toBe("b");
  });

  test("a penalty is no exclusion: an overloaded node alone is taken", () => {
    expect(winner({}, [node("a", loaded(100))])).toBe("a");
  });
});

describe("near", () => {
  test("the gateway: the measured round trip, not the map", () => {
    const nodes = [
      node("mapped-near", { ...measured(120), location: TOKYO }),
      node("really-near", { ...measured(4), location: FRANKFURT }),
    ];
    expect(winner({ near: GATEWAY }, nodes)).toBe("really-near");
  });

  test("the gateway, unmeasured: the distance from its declared place", () => {
    const nodes = [node("a", { location: FRANKFURT }), node("b", { location: SINGAPORE })];
    expect(winner({ near: GATEWAY }, nodes)).toBe("b");
  });

  test("a node or a point: the distance from there, and no round trip from the gateway", () => {
    const nodes = [
      node("fra", { ...measured(1), location: FRANKFURT }),
      node("sin", { ...measured(300), location: SINGAPORE }),
      node("tyo", { ...measured(2), location: TOKYO }),
    ];
    expect(winner({ near: { kind: "point", latitude: 0, longitude: 100 } }, nodes)).toBe("sin");
    expect(winner({ near: { kind: "node", name: "sin" } }, nodes)).toBe("sin");
    expect(winner({ near: { kind: "node", name: "tyo" } }, nodes)).toBe("tyo");
  });

  test("a node is next to itself also when nobody knows where that is", () => {
    expect(winner({ near: { kind: "node", name: "b" } }, [node("a"), node("b")])).toBe("b");
  });

  test("nodes of unknown distance come after every known one, and fit all the same", () => {
    const far = node("far", measured(2_000));
    expect(winner({ near: GATEWAY }, [node("a"), far])).toBe("far");
    expect(winner({ near: GATEWAY }, [node("a"), node("b", loaded(9))])).toBe("a");
    // Half a coordinate is no place.
    const half = node("half", { location: { latitude: 35.7, source: "declared" } });
    expect(winner({ near: GATEWAY }, [half, far])).toBe("far");
  });

  test("a node that is not there makes no node near, and refuses nothing", () => {
    const nodes = [node("a", { location: FRANKFURT }), node("b", { location: TOKYO })];
    expect(winner({ near: { kind: "node", name: "gone" } }, nodes)).toBe("a");
  });

  test("across the date line is near", () => {
    const nodes = [
      node("honolulu", { location: at(21.3, -157.9) }),
      node("kamchatka", { location: at(53, 158.7) }),
    ];
    expect(winner({ near: { kind: "point", latitude: 20, longitude: 179 } }, nodes)).toBe("honolulu");
  });
});

describe("what is scarce", () => {
  test.each([
    [{ loadPerCpu: 1 }, {}],
    [{ loadPerCpu: 1.01 }, { load: -25 }],
    [{ loadPerCpu: 2 }, { load: -25 }],
    [{ loadPerCpu: 4 }, { load: -50 }],
    [{ loadPerCpu: 4.1 }, { load: -100 }],
    [{ freeMemoryShare: 0.2 }, {}],
    [{ freeMemoryShare: 0.19 }, { memory: -25 }],
    [{ freeMemoryShare: 0.1 }, { memory: -25 }],
    [{ freeMemoryShare: 0.05 }, { memory: -50 }],
    [{ freeMemoryShare: 0 }, { memory: -100 }],
    [{ freeDiskShare: 0.1 }, {}],
    [{ freeDiskShare: 0.09 }, { disk: -50 }],
    [{ freeDiskShare: 0.05 }, { disk: -50 }],
    [{ freeDiskShare: 0.04 }, { disk: -100 }],
    [{ loadPerCpu: null, freeMemoryShare: null, freeDiskShare: null }, {}],
  ])("%j takes %j", (capacity, expected) => {
    const only = node("a", { capacity: { ...UNKNOWN_CAPACITY, ...capacity } });
    expect(scoresOf(decide({}, [only]))).toEqual({ a: expected });
  });

  test("the scarcest counts: plenty of another does not make up for it", () => {
    const full = { ...UNKNOWN_CAPACITY, loadPerCpu: 0, freeMemoryShare: 1, freeDiskShare: 0.01 };
    expect(winner({}, [node("a", { capacity: full }), node("b", loaded(3))])).toBe("b");
  });

  test("unknown is not scarce: a node that nobody measured goes before one that is known to be busy", () => {
    expect(winner({}, [node("a", loaded(3)), node("b", loaded(null))])).toBe("b");
    expect(winner({}, [node("a", loaded(null)), node("b", loaded(0))])).toBe("a");
  });
});

describe("what is explained", () => {
  test("distance and what is scarce stand after the preferences, and leave the score alone", () => {
    const rule = { near: GATEWAY, prefer: [prefer("gpu", 50)] };
    const [candidate] = decide(rule, [node("a", { ...measured(12.345), ...loaded(3) })]).candidates();
    expect(candidate).toEqual({
      node: "a",
      fits: true,
      transport: "node",
      reason: null,
      passing: null,
      score: 0,
      scores: { gpu: 0, "near (ms)": 12.3, load: -50 },
    });
  });

  test("an unknown distance is not shown as one, and a rule without near shows none", () => {
    expect(scoresOf(decide({ near: GATEWAY }, [node("a")]))).toEqual({ a: {} });
    expect(scoresOf(decide({}, [node("a", measured(5))]))).toEqual({ a: {} });
  });

  test("a preference that is called like a resource keeps its name", () => {
    const rule = { prefer: [prefer("load", 10)] };
    expect(scoresOf(decide(rule, [node("a", { ...loaded(9), tags: tagsOf("load") })]))).toEqual({
      a: { load: 10, "(load)": -100 },
    });
  });
});

describe("the node that the agent is on", () => {
  const kept = (rule: Partial<Rule>, nodes: readonly NodeState[], current = "here") => {
    const { node: chosen, keptInsteadOf } = decide(rule, nodes, current);
    return [chosen?.name, keptInsteadOf];
  };
  const near = { near: GATEWAY };

  test("is kept though another ranks first by a little, and the decision says instead of which", () => {
    expect(kept(near, [node("here", measured(24)), node("there", measured(20))])).toEqual(["here", "there"]);
    expect(kept(near, [node("here", measured(100)), node("there", measured(81))])).toEqual(["here", "there"]);
    expect(kept({}, [node("a"), node("here")])).toEqual(["here", "a"]);
  });

  test("is not called kept when it ranks first anyway, or when there is none", () => {
    expect(kept(near, [node("here", measured(20)), node("there", measured(24))])).toEqual(["here", null]);
    expect(decide(near, [node("here", measured(24)), node("there", measured(20))], null)).toMatchObject({
      node: { name: "there" },
      keptInsteadOf: null,
    });
  });

  test.each([
    [24, 18.9, "there"],
    [24, 19.1, "here"],
    [100, 79.9, "there"],
    [100, 80.1, "here"],
    [4, 0.1, "here"],
  ])("at %d ms it is left for one at %d ms only by more than 5 ms and 20 %%: %s", (here, there, expected) => {
    const [name] = kept(near, [node("here", measured(here)), node("there", measured(there))]);
    expect(name).toBe(expected);
  });

  test("is left for one that is no farther and freer by 50, not by 25", () => {
    expect(kept({}, [node("here", loaded(3)), node("there")])).toEqual(["there", null]);
    expect(kept({}, [node("here", loaded(2)), node("there")])).toEqual(["here", "there"]);
    const far = node("there", measured(300));
    expect(kept(near, [node("here", { ...measured(10), ...loaded(9) }), far])).toEqual(["here", null]);
  });

  test("is left for the best of those that are worth it, also when another one ranks first", () => {
    const nodes = [
      node("first", { ...measured(24), ...loaded(9) }),
      node("here", { ...measured(26), ...loaded(9) }),
      node("free", { ...measured(27), ...loaded(0) }),
    ];
    expect(winner(near, nodes)).toBe("first");
    expect(kept(near, nodes)).toEqual(["free", "first"]);
  });

  test("is left for any that is preferred to it", () => {
    const rule = { prefer: [prefer("gpu", 1)] };
    expect(kept(rule, [node("here"), node("there", { tags: tagsOf("gpu") })])).toEqual(["there", null]);
    expect(
      kept({ prefer: [prefer("gpu", -1)] }, [node("here"), node("there", { tags: tagsOf("gpu") })]),
    ).toEqual(["here", null]);
  });

  test("is left when it does not fit, and forgotten when it is gone", () => {
    expect(kept({}, [node("here", { online: false }), node("there")])).toEqual(["there", null]);
    expect(kept({}, [node("there")])).toEqual(["there", null]);
  });

  test("of unknown distance is left for one of a known distance", () => {
    expect(kept(near, [node("here"), node("there", measured(500))])).toEqual(["there", null]);
    expect(kept(near, [node("here"), node("another")])).toEqual(["here", "another"]);
  });
});
