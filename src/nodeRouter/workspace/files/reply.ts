// Reads the scripts' replies: fields with a NUL behind each, then raw content. Pure.
import type { DirectoryEntry, FileStat } from "./contract.ts";

const NUL = 0;
/** A path, or a few facts. */
const MAX_FIELD = 16_384;
/** Names of one folder. */
export const MAX_ENTRIES = 100_000;

/** The scripts' letters for what a file is. */
const TYPES: ReadonlyMap<string, FileStat["type"]> = new Map([
  ["f", "file"],
  ["d", "directory"],
  ["o", "other"],
]);

const FACTS =
  /^(\d{1,20}) (-?\d{1,20}(?:\.\d{1,20})?) \d{1,10} \d{1,20}:\d{1,20}(?: [\d-]{1,20} [\d:]{1,20}(\.\d{1,20})?)?/;
/** A line of `dd` for what it read. */
const RECORDS_IN = /^(\d{1,20})\+(\d{1,20}) records in$/;

/** The first `count` fields and what is behind them; null when there are fewer. */
export function takeFields(
  reply: Buffer,
  count: number,
): { readonly fields: readonly string[]; readonly rest: Buffer } | null {
  const fields: string[] = [];
  let start = 0;
  while (fields.length < count) {
    const end = reply.indexOf(NUL, start);
    if (end === -1 || end - start > MAX_FIELD) return null;
    fields.push(reply.toString("utf8", start, end));
    start = end + 1;
  }
  return { fields, rest: reply.subarray(start) };
}

/** Whether there are more names than a listing may hold. */
export function hasTooManyEntries(reply: Buffer): boolean {
  let count = 0;
  for (let at = reply.indexOf(NUL); at !== -1 && count <= MAX_ENTRIES; at = reply.indexOf(NUL, at + 1))
    count += 1;
  return count > MAX_ENTRIES;
}

/** Null when the reply is cut. Names that are not UTF-8 get U+FFFD, as everywhere in the host. */
export function takeEntries(reply: Buffer): readonly DirectoryEntry[] | null {
  if (reply.length === 0) return [];
  if (reply.at(-1) !== NUL) return null;
  const fields = reply.toString("utf8", 0, reply.length - 1).split("\0");
  if (!fields.every((field) => /^[df]./s.test(field))) return null;
  return fields.map((field) => ({ name: field.slice(1), isDirectory: field.startsWith("d") }));
}

/**
 * `12 1700000000 644 1000:1000 2023-11-14 22:13:20.123456789 +0000` (GNU, busybox), or
 * `12 1700000000.123456789 644 1000:1000` (BSD); null for anything else.
 */
export function takeFacts(kind: string, facts: string): FileStat | null {
  const match = FACTS.exec(facts);
  const type = TYPES.get(kind);
  if (match === null || type === undefined) return null;
  const [, size = "", seconds = "", fraction = "0"] = match;
  const mtimeMs = (Number(seconds) + Number(fraction)) * 1000;
  return { type, size: Number(size), mtimeMs };
}

/**
 * Whether `dd` came to the end of the file: without an error, and not because it had its count of blocks.
 * Its summary is `1+0 records in`, set by POSIX.
 */
export function endedWell(stderr: string, count: number): boolean {
  const lines = stderr.split("\n");
  const records = lines.map((line) => RECORDS_IN.exec(line)).find((found) => found !== null) ?? null;
  if (records === null || !lines.includes("end 0")) return false;
  return Number(records[1]) + Number(records[2]) < count;
}
