// How many shells wait ahead of use.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterAsk,
  afterSpell,
  afterUse,
  type Demand,
  noDemand,
} from "../../../../../src/nodeRouter/transports/ssh/pool/demand.ts";

const FLOOR = 4;
/** Commands that are asked for at once and each find no shell. */
function short(demand: Demand, commands: number): Demand {
  let next = demand;
  for (let busy = 1; busy <= commands; busy += 1) next = afterAsk(next, FLOOR, busy, true);
  return next;
}

const idle = (free: number) => ({ busy: 0, free, warming: 0 });

describe("the stock", () => {
  test("grows with every command that finds no shell, and with no other", () => {
    expect(short(noDemand(FLOOR), 3).stock).toBe(7);
    let served = noDemand(FLOOR);
    for (let busy = 1; busy < 30; busy += 1) served = afterAsk(served, FLOOR, busy, false);
    expect(served.stock).toBe(FLOOR);
  });

  test("is bounded by what runs at once: a slow machine is not given more to do", () => {
    let demand = noDemand(FLOOR);
    for (let at = 0; at < 500; at += 1) demand = afterAsk(demand, FLOOR, 1, true);
    expect(demand.stock).toBe(FLOOR + 2);
  });

  test("is given back as far as nobody needed it for a whole spell", () => {
    const grown = short(noDemand(FLOOR), 20);
    expect(grown.stock).toBe(24);
    const begun = afterSpell(grown, FLOOR, idle(24));
    expect(begun.stock).toBe(24);
    expect(afterSpell(afterUse(begun, 15), FLOOR, idle(24)).stock).toBe(9);
    expect(afterSpell(begun, FLOOR, idle(24)).stock).toBe(FLOOR);
  });

  test("that is used to its last shell is kept", () => {
    const begun = afterSpell(short(noDemand(FLOOR), 20), FLOOR, idle(24));
    expect(afterSpell(afterUse(begun, 0), FLOOR, { busy: 20, free: 4, warming: 0 }).stock).toBe(24);
  });

  test("for which there was no room is not wanted for longer than a spell", () => {
    const begun = afterSpell(short(noDemand(FLOOR), 20), FLOOR, idle(9));
    expect(begun.stock).toBe(9);
    expect(afterSpell(begun, FLOOR, idle(9)).stock).toBe(FLOOR);
  });

  test("of a pool that keeps none ready stays empty, whatever is asked for", () => {
    expect(afterAsk(noDemand(0), 0, 20, true).stock).toBe(0);
  });
});

test("whatever is asked for, the stock is between the floor and what ran at once, and ends at the floor", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("ask" as const), busy: fc.nat(60), waits: fc.boolean() }),
    fc.record({ do: fc.constant("use" as const), free: fc.nat(40) }),
    fc.record({
      do: fc.constant("spell" as const),
      busy: fc.nat(60),
      free: fc.nat(40),
      warming: fc.nat(40),
    }),
  );
  fc.assert(
    fc.property(fc.array(step), fc.nat(5), (steps, floor) => {
      let demand = noDemand(floor);
      let most = 0;
      for (const one of steps) {
        if (one.do === "ask") {
          most = Math.max(most, one.busy);
          demand = afterAsk(demand, floor, one.busy, one.waits);
        } else if (one.do === "use") demand = afterUse(demand, one.free);
        else {
          most = Math.max(most, one.busy);
          demand = afterSpell(demand, floor, one);
        }
        expect(demand.stock).toBeGreaterThanOrEqual(floor);
        expect(demand.stock).toBeLessThanOrEqual(floor + 2 * most);
      }
      demand = afterSpell(demand, floor, idle(demand.stock));
      expect(afterSpell(demand, floor, idle(demand.stock)).stock).toBe(floor);
    }),
  );
});
