// Input by offsets: calls overtake and repeat each other, and the command reads each byte once.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  InputOrder,
  MAX_EARLY_BYTES,
} from "../../../../../src/nodeRouter/transports/node/host/inputOrder.ts";

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 12 });

describe("the input of a command", () => {
  test("is written once and in order, in whatever order its pieces come and however often", () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { maxLength: 40 }), fc.boolean(), (parts, picks, eofAlone) => {
        const whole = Buffer.concat(parts);
        let at = 0;
        const calls = parts.map((data, index) => {
          const call = { off: at, data, eof: !eofAlone && index === parts.length - 1 };
          at += data.length;
          return call;
        });
        if (eofAlone) calls.push({ off: at, data: new Uint8Array(), eof: true });
        // Some calls, repeated and out of order; then all that nobody heard an answer to.
        const order = [...picks.map((pick) => pick % calls.length), ...calls.keys()];
        const input = new InputOrder();
        const written: Buffer[] = [];
        let ends = 0;
        for (const index of order) {
          const call = calls[index];
          if (call === undefined) continue;
          expect(ends > 0 && Buffer.concat(written).length < whole.length).toBe(false);
          const ready = input.take(call.off, Buffer.from(call.data), call.eof);
          written.push(...(ready?.data ?? []));
          if (ready?.ends === true) ends += 1;
        }
        expect(Buffer.concat(written).equals(whole)).toBe(true);
        expect(ends).toBe(1);
      }),
    );
  });

  test("may be cut otherwise when it is sent again: what overlaps is written once", () => {
    const input = new InputOrder();
    expect(input.take(0, Buffer.from("abc"), false)?.data.join("")).toBe("abc");
    expect(input.take(2, Buffer.from("cde"), false)?.data.join("")).toBe("de");
    expect(input.take(1, Buffer.from("b"), false)?.data).toEqual([]);
  });

  test("is not taken at all where it is early and there is no room, and is taken when it comes again", () => {
    const input = new InputOrder();
    const large = Buffer.alloc(MAX_EARLY_BYTES, "x");
    expect(input.take(1, large, false)).toEqual({ data: [], ends: false });
    expect(input.take(1 + large.length, Buffer.from("y"), true)).toBeNull();
    expect(input.take(0, Buffer.from("a"), false)?.data).toHaveLength(2);
    expect(input.take(1 + large.length, Buffer.from("y"), true)?.ends).toBe(true);
  });

  test("in very small early pieces is bounded too", () => {
    const input = new InputOrder();
    let taken = 0;
    while (taken < 10_000 && input.take(2 * taken + 1, Buffer.from("x"), false) !== null) taken += 1;
    expect(taken).toBe(MAX_EARLY_BYTES / 4_096);
  });
});
