// Places on nodes: from the decision to the end, whoever forgets to give one back.
import fc from "fast-check";
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
  let freed = 0;
  running.onFree(() => (freed += 1));
  run.abort();
  expect([freed, running.on("a")]).toEqual([1, 1]);
  ms = MAX_HELD_MS;
  running.sweep();
  expect([freed, running.on("a")]).toEqual([2, 0]);
});

test("a call whose run was aborted before it came has no place, and one that ended before the abort frees nothing", () => {
  const running = createRunning();
  const run = new AbortController();
  running.take("ended", "a", "x", run.signal);
  running.take("goes on", "a", "x", run.signal);
  running.release("ended");
  running.goesOn("goes on", "job");
  let freed = 0;
  running.onFree(() => (freed += 1));
  run.abort();
  running.take("late", "a", "x", run.signal);
  expect([freed, running.on("a")]).toEqual([0, 1]);
});

test("a call that is asked about once more is not the oldest any longer, so those behind it are free in time", () => {
  let ms = 0;
  const running = createRunning(() => ms);
  running.take("first", "a", "x");
  ms = 1;
  running.take("second", "b", "x");
  ms = 2;
  running.take("first", "a", "x");
  ms = MAX_HELD_MS + 1;
  expect([...running.counts()]).toEqual([["a", 1]]);
});

test("the counts of all nodes are those of each, whatever begins, goes on, is aborted or grows old", () => {
  const step = fc.record({
    kind: fc.constantFrom("take", "take", "take", "goesOn", "release", "abort", "time", "run"),
    key: fc.integer({ min: 0, max: 5 }),
    node: fc.constantFrom("a", "b", "c"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let ms = 0;
      const running = createRunning(() => ms);
      const runs = Array.from({ length: 3 }, () => new AbortController());
      /** What a plain reading of the same steps holds. */
      const held = new Map<string, { node: string; sinceMs: number; run: AbortController | null }>();
      for (const { kind, key: id, node } of steps) {
        const key = callKey(`r${id % 3}`, `${id}`) ?? "";
        const run = runs[id % 3] ?? null;
        const one = held.get(key);
        if (kind === "take") {
          running.take(key, node, "x", run?.signal);
          held.set(key, { node, sinceMs: ms, run });
        } else if (kind === "goesOn") {
          running.goesOn(key, `job ${id}`);
          const isThere =
            one !== undefined && one.run?.signal.aborted !== true && ms - one.sinceMs < MAX_HELD_MS;
          held.delete(key);
          if (isThere) held.set(`job ${id}`, { node: one.node, sinceMs: ms, run: null });
        } else if (kind === "release") {
          running.release(key);
          held.delete(key);
        } else if (kind === "run") {
          running.releaseRun(`r${id % 3}`);
          for (const of of held.keys()) if (of.startsWith(`call\0r${id % 3}\0`)) held.delete(of);
        } else if (kind === "abort") run?.abort();
        else ms += MAX_HELD_MS / 4;
        if (kind === "time") running.sweep();
        const expected = new Map<string, number>();
        for (const { node: on, sinceMs, run: of } of held.values())
          if (of?.signal.aborted !== true && ms - sinceMs < MAX_HELD_MS)
            expected.set(on, (expected.get(on) ?? 0) + 1);
        expect(Object.fromEntries(running.counts())).toEqual(Object.fromEntries(expected));
        for (const on of ["a", "b", "c"]) expect(running.on(on)).toBe(expected.get(on) ?? 0);
      }
    }),
  );
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
    for (let at = 0; at < 3; at++) outliers.failed("a", "NODE_UNREACHABLE");
    return outliers.ejected().get("a");
  };
  outliers.failed("a", "NODE_UNREACHABLE");
  outliers.failed("a", "NODE_UNREACHABLE");
  outliers.succeeded("a");
  outliers.failed("a", "NODE_UNREACHABLE");
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
