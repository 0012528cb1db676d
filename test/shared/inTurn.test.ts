// Work of one key follows each other; that of different keys does not wait.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createTurns } from "../../src/shared/inTurn.ts";

test("work of one key never overlaps and keeps its order, whatever fails; other keys do not wait for it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.constantFrom("a", "b"), turns: fc.nat(4), fails: fc.boolean() }), {
        maxLength: 20,
      }),
      async (steps) => {
        const turns = createTurns();
        const underWay = new Map<string, number>();
        const ended: Record<string, number[]> = { a: [], b: [] };
        const results = steps.map(({ key, turns: pauses, fails }, at) =>
          turns.run(key, async () => {
            expect(underWay.get(key) ?? 0).toBe(0);
            underWay.set(key, 1);
            for (let pause = 0; pause < pauses; pause += 1) await new Promise(setImmediate);
            underWay.set(key, 0);
            ended[key]?.push(at);
            if (fails) throw new Error(`step ${at}`);
            return at;
          }),
        );
        const settled = await Promise.allSettled(results);
        for (const [at, one] of settled.entries()) {
          if (steps[at]?.fails === true) expect(one.status).toBe("rejected");
          else expect(one).toEqual({ status: "fulfilled", value: at });
        }
        const asked = (key: string) => steps.flatMap((one, at) => (one.key === key ? [at] : []));
        expect([ended.a, ended.b]).toEqual([asked("a"), asked("b")]);
      },
    ),
    { numRuns: 100 },
  );
});

test("a key that stands still holds no other one up", async () => {
  const turns = createTurns();
  const gate = Promise.withResolvers<void>();
  void turns.run("a", () => gate.promise);
  expect(await turns.run("b", async () => "b")).toBe("b");
  gate.resolve();
});

test("idle waits for what was asked for meanwhile, too, and for what fails", async () => {
  const turns = createTurns();
  const done: string[] = [];
  const failed = turns.run("a", async () => {
    void turns.run("a", async () => void done.push("second"));
    done.push("first");
    throw new Error("no");
  });
  await Promise.all([expect(failed).rejects.toThrow("no"), turns.idle()]);
  expect(done).toEqual(["first", "second"]);
});
