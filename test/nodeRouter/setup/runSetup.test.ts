// Steps are run in order, go by what is there, and take back exactly what this run has begun.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runSetup, type SetupReport } from "../../../src/nodeRouter/setup/runSetup.ts";
import {
  acted,
  done,
  failed,
  impossible,
  type SetupStep,
  todo,
} from "../../../src/nodeRouter/setup/setupStep.ts";
import { NodeRouterError } from "../../../src/shared/errors.ts";
import { refusal } from "../../../src/shared/refusal.ts";

/** A world in which each step puts two things in place, one after the other. */
type World = Set<string>;

interface Fault {
  /** Of the n-th half of a step, counted over all steps. */
  readonly at: number;
  readonly how: "throws" | "refuses" | "stops";
}

const WHY = refusal("SETUP_FAILED", "the disk is full");

function stepsIn(
  world: World,
  names: readonly string[],
  fault: Fault | null,
  stop: AbortController,
): SetupStep[] {
  let halves = 0;
  return names.map((name) => {
    const put: string[] = [];
    return {
      name,
      async look() {
        return world.has(`${name}-1`) && world.has(`${name}-2`) ? done("there") : todo;
      },
      async act() {
        for (const thing of [`${name}-1`, `${name}-2`]) {
          if (fault?.at === halves++) {
            if (fault.how === "throws") throw new Error("the disk is full");
            if (fault.how === "refuses") return failed(WHY);
            stop.abort();
          }
          if (world.has(thing)) continue;
          world.add(thing);
          put.push(thing);
        }
        return acted("put there");
      },
      async undo() {
        for (const thing of put) world.delete(thing);
        return put.length === 0 ? null : `${put.length} taken back`;
      },
    };
  });
}

const NAMES = ["a", "b", "c", "d"];

function run(world: World, fault: Fault | null = null): Promise<SetupReport> {
  const stop = new AbortController();
  return runSetup(stepsIn(world, NAMES, fault, stop), { stop: stop.signal, now: () => 0 });
}

const faults = fc.record<Fault>({
  at: fc.nat({ max: 2 * NAMES.length - 1 }),
  how: fc.constantFrom("throws", "refuses", "stops"),
});
const worlds = fc
  .subarray(NAMES.flatMap((name) => [`${name}-1`, `${name}-2`]))
  .map((things) => new Set(things));

describe("a set-up", () => {
  test("that failed anywhere leaves the world exactly as this run found it, whatever was there before", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, faults, async (world, fault) => {
        const before = [...world].sort();
        const report = await run(world, fault);
        if (report.ok) expect(world.size).toBe(2 * NAMES.length);
        else expect([...world].sort()).toEqual(before);
      }),
    );
  });

  test("that a power cut ended after any part of it ends, run again, like one that was never interrupted", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const report = await run(world);
        expect(report.ok).toBe(true);
        expect([...world].sort()).toEqual(NAMES.flatMap((name) => [`${name}-1`, `${name}-2`]));
      }),
    );
  });

  test("run again changes nothing, and says of each step that it is there", async () => {
    const world: World = new Set();
    await run(world);
    const { steps, ok } = await run(world);
    expect(ok).toBe(true);
    expect(steps.map(({ state }) => state)).toEqual(["there", "there", "there", "there"]);
  });

  test("a stop after the last step comes too late: nothing is taken back", async () => {
    const world: World = new Set();
    const report = await run(world, { at: 2 * NAMES.length - 1, how: "stops" });
    expect(report).toMatchObject({ ok: true, undone: [] });
    expect(world.size).toBe(2 * NAMES.length);
  });
});

describe("what is told of a failure", () => {
  const stop = new AbortController().signal;
  const step = (changes: Partial<SetupStep>): SetupStep => ({
    name: "config",
    look: async () => todo,
    act: async () => acted("written"),
    ...changes,
  });
  const told = (changes: Partial<SetupStep>) => runSetup([step(changes)], { stop, now: () => 0 });

  test("a refusal keeps its code, and so does one that was thrown; another fault names the step", async () => {
    const key = refusal("HOST_KEY_UNKNOWN", "nobody said that it is right");
    const thrown = new NodeRouterError(key);
    expect((await told({ act: async () => failed(key) })).problem).toMatch(/^HOST_KEY_UNKNOWN: /);
    expect((await told({ look: () => Promise.reject(thrown) })).problem).toMatch(/^HOST_KEY_UNKNOWN: /);
    expect((await told({ look: async () => impossible("AUTH_FAILED: no key") })).problem).toBe(
      "AUTH_FAILED: no key",
    );
    expect((await told({ act: () => Promise.reject(new Error("EPIPE")) })).problem).toMatch(
      /^SETUP_FAILED: config: EPIPE\. Mend that and run the same command again/,
    );
  });

  test("what could not be taken back is named with its reason, and the rest is taken back all the same", async () => {
    const first = step({ name: "first", undo: async () => "the first was taken back" });
    const second = step({ name: "second", undo: () => Promise.reject(new Error("no connection")) });
    const third = step({ name: "third", act: async () => failed(WHY) });
    const report = await runSetup([first, second, third], { stop, now: () => 0 });
    expect(report).toMatchObject({
      ok: false,
      undone: ["the first was taken back"],
      left: ["second: no connection"],
    });
  });

  test("a step that cannot be done is not begun, so that there is nothing of it to take back", async () => {
    const calls: string[] = [];
    const report = await told({
      look: async () => impossible(WHY),
      act: async () => acted(String(calls.push("act"))),
      undo: async () => String(calls.push("undo")),
    });
    expect([report.ok, calls]).toEqual([false, []]);
  });
});
