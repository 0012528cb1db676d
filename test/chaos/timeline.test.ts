// Which rules held when: either side while a change is under way, and one side before and after.
import { describe, expect, test } from "vitest";
import { createTimeline } from "../../chaos/timeline.ts";

const allowed = (timeline: ReturnType<typeof createTimeline>, fromMs: number, untilMs: number) =>
  [...timeline.allowed("exec-a", fromMs, untilMs)].sort();

describe("while tags are swapped between 10 and 20,", () => {
  const timeline = createTimeline("base");
  timeline.writes("swapped", 10)(20);

  test.each<readonly [string, number, number, readonly string[]]>([
    ["a call before may be on the old node alone", 1, 9, ["pair-1"]],
    ["a call in between may be on either", 12, 15, ["pair-1", "pair-2"]],
    ["a call that began before and ended after may be on either", 5, 25, ["pair-1", "pair-2"]],
    ["a call after may be on the new node alone", 21, 30, ["pair-2"]],
  ])("%s", (_, fromMs, untilMs, machines) => {
    expect(allowed(timeline, fromMs, untilMs)).toEqual(machines);
  });
});

test("a change that nobody saw applied leaves both possible, until a later one is seen", () => {
  const timeline = createTimeline("base");
  timeline.writes("swapped", 10);
  expect(allowed(timeline, 30, 40)).toEqual(["pair-1", "pair-2"]);
  timeline.writes("swapped", 50)(60);
  expect(allowed(timeline, 61, 70)).toEqual(["pair-2"]);
});

test("a cordon counts from when it was confirmed to when it is lifted, and only for calls that lie in it", () => {
  const timeline = createTimeline("base");
  timeline.closes("pair-1", 10)(20);
  expect(timeline.isClosed("pair-1", 11, 19)).toBe(true);
  expect(timeline.isClosed("pair-1", 9, 19)).toBe(false);
  expect(timeline.isClosed("pair-1", 11, 21)).toBe(false);
  expect(timeline.isClosed("pair-2", 11, 19)).toBe(false);
  expect(timeline.isClosed("pair-1", 11, Number.POSITIVE_INFINITY)).toBe(false);
});

test("an agent without a rule may be on the gateway alone, and one that no node fits nowhere", () => {
  const timeline = createTimeline("base");
  expect([...timeline.allowed("free", 0, 1)]).toEqual(["gateway"]);
  expect([...timeline.allowed("nowhere", 0, 1)]).toEqual([]);
});

test("the limit of a time is the loosest that may have held in it, and none is Infinity", () => {
  const timeline = createTimeline("crowded");
  expect(timeline.mostAtOnce(1, 5)).toBe(1);
  timeline.writes("full", 10)(20);
  expect(timeline.mostAtOnce(1, 15)).toBe(2);
  expect(timeline.mostAtOnce(21, 30)).toBe(2);
  timeline.writes("base", 40);
  expect(timeline.mostAtOnce(21, 41)).toBe(Number.POSITIVE_INFINITY);
});

test("a rule is held to what it allowed itself, in its time", () => {
  const timeline = createTimeline("base");
  timeline.writes("next", 10)(20);
  expect([...timeline.allowedByRule("rule-exec-a-next", 1, 9)]).toEqual([]);
  expect([...timeline.allowedByRule("rule-exec-a-next", 5, 12)]).toEqual(["pair-2"]);
  expect([...timeline.allowedByRule("rule-exec-a", 21, 30)]).toEqual(["pair-1"]);
});
