// Reads the scripts' replies: fields with a NUL behind each, then raw content. Pure.
import type { DirectoryEntry, FileStat } from "./fileBridge.ts";
import { nameOf } from "./fileNames.ts";

const NUL = 0;
/** A path, or a few facts. */
const MAX_FIELD = 16_384;
/** Names of one folder. */
export const MAX_ENTRIES = 100_000;

/** Twice what the longest numbers take. */
const MAX_FACTS = 300;

/** The scripts' letters for what a file is. */
const TYPES: ReadonlyMap<string, FileStat["type"]> = new Map([
  ["f", "file"],
  ["d", "directory"],
  ["o", "other"],
]);

/** What an entry begins with. */
const KINDS: ReadonlyMap<number, "directory" | "other"> = new Map([
  ["d".charCodeAt(0), "directory"],
  ["f".charCodeAt(0), "other"],
]);
const FACTS =
  /^(\d{1,20}) (-?\d{1,20}(?:\.\d{1,20})?) \d{1,10} \d{1,20}:\d{1,20}(?: [\d-]{1,20} [\d:]{1,20}(\.\d{1,20})?)?/;

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
    fields.push(nameOf(reply.subarray(start, end)));
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

/** Null when the reply is cut. */
export function takeEntries(reply: Buffer): readonly DirectoryEntry[] | null {
  const entries: DirectoryEntry[] = [];
  for (let start = 0; start < reply.length; ) {
    const end = reply.indexOf(NUL, start);
    const kind = KINDS.get(reply[start] ?? NUL);
    if (end < start + 2 || kind === undefined) return null;
    entries.push({ name: nameOf(reply.subarray(start + 1, end)), isDirectory: kind === "directory" });
    start = end + 1;
  }
  return entries;
}

/**
 * `12 1700000000 644 1000:1000 2023-11-14 22:13:20.123456789 +0000` (GNU, busybox), or
 * `12 1700000000.123456789 644 1000:1000` (BSD); null for anything else.
 */
export function takeFacts(kind: string, facts: string): FileStat | null {
  if (facts.length > MAX_FACTS) return null;
  const match = FACTS.exec(facts);
  const type = TYPES.get(kind);
  if (match === null || type === undefined) return null;
  const [, size = "", seconds = "", fraction = "0"] = match;
  const mtimeMs = (Number(seconds) + Number(fraction)) * 1000;
  return { type, size: Number(size), mtimeMs };
}

/**
 * Whether `dd` came to the end of the file: without an error, and not because it had its count of blocks.
 */
export function endedWell(stderr: string, count: number): boolean {
  const { isWell, blocks } = takeSummary(stderr);
  return isWell && blocks !== null && blocks < count;
}

/** What `dd` said at its end, after all else that its tools may have said. */
export interface Summary {
  /** Its exit status was 0. */
  readonly isWell: boolean;
  /** Whole and partial blocks that were read; null when it did not say. */
  readonly blocks: number | null;
  /** What was said besides: the reason when it did not end well. */
  readonly rest: string;
}

/**
 * Whole lines only, and the last of each kind: what a tool says of a file may hold lines that its name was made to
 * have. The summary is `1+0 records in`, set by POSIX, and the last line is the script's own `end <status>`.
 */
export function takeSummary(stderr: string): Summary {
  const lines = stderr.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const isWell = lines.pop() === "end 0";
  const beginnings = lines.map((line) => line.slice(0, MAX_SUMMARY_LINE));
  const read = beginnings.findLast((line) => RECORDS_IN.test(line));
  const [, whole, partial] = RECORDS_IN.exec(read ?? "") ?? [];
  return {
    isWell,
    blocks: whole === undefined ? null : Number(whole) + Number(partial),
    rest: lines.filter((_line, index) => !isSummary(beginnings[index] ?? "")).join("\n"),
  };
}

const RECORDS_IN = /^(\d{1,16})\+(\d{1,16}) records in$/;

const RECORDS = /^\d{1,16}\+\d{1,16} records (?:in|out)$/;

/** Much longer than any line of a summary. */
const MAX_SUMMARY_LINE = 150;

/** As POSIX has it, and the line that GNU, busybox and BSD add. */
function isSummary(line: string): boolean {
  if (RECORDS.test(line)) return true;
  return line.includes(" bytes") && (line.includes(" copied") || line.includes(" transferred"));
}
