// Observing nodes can only take candidates away, as long as the rule asks for nothing that is observed.
import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { buildSnapshot } from "../../../src/nodeRouter/inventory/inventory.ts";
import { place } from "../../../src/nodeRouter/placement/place.ts";
import type { NodePresence } from "../../../src/presence/record.ts";
import { readHostNode } from "../../../src/presence/sources/gateway/hostNode.ts";
import { hostEntry } from "../../support/fakeDeps.ts";
import { fact, makePlace, makePresence, reachOf } from "../../support/makePresence.ts";
import { makeRequest, makeRule, selectorOf } from "../placement/arrange.ts";

const NAMES = ["a", "b", "c", "d"];

const reach = fc.option(fc.constantFrom("up", "failing", "down", "unknown").map((state) => reachOf(state)));

const recordOf = (node: string): fc.Arbitrary<NodePresence> =>
  fc
    .record({
      reach: fc.record({ node: reach, ssh: reach }),
      rttMs: fc.option(fc.integer({ min: 0, max: 300 })),
      location: fc.option(fc.constantFrom(makePlace(), makePlace({ source: "tailscale", country: "JP" }))),
      facts: fc.constantFrom<NodePresence["facts"][]>(
        {},
        { cpuCount: fact(2), load1: fact(9), tailnetTags: fact(["tag:zone"]), os: fact("linux") },
        { cpuCount: fact(2, true), load1: fact(9, true) },
      ),
    })
    .map((parts) => makePresence({ node, ...parts }));

const presenceArbitrary = fc
  .tuple(...NAMES.map((name) => fc.option(recordOf(name))))
  .map(
    (records) =>
      new Map(records.flatMap((record) => (record === null ? [] : [[record.node, record] as const]))),
  );

const configArbitrary = fc
  .tuple(...NAMES.map(() => fc.record({ ssh: fc.boolean(), zone: fc.constantFrom("x", "y") })))
  .map((nodes) =>
    resolveConfig({
      nodes: Object.fromEntries(
        nodes.map(({ ssh, zone }, index) => [
          NAMES[index] ?? "",
          { tags: [`zone=${zone}`], workspace: "/w", ...(ssh ? { ssh: {} } : {}) },
        ]),
      ),
    }),
  );

const hostArbitrary = fc.array(fc.constantFrom(...NAMES), { maxLength: 4 }).chain((names) =>
  fc.constantFrom(true, false, undefined).map((connected) => ({
    nodes: [...new Set(names)]
      .map((name) => readHostNode(hostEntry(name, name.repeat(64), { connected })))
      .filter((node) => node !== null),
    takenAtMs: 0,
  })),
);

test("presence removes candidates and never adds one", () => {
  const rule = makeRule({ require: selectorOf("zone=x"), near: { kind: "gateway" } });
  fc.assert(
    fc.property(
      configArbitrary,
      hostArbitrary,
      presenceArbitrary,
      fc.constantFrom("exec" as const, "workspace" as const),
      ({ nodes }, host, presence, binding) => {
        const fitting = (records?: ReadonlyMap<string, NodePresence>) =>
          place(makeRequest({ binding }), buildSnapshot(nodes, host, records), [rule])
            .candidates()
            .flatMap(({ node, fits }) => (fits ? [node] : []));
        expect(fitting()).toEqual(expect.arrayContaining(fitting(presence)));
      },
    ),
    { numRuns: 300 },
  );
});

test("a record that knows nothing changes nothing, and unknown is never read as down", () => {
  fc.assert(
    fc.property(configArbitrary, hostArbitrary, ({ nodes }, host) => {
      const unknown = { node: reachOf("unknown"), ssh: reachOf("unknown") };
      const silent = new Map(NAMES.map((node) => [node, makePresence({ node, reach: unknown })]));
      expect(buildSnapshot(nodes, host, silent)).toEqual(buildSnapshot(nodes, host));
    }),
  );
});
