// Random nodes, selectors, rules and requests for property tests. Few keys and values, so that they collide.

import fc from "fast-check";
import { PLUGIN_COMMAND } from "../../../src/nodeRouter/placement/filters/plugin.ts";
import type { PlacementRequest } from "../../../src/nodeRouter/placement/model/decision.ts";
import type { Residence, Residency } from "../../../src/nodeRouter/placement/model/residence.ts";
import type { Minimum, Near, Preference, Rule } from "../../../src/nodeRouter/placement/model/rule.ts";
import type { NodeCapacity, NodeState } from "../../../src/nodeRouter/placement/model/snapshot.ts";
import { TAINT_EFFECTS, type Taint, type Toleration } from "../../../src/nodeRouter/placement/model/taint.ts";
import { COMMAND_NEEDS, WORKSPACE_NEEDS } from "../../../src/nodeRouter/placement/model/way.ts";
import {
  printSelector,
  type Requirement,
  type Selector,
} from "../../../src/nodeRouter/placement/selector/selector.ts";
import type { NodeLocation } from "../../../src/shared/types.ts";
import { makeNode } from "../../support/makeNode.ts";
import { selectorOf } from "./arrange.ts";

const key = fc.constantFrom(
  "region",
  "gpu",
  "node.os",
  "constructor",
  "toString",
  "in",
  "notin",
  "example.com/tier",
);
const value = fc.constantFrom("", "windows", "sg", "cn", "constructor", "in", "A.b_c-9");

export const tagsArbitrary = fc
  .uniqueArray(fc.tuple(key, value), { selector: ([name]) => name })
  .map((tags) => new Map(tags));

export const requirementArbitrary: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom("=" as const, "!=" as const),
    values: fc.tuple(value),
  }),
  fc.record({
    key,
    operator: fc.constantFrom("in" as const, "notin" as const),
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }).map((values) => values.sort()),
  }),
  fc.record({
    key,
    operator: fc.constantFrom("exists" as const, "notexists" as const),
    values: fc.constant([]),
  }),
);

export const selectorArbitrary: fc.Arbitrary<Selector> = fc
  .array(requirementArbitrary, { minLength: 1, maxLength: 3 })
  .map((requirements) => selectorOf(printSelector({ text: "", requirements })));

/** Few values around the limits, so that nodes tie and differ; about half is unknown. */
const oneOf = (...values: number[]) => fc.option(fc.constantFrom(...values), { freq: 1 });

export const capacityArbitrary: fc.Arbitrary<NodeCapacity> = fc.record({
  idleCpus: oneOf(-1, 0, 1, 4),
  loadPerCpu: oneOf(0, 1, 1.1, 2, 3, 4, 9),
  freeMemoryBytes: oneOf(0, 2 ** 30, 8 * 2 ** 30),
  freeMemoryShare: oneOf(0, 0.05, 0.1, 0.15, 0.2, 1),
  freeDiskBytes: oneOf(0, 2 ** 30, 2 ** 40),
  freeDiskShare: oneOf(0, 0.04, 0.05, 0.1, 1),
});

/** Some without coordinates; one with half of them. */
export const locationArbitrary: fc.Arbitrary<NodeLocation | null> = fc.constantFrom(
  null,
  { country: "SG", source: "declared" },
  { latitude: 1.3, source: "declared" },
  { latitude: 1.3, longitude: 103.8, source: "declared" },
  { latitude: 1.4, longitude: 103.8, source: "geoip" },
  { latitude: 31.2, longitude: 121.5, source: "declared" },
  { latitude: 50.1, longitude: 8.7, source: "derp" },
);

const statement = fc.record({
  words: fc.constantFrom("declared", "endpoint 198.51.100.7 looks like JP Tokyo"),
  atMs: fc.constantFrom(null, 0, 900, 5_000),
});

export const residenceArbitrary: fc.Arbitrary<Residence> = fc.record({
  country: fc.constantFrom("SG", "SG", "CN", null),
  by: fc.option(statement),
  disputes: fc.array(statement, { maxLength: 1 }),
  agrees: fc.option(statement),
  egress: fc.option(statement),
  lapsed: fc.option(statement),
});

const effect = fc.constantFrom(...TAINT_EFFECTS);

export const taintArbitrary: fc.Arbitrary<Taint> = fc.record({
  key: fc.constantFrom("prod", "gpu"),
  value: fc.constantFrom("", "a100"),
  effect,
});

