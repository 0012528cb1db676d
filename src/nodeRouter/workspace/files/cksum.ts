// The checksum of POSIX `cksum`, so that a node can confirm what it has with a tool that every node has. No I/O.
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";

/** Bits of a byte in the other order. */
const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => reverse(byte, 8));

/** So that a large file needs no second copy of itself. */
const CHUNK_BYTES = 65_536;

/** More than the length of any array takes. */
const LENGTH_BYTES = 8;

/** About 15 ms of work: after it, others have their turn. */
const SLICE_BYTES = 4 * 1024 * 1024;

/**
 * The first number that `cksum` prints for these bytes: unsigned, 32 bits.
 * POSIX 2024 takes the same polynomial as zlib, but the most significant bit first, from 0 on, and the length
 * behind the data. So zlib's fast code is given the bits in the other order, and its answer is turned back.
 */
export function cksum(data: Uint8Array): number {
  return finish(add(START, data), data);
}

/** The same without holding up anybody else: a large file takes a fifth of a second. */
export async function cksumInSlices(data: Uint8Array): Promise<number> {
  let crc = START;
  for (let start = 0; start < data.length; start += SLICE_BYTES) {
    if (start > 0) await setImmediate();
    crc = add(crc, data.subarray(start, start + SLICE_BYTES));
  }
  return finish(crc, data);
}

/** zlib complements what it starts from, and POSIX starts from 0. Both complement the result. */
const START = 0xffffffff;

function add(start: number, data: Uint8Array): number {
  let crc = start;
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, data.length));
  for (let from = 0; from < data.length; from += CHUNK_BYTES) {
    crc = crc32(reverseBytes(data.subarray(from, from + CHUNK_BYTES), chunk), crc);
  }
  return crc;
}

function finish(crc: number, data: Uint8Array): number {
  return reverse(crc32(reverseBytes(lengthOf(data), new Uint8Array(LENGTH_BYTES)), crc), 32);
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
