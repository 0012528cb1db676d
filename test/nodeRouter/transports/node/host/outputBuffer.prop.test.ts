// Output by offsets: however replies get lost, the reader has each byte once.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutputBuffer } from "../../../../../src/nodeRouter/transports/node/host/outputBuffer.ts";

const step = fc.oneof(
  fc.record({ kind: fc.constant("print" as const), bytes: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant("pull" as const), max: fc.nat(50), isLost: fc.boolean() }),
  fc.record({ kind: fc.constant("stale" as const), back: fc.nat(60), max: fc.nat(50) }),
);

describe("the output of a command", () => {
  test("is read once and in order, whatever replies are lost and whatever old questions come late", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new OutputBuffer();
        let printed = Buffer.alloc(0);
        let read = Buffer.alloc(0);
        const pull = (max: number, isLost: boolean): void => {
          buffer.acknowledge(read.length);
          const got = buffer.read(read.length, max);
          expect(got.length).toBeLessThanOrEqual(max);
          if (!isLost) read = Buffer.concat([read, got]);
        };
        for (const one of steps) {
          if (one.kind === "print") {
            printed = Buffer.concat([printed, one.bytes]);
            buffer.push(Buffer.from(one.bytes));
          } else if (one.kind === "pull") pull(one.max, one.isLost);
          else {
            const at = Math.max(0, read.length - one.back);
            buffer.acknowledge(at);
            const got = buffer.read(at, one.max);
            // Right bytes, or none: never those of another place.
            expect(printed.subarray(at, at + got.length).equals(got)).toBe(true);
          }
        }
        while (read.length < printed.length) pull(7, false);
        expect(read.equals(printed)).toBe(true);
        buffer.acknowledge(read.length);
        expect(buffer.unread).toBe(0);
      }),
    );
  });

  test("is kept until it was read, and not a byte longer", () => {
    const buffer = new OutputBuffer();
    buffer.push(Buffer.from("abcdef"));
    expect(buffer.read(0, 3).toString()).toBe("abc");
    expect(buffer.unread).toBe(6);
    buffer.acknowledge(4);
    expect([buffer.unread, buffer.read(4, 9).toString(), buffer.read(0, 9).length]).toEqual([2, "ef", 0]);
  });

  test("is none beyond what was printed", () => {
    const buffer = new OutputBuffer();
    buffer.push(Buffer.from("ab"));
    buffer.acknowledge(99);
    buffer.push(Buffer.from("cd"));
    expect([buffer.read(99, 9).length, buffer.read(2, 9).toString()]).toEqual([0, "cd"]);
  });
});