export const tolerationArbitrary: fc.Arbitrary<Toleration> = fc.record({
  key: fc.constantFrom("prod", "gpu", null),
  value: fc.constantFrom("", "a100", null),
  effect: fc.option(effect),
});

export const residencyArbitrary: fc.Arbitrary<Residency> = fc.record({
  allow: fc.constantFrom(new Set(["SG"]), new Set(["SG", "CN"]), new Set(["DE"])),
  egress: fc.boolean(),
});

const stateArbitrary = fc.record({
  nodeId: fc.constantFrom(null, "ab12"),
  tags: tagsArbitrary,
  online: fc.constantFrom(true, true, true, false, null),
  approval: fc.constantFrom(
    "approved" as const,
    "approved" as const,
    "pending" as const,
    "unpaired" as const,
    "unknown" as const,
  ),
  commands: fc.subarray(["system.run", "system.which", PLUGIN_COMMAND]).map((commands) => new Set(commands)),
  awaitsReapproval: fc.boolean(),
  ssh: fc.boolean(),
  sshReachable: fc.constantFrom(true, true, false, null),
  rttMs: oneOf(0, 1.2, 1.3, 4, 6, 24, 26, 31, 80, 200),
  capacity: capacityArbitrary,
  location: locationArbitrary,
  residence: residenceArbitrary,
  taints: fc.array(taintArbitrary, { maxLength: 2 }),
  transport: fc.constantFrom("auto" as const, "auto" as const, "node" as const, "ssh" as const),
});

/** Up to 70 nodes with unique names: more than two words of a bitset. */
export const nodesArbitrary: fc.Arbitrary<NodeState[]> = fc
  .array(stateArbitrary, { maxLength: 70 })
  // Names in an order of their own: neither sorted nor the order of insertion.
  .map((states) => states.map((state, index) => makeNode({ ...state, name: `n${(index * 37) % 71}` })));

const preferenceArbitrary: fc.Arbitrary<Preference> = fc.record({
  selector: selectorArbitrary,
  weight: fc.integer({ min: -100, max: 100 }),
});

const nearArbitrary: fc.Arbitrary<Near> = fc.oneof(
  fc.constant<Near>({ kind: "gateway" }),
  fc.nat(72).map((number): Near => ({ kind: "node", name: `n${number}` })),
  fc.constant<Near>({ kind: "point", latitude: 31, longitude: 121 }),
);

const minimumArbitrary: fc.Arbitrary<Minimum> = fc.record({
  idleCpus: oneOf(0, 1, 4),
  freeMemoryGiB: oneOf(0, 1, 8),
  freeDiskGiB: oneOf(0, 1),
});

export const ruleArbitrary: fc.Arbitrary<Rule> = fc.record({
  name: fc.constantFrom("a", "b", "c"),
  agents: fc.array(fc.constantFrom("worker-sg", "worker-cn", "worker-*", "*", "work??-sg"), {
    minLength: 1,
    maxLength: 3,
  }),
  tools: fc.constantFrom(null, null, ["exec"], ["read", "write"]),
  require: fc.option(selectorArbitrary),
  prefer: fc.array(preferenceArbitrary, { maxLength: 3 }),
  near: fc.option(nearArbitrary, { freq: 1 }),
  minimum: fc.option(minimumArbitrary, { freq: 1 }),
  residency: fc.option(residencyArbitrary, { freq: 1 }),
  tolerate: fc.oneof(
    fc.constant([{ key: null, value: null, effect: null }]),
    fc.array(tolerationArbitrary, { maxLength: 3 }),
  ),
  onUnavailable: fc.constantFrom("refuse" as const, "gateway" as const),
  files: fc.constant("gateway" as const),
  stick: fc.constant("none" as const),
});

export const requestArbitrary: fc.Arbitrary<PlacementRequest> = fc
  .record({
    agent: fc.constantFrom("worker-sg", "worker-cn", "master"),
    tool: fc.constantFrom("exec", "read", "nodes"),
    commands: fc.subarray(["system.run", "system.which"]),
    binding: fc.constantFrom("exec" as const, "workspace" as const),
    settled: fc.option(
      fc.nat(72).map((number) => `n${number}`),
      { freq: 1 },
    ),
    current: fc.option(
      fc.nat(72).map((number) => `n${number}`),
      { freq: 2 },
    ),
  })
  .map((request) => ({
    ...request,
    needs: request.binding === "workspace" ? WORKSPACE_NEEDS : COMMAND_NEEDS,
  }));
