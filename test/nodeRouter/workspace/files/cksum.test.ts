// The checksum against the tool that nodes have.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cksum } from "../../../../src/nodeRouter/workspace/files/cksum.ts";

const real = (data: Uint8Array): number => {
  const { stdout } = spawnSync("cksum", [], { input: data, encoding: "utf8" });
  return Number(stdout.split(" ")[0]);
};

test("is what cksum prints, for every length around a word and for lengths of more than one byte", () => {
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 256, 257, 65_535, 65_536, 1_000_003]) {
    const data = Buffer.from(Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) % 256));
    expect([length, cksum(data)]).toEqual([length, real(data)]);
  }
});

test("is what cksum prints for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
      expect(cksum(data)).toBe(real(data));
    }),
    { numRuns: 40 },
  );
});

test("tells a lost, a doubled and a changed byte", () => {
  const data = Buffer.from("the quick brown fox");
  const changed = Buffer.from(data);
  changed[3] = 1;
  const sums = [data, data.subarray(0, -1), Buffer.concat([data, Buffer.from("x")]), changed].map(cksum);
  expect(new Set(sums).size).toBe(4);
});

test("of known text is the number in the manuals", () => {
  expect(cksum(Buffer.alloc(0))).toBe(4294967295);
  expect(cksum(Buffer.from("123456789"))).toBe(930766865);
});
