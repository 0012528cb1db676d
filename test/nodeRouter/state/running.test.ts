// Places on nodes: from the decision to the end, whoever forgets to give one back.
import { expect, test } from "vitest";
import { createOutliers } from "../../../src/nodeRouter/state/outliers.ts";
import { callKey, createRunning, MAX_HELD_MS } from "../../../src/nodeRouter/state/running.ts";

test("a call without ids is not counted, because no word of its end could be told to be about it", () => {
  expect([callKey("", "1"), callKey("r", "")]).toEqual([null, null]);
});

test("a call has one place, and gives it back once", () => {
  const running = createRunning();
  let freed = 0;
  running.onFree(() => (freed += 1));
  running.take("k", "a", "x");
  running.take("k", "b", "x");
  expect([running.on("a"), running.on("b")]).toEqual([0, 1]);
  running.release("k");
  running.release("k");
  expect([running.on("b"), freed]).toEqual([0, 1]);
});

test("what goes on after its call keeps the place, under its own name", () => {
  const running = createRunning();
  running.take("call", "a", "x");
  running.goesOn("call", "job");
  running.release("call");
  expect(running.on("a")).toBe(1);
  running.release("job");
  expect(running.on("a")).toBe(0);
  running.goesOn("nobody", "job");
  expect(running.on("a")).toBe(0);
});

test("a place that nobody gives back is free after an hour, and at once when its run is aborted", () => {
  let ms = 0;
  const running = createRunning(() => ms);
  const run = new AbortController();
  running.take("lost", "a", "x");
  running.take("aborted", "a", "x", run.signal);
  expect(running.on("a")).toBe(2);
  run.abort();
  expect(running.on("a")).toBe(1);
  ms = MAX_HELD_MS;
  let freed = 0;
  running.onFree(() => (freed += 1));
  running.sweep();
  expect([freed, running.on("a")]).toEqual([1, 0]);
});

test("of a run whose model is asked again only what goes on by itself is left", () => {
  const running = createRunning();
  const key = (run: string, call: string) => callKey(run, call) ?? "";
  running.take(key("r", "1"), "a", "x");
  running.take(key("r2", "1"), "a", "x");
  running.take(key("r", "2"), "a", "x");
  running.goesOn(key("r", "2"), "job");
  running.releaseRun("r");
  expect(running.on("a")).toBe(2);
});

test("the third failure in a row ejects a node, for longer each time and at most five minutes", () => {
  let ms = 1_000;
  const outliers = createOutliers(() => ms);
  const fail = () => {
    for (let at = 0; at < 3; at++) outliers.failed("a");
    return outliers.ejected().get("a");
  };
  outliers.failed("a");
  outliers.failed("a");
  outliers.succeeded("a");
  outliers.failed("a");
  expect(outliers.ejected().size).toBe(0);
  outliers.succeeded("a");
  const lasted: (number | undefined)[] = [];
  for (let at = 0; at < 12; at++) {
    lasted.push(fail());
    ms += 400_000;
    expect(outliers.ejected().size).toBe(0);
  }
  expect(lasted.map((one) => (one ?? 0) / 1_000)).toEqual([
    30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300,
  ]);
  outliers.succeeded("a");
  expect(fail()).toBe(300_000);
});
