// The checksum of POSIX `cksum`, so that a node can confirm what it stored with a tool that every node has. Pure.
import { crc32 } from "node:zlib";

/** Bits of a byte in the other order. */
const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => reverse(byte, 8));

/** So that a large file needs no second copy of itself. */
const CHUNK_BYTES = 65_536;

/** More than the length of any array takes. */
const LENGTH_BYTES = 8;

/**
 * The first number that `cksum` prints for these bytes: unsigned, 32 bits.
 * POSIX 2024 takes the same polynomial as zlib, but the most significant bit first, from 0 on, and the length
 * behind the data. So zlib's fast code is given the bits in the other order, and its answer is turned back.
 */
export function cksum(data: Uint8Array): number {
  // zlib complements what it starts from, and POSIX starts from 0. Both complement the result.
  let crc = 0xffffffff;
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, data.length + LENGTH_BYTES));
  for (let start = 0; start < data.length; start += CHUNK_BYTES) {
    const part = data.subarray(start, start + CHUNK_BYTES);
    crc = crc32(reverseBytes(part, chunk), crc);
  }
  return reverse(crc32(reverseBytes(lengthOf(data), chunk), crc), 32);
}

/** The length, least significant byte first, as many bytes as it needs. */
function lengthOf(data: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (let rest = data.length; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  return Uint8Array.from(bytes);
}

function reverseBytes(from: Uint8Array, into: Uint8Array): Uint8Array {
  for (let index = 0; index < from.length; index++) into[index] = REVERSED[from[index] ?? 0] ?? 0;
  return into.subarray(0, from.length);
}

function reverse(bits: number, count: number): number {
  let reversed = 0;
  for (let bit = 0; bit < count; bit++) reversed = (reversed << 1) | ((bits >>> bit) & 1);
  return reversed >>> 0;
}
