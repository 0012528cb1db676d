// However requests about a key come, late, twice or at once: it begins at most once, and never after it was given up.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  HostedCommands,
  type NotBegun,
} from "../../../../../src/nodeRouter/transports/node/host/hostedCommands.ts";

const key = fc.constantFrom("key-a", "key-b", "key-c");
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("run" as const), key, isRefused: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("forget" as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("find" as const), key }) },
);
const REFUSED: NotBegun = { why: "spawn", fact: "no process" };

/** One process that is never there: it has ended when it begins. */
const PROCESS = {
  processGroup: 1,
  unwritten: 0,
  write: () => {},
  endInput: () => {},
  flow: () => {},
  signal: () => {},
  release: () => {},
};

describe("requests about commands", () => {
  test("begin each key at most once, never after it was forgotten, and what forget says of it is true", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.scheduler(), async (steps, scheduler) => {
        const commands = new HostedCommands();
        const began = new Map<string, number>();
        /** Keys of which somebody was told that they never began, or are given up. */
        const over = new Set<string>();
        const late: string[] = [];
        const work = steps.map(async (one, at) => {
          await scheduler.schedule(Promise.resolve(), `arrives ${at}`);
          if (one.kind === "find") {
            if ((await commands.find(one.key)) !== null) expect(began.get(one.key)).toBe(1);
          } else if (one.kind === "forget") {
            const isBegun = await commands.forget(one.key);
            expect(isBegun).toBe((began.get(one.key) ?? 0) > 0);
            over.add(one.key);
          } else {
            const result = await commands.run(one.key, async (command, isForgotten) => {
              await scheduler.schedule(Promise.resolve(), `is about to begin ${at}`);
              if (isForgotten()) return { why: "forgotten", fact: "given up" };
              if (one.isRefused) return REFUSED;
              // Not an expectation: what is thrown here is a reason why nothing began.
              if (over.has(one.key)) late.push(one.key);
              began.set(one.key, (began.get(one.key) ?? 0) + 1);
              command.process = PROCESS;
              command.ended({ exitCode: 0, signal: null });
              return null;
            });
            if ("why" in result && !began.has(one.key)) over.add(one.key);
            if (!("why" in result)) expect(began.get(one.key)).toBe(1);
          }
        });
        await scheduler.waitAll();
        await Promise.all(work);
        for (const count of began.values()) expect(count).toBe(1);
        expect(late).toEqual([]);
        commands.close();
      }),
      { numRuns: 300 },
    );
  });
});
