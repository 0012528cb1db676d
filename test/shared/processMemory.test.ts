// What outlives a reload: one part a key and version, whatever copy of the code asks.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createMemory,
  definePart,
  defineSlot,
  type Part,
  processMemory,
} from "../../src/shared/processMemory.ts";

const KEY = Symbol.for("openclaw-node-router.memory");

/** The constant of one copy of the code: another copy has its own. */
function counter(version = 1, key = "counter"): Part<{ count: number }> {
  return definePart(key, version, () => ({ count: 0 }));
}

describe("a memory", () => {
  test("makes a part at its first use and has the same one from then on, by key and version", () => {
    const create = vi.fn((now: () => number) => ({ madeAtMs: now() }));
    const memory = createMemory(() => 5);
    expect(create).not.toHaveBeenCalled();
    expect(memory.part(definePart("a", 1, create))).toEqual({ madeAtMs: 5 });
    expect(memory.part(definePart("a", 1, create))).toBe(memory.part(definePart("a", 1, create)));
    expect(create).toHaveBeenCalledTimes(1);
  });

  test("a part of another key is another one", () => {
    const memory = createMemory(() => 0);
    memory.part(counter()).count = 3;
    expect(memory.part(counter(1, "other")).count).toBe(0);
    // Neither runs into the other where key and version meet.
    memory.part(counter(12, "a")).count = 1;
    expect(memory.part(counter(2, "a.1")).count).toBe(0);
    expect(memory.part(counter(2, "a1")).count).toBe(0);
  });

  test("an old copy keeps its old part when a new one has another shape of it", () => {
    const memory = createMemory(() => 0);
    memory.part(counter(1)).count = 3;
    expect(memory.part(counter(2)).count).toBe(0);
    memory.part(counter(2)).count = 7;
    expect(memory.part(counter(1)).count).toBe(3);
  });

  test("one whose making fails is made anew at the next use", () => {
    const memory = createMemory(() => 0);
    let fault: Error | null = new Error("no disk");
    const part = definePart("a", 1, () => {
      if (fault !== null) throw fault;
      return { ok: true };
    });
    expect(() => memory.part(part)).toThrow("no disk");
    fault = null;
    expect(memory.part(part)).toEqual({ ok: true });
  });

  test("a slot is empty until something is put in, for every copy", () => {
    const memory = createMemory(() => 0);
    expect(memory.part(defineSlot<string>("s", 1)).current).toBeNull();
    memory.part(defineSlot<string>("s", 1)).current = "in";
    expect(memory.part(defineSlot<string>("s", 1)).current).toBe("in");
    expect(createMemory(() => 0).part(defineSlot<string>("s", 1)).current).toBeNull();
  });
});

describe("the memory of the process", () => {
  let before: unknown;
  beforeEach(() => {
    before = Reflect.get(globalThis, KEY);
    Reflect.deleteProperty(globalThis, KEY);
  });
  afterEach(() => void Reflect.set(globalThis, KEY, before));

  test("is one, however often the module is evaluated", async () => {
    processMemory().part(counter()).count = 3;
    vi.resetModules();
    const copy = await import("../../src/shared/processMemory.ts");
    expect(copy.processMemory).not.toBe(processMemory);
    expect(copy.processMemory().part(counter())).toBe(processMemory().part(counter()));
    expect(copy.processMemory().part(counter()).count).toBe(3);
  });

  test("what one copy of the code has noted another one finds", async () => {
    const { CALLS } = await import("../../src/nodeRouter/state/calls.ts");
    const answer = { tool: "exec", asked: { command: "id" }, params: null, consent: null };
    processMemory().part(CALLS).answer("run", "call", answer);
    vi.resetModules();
    const copy = await import("../../src/nodeRouter/state/calls.ts");
    expect(copy.CALLS).not.toBe(CALLS);
    const calls = processMemory().part(copy.CALLS);
    expect(calls.answered("run", "call", "exec", { command: "id" })).toEqual(answer);
    expect(calls.answered("run", "other", "exec", { command: "id" })).toBeNull();
  });

  test("what somebody else has put in its place is no memory", () => {
    Reflect.set(globalThis, KEY, "somebody else's");
    processMemory().part(counter()).count = 1;
    expect(processMemory().part(counter()).count).toBe(1);
  });
});

describe("in the plugin's code", () => {
  const root = resolve(import.meta.dirname, "../../src");
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file, code: readFileSync(join(root, file), "utf8") }));

  test("no two parts have one key", () => {
    const keys = sources
      .flatMap(({ code }) => [...code.matchAll(/= define(?:Part|Slot)(?:<[^=(]{1,200}>)?\(\s*"([^"]+)"/g)])
      .map(([, key]) => key);
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  test("nothing else of ours is in the global object: what outlives a reload is a part", () => {
    const own = sources.filter(({ code }) => /Symbol\.for\(\s*"openclaw-node-router/.test(code));
    // The mark on our errors is on the error itself.
    expect(own.map(({ file }) => file).sort()).toEqual([
      join("shared", "errors.ts"),
      join("shared", "processMemory.ts"),
    ]);
  });
});
