// The cipher chacha20-poly1305 in the bundle has ssh2's own WebAssembly without its loader: it must reckon the same.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { contentsInstead } from "../../scripts/support/leftOut.ts";

const FILE = "ssh2/lib/protocol/crypto/poly1305.js";
const require = createRequire(import.meta.url);
const path = require.resolve(FILE);

interface Poly1305 {
  _malloc(size: number): number;
  readonly HEAPU8: Uint8Array;
  cwrap(name: string, returns: null, types: readonly string[]): (...given: readonly unknown[]) => void;
}

/** As ssh2 uses it (crypto.js). */
async function authWith(load: () => Promise<Poly1305>) {
  const made = await load();
  const out = made._malloc(16);
  const auth = made.cwrap("poly1305_auth", null, ["number", "array", "number", "array", "number", "array"]);
  return (first: Uint8Array, second: Uint8Array, key: Uint8Array): string => {
    auth(out, first, first.length, second, second.length, key);
    return Buffer.from(new Uint8Array(made.HEAPU8.buffer, out, 16)).toString("hex");
  };
}

test("any two texts and any key give the tag that ssh2's own file gives, also packets of 256 KiB, one after another", async () => {
  const ours: { exports: () => Promise<Poly1305> } = { exports: () => Promise.reject(new Error("empty")) };
  new Function("module", contentsInstead(FILE, readFileSync(path, "utf8")) ?? "")(ours);
  const [mine, theirs] = await Promise.all([authWith(ours.exports), authWith(require(FILE))]);
  const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
  fc.assert(
    fc.property(bytes(4, 4), bytes(0, 2_048), bytes(32, 32), (first, second, key) => {
      expect(mine(first, second, key)).toBe(theirs(first, second, key));
    }),
    { numRuns: 300 },
  );
  const large = new Uint8Array(256 * 1024).fill(0xa5);
  for (let n = 0; n < 100; n++) {
    expect(mine(large.subarray(0, 4), large, large.subarray(0, 32))).toBe(
      theirs(large.subarray(0, 4), large, large.subarray(0, 32)),
    );
  }
});
