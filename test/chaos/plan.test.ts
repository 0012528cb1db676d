// A seed is a plan: the same faults in the same order, on every machine.
import fc from "fast-check";
import { expect, test } from "vitest";
import { askOf } from "../../chaos/asks.ts";
import { ALL_NODES, faultText, OF_CI, planFaults } from "../../chaos/plan.ts";
import { AGENTS, GATEWAY, VARIANTS } from "../../chaos/rules.ts";

const SEED = fc.integer({ min: 0, max: 1_000_000 });
const MINUTES = 60_000;

test("the same seed gives the same faults, and another one others", () => {
  const textOf = (seed: number) => planFaults(seed, MINUTES, ALL_NODES).map(faultText);
  expect(textOf(1)).toEqual(textOf(1));
  expect(textOf(1)).not.toEqual(textOf(2));
  // On every machine and Node: a change here is a change of what every seed means.
  expect(textOf(1).slice(0, 3)).toEqual([
    "    2.0 s  slow    pair-1 by 505 ms each way for 10.4 s",
    "    4.7 s  drain   ssh-2 for 9.4 s",
    "    5.8 s  hole    ssh-1 for 3.2 s",
  ]);
});

test("a longer plan begins as the shorter one of its seed", () => {
  fc.assert(
    fc.property(SEED, (seed) => {
      const short = planFaults(seed, MINUTES, ALL_NODES);
      expect(planFaults(seed, 3 * MINUTES, ALL_NODES).slice(0, short.length)).toEqual(short);
    }),
  );
});

test("faults come in order, and a node has one at a time", () => {
  fc.assert(
    fc.property(SEED, (seed) => {
      const plan = planFaults(seed, 5 * MINUTES, ALL_NODES);
      expect(plan.map(({ atMs }) => atMs)).toEqual(plan.map(({ atMs }) => atMs).sort((a, b) => a - b));
      const freeAt = new Map<string, number>();
      for (const { target, atMs, forMs } of plan.filter(({ target: name }) => name !== GATEWAY)) {
        expect(atMs).toBeGreaterThanOrEqual(freeAt.get(target) ?? 0);
        freeAt.set(target, atMs + forMs);
      }
    }),
  );
});

test("three minutes of any seed kill or restart the gateway, change the config and touch every kind of machine", () => {
  fc.assert(
    fc.property(SEED, (seed) => {
      const plan = planFaults(seed, 3 * MINUTES, ALL_NODES);
      expect(
        plan.some(({ kind, target }) => target === GATEWAY && (kind === "kill" || kind === "restart")),
      ).toBe(true);
      for (const kind of ["pair", "ssh"])
        expect(plan.some(({ target }) => target.startsWith(kind))).toBe(true);
      for (const { variant } of plan) if (variant !== null) expect(VARIANTS[variant]).toBeDefined();
    }),
    { numRuns: 50 },
  );
});

test("the seed of CI has every kind of fault but one, most variants of the rules, and an end of the gateway", () => {
  const plan = planFaults(OF_CI.seed, OF_CI.minutes * MINUTES, ALL_NODES);
  expect([...new Set(plan.map(({ kind }) => kind))].sort()).toEqual([
    ..."config cordon cut drain drop kill reload restart slow suspend".split(" "),
  ]);
  const variants = new Set(["base", ...plan.flatMap(({ variant }) => variant ?? [])]);
  expect(Object.keys(VARIANTS).filter((name) => variants.has(name)).length).toBeGreaterThanOrEqual(9);
  expect(plan.some(({ target, kind }) => target === GATEWAY && kind === "kill")).toBe(true);
});

test("without machines over SSH there are no faults of theirs", () => {
  const plan = planFaults(3, 5 * MINUTES, ["pair-1", "pair-2"]);
  expect(plan.filter(({ target }) => target.startsWith("ssh"))).toEqual([]);
  expect(plan.length).toBeGreaterThan(10);
});

test("what an agent asks for depends on seed, agent and number alone, and no id begins another", () => {
  fc.assert(
    fc.property(SEED, fc.constantFrom(...AGENTS), fc.nat(5_000), (seed, agent, number) => {
      const ask = askOf(seed, agent, number, "pair-1");
      expect(askOf(seed, agent, number, "pair-1")).toEqual(ask);
      const idsOf = (at: number) =>
        askOf(seed, agent, at, "pair-1").script.match(/[\d]+\.[a-z-]+\.\d{5}\.\d+\.ISSUE/g);
      const ids = new Set([...(idsOf(number) ?? []), ...(idsOf(number + 1) ?? [])]);
      expect(ids.size).toBeGreaterThan(1);
      for (const id of ids) expect([...ids].filter((other) => other.startsWith(id))).toEqual([id]);
    }),
  );
});
