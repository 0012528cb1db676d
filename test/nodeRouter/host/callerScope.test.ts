// Leaving the authority of the client that started a service, where the host lets us.
import { afterEach, describe, expect, test } from "vitest";
import { outsideCaller } from "../../../src/nodeRouter/host/callerScope.ts";

const KEY = Symbol.for("openclaw.pluginInstanceInvocation");
afterEach(() => void Reflect.deleteProperty(globalThis, KEY));

const fail = () => Promise.reject(new Error("refused"));

describe("outsideCaller", () => {
  test.each([
    ["no scope", undefined],
    ["another shape", {}],
    ["no function", { runFrame: 5 }],
    ["null", null],
  ])("with %s the work runs as it is", async (_case, scope) => {
    Reflect.set(globalThis, KEY, scope);
    expect(await outsideCaller(async () => "done")).toBe("done");
    await expect(outsideCaller(fail)).rejects.toThrow("refused");
  });

  test("with the host's scope it runs in an empty frame, and its result and its failure come back", async () => {
    const frames: unknown[] = [];
    Reflect.set(globalThis, KEY, {
      runFrame: (frame: unknown, work: () => unknown) => {
        frames.push(frame);
        return work();
      },
    });
    expect(await outsideCaller(async () => "done")).toBe("done");
    await expect(outsideCaller(fail)).rejects.toThrow("refused");
    expect(frames).toEqual([undefined, undefined]);
  });

  test("a scope that throws is a failure, not a wait without end", async () => {
    Reflect.set(globalThis, KEY, {
      runFrame: () => {
        throw new Error("retired");
      },
    });
    await expect(outsideCaller(async () => "done")).rejects.toThrow("retired");
  });
});
