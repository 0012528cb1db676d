import { describe, expect, test } from "vitest";
import { PacketBudget } from "../../../../../../src/nodeRouter/transports/ssh/connect/bounds/packetBudget.ts";
import { packetInfo } from "../../../../../../src/nodeRouter/transports/ssh/connect/bounds/packets.ts";

/** How many packets of this cost may come at once. */
function burst(budget: PacketBudget, nowMs: number, cost = 1): number {
  let count = 0;
  while (budget.spend(cost, nowMs)) count += 1;
  return count;
}

describe("packets that carry no data", () => {
  test("may come in a burst, and then slowly", () => {
    const budget = new PacketBudget(0);
    expect(burst(budget, 0)).toBe(400);
    expect(burst(budget, 1_000)).toBeLessThanOrEqual(50);
    expect(burst(new PacketBudget(0), 3_600_000)).toBe(400);
  });

  test("of sessions that were asked for have their own", () => {
    const budget = new PacketBudget(0);
    for (let session = 0; session < 10; session += 1) budget.opened();
    expect(burst(budget, 0)).toBe(560);
  });

  test("are not saved up without end", () => {
    const budget = new PacketBudget(0);
    for (let session = 0; session < 100_000; session += 1) budget.opened();
    expect(burst(budget, 0)).toBe(800);
  });

  test("that begin a key exchange cost more, and those that make room for what was sent nothing", () => {
    expect(burst(new PacketBudget(0), 0, packetInfo(Uint8Array.of(20)).cost)).toBe(4);
    const budget = new PacketBudget(0);
    expect([budget.answers(7), budget.answers(7), budget.answers(8)]).toEqual([true, false, true]);
  });
});

describe("a packet", () => {
  test("of data tells its session and how much it may carry", () => {
    const payload = Uint8Array.of(94, 0, 0, 1, 2, 0, 0, 0, 3, 1, 2, 3);
    expect(packetInfo(payload)).toMatchObject({ channel: 258, bytes: 3 });
    expect(packetInfo(Uint8Array.of(95, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9))).toMatchObject({ bytes: 1 });
  });

  test("that is cut short is of no session, and none is of no type", () => {
    expect(packetInfo(Uint8Array.of(94, 0))).toMatchObject({ channel: -1, bytes: 0 });
    expect(packetInfo(new Uint8Array())).toMatchObject({ type: 0, channel: -1 });
  });
});
