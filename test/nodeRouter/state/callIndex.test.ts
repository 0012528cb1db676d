// The index of calls by run: the same answers as a search through all of them.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CallIndex } from "../../../src/nodeRouter/state/callIndex.ts";

const call = (runId: string, toolCallId: string, n = 0) => ({ runId, toolCallId, n, agent: "worker-sg" });

test("a call is found in its run only, and deleted there only", () => {
  const index = new CallIndex<ReturnType<typeof call>>(10);
  index.set(call("a", "1"));
  index.set(call("b", "1"));
  index.delete("a", "1");
  index.delete("a", "never");
  expect(index.get("a", "1")).toBe(null);
  expect(index.get("b", "1")).toEqual(call("b", "1"));
  expect(index.of("a")).toEqual([]);
});

test("a run without calls takes no room", () => {
  const index = new CallIndex<ReturnType<typeof call>>(2);
  for (let run = 0; run < 100; run++) index.set(call(`run-${run}`, "1"));
  expect(index.runs).toBe(2);
  index.delete("run-99", "1");
  expect(index.runs).toBe(1);
});

describe("against a plain list", () => {
  const id = fc.constantFrom("a", "b", "c");
  const step = fc.record({ set: fc.boolean(), runId: id, toolCallId: id, n: fc.nat() });

  test("any sequence of sets and deletes leaves the newest calls, oldest first, in each run", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new CallIndex<ReturnType<typeof call>>(4);
        let list: ReturnType<typeof call>[] = [];
        for (const { set, runId, toolCallId, n } of steps) {
          list = list.filter((one) => one.runId !== runId || one.toolCallId !== toolCallId);
          if (set) {
            index.set(call(runId, toolCallId, n));
            list = [...list, call(runId, toolCallId, n)].slice(-4);
          } else index.delete(runId, toolCallId);
        }
        for (const run of ["a", "b", "c"]) {
          expect(index.of(run)).toEqual(list.filter(({ runId }) => runId === run));
        }
        expect(index.runs).toBe(new Set(list.map(({ runId }) => runId)).size);
      }),
    );
  });
});
