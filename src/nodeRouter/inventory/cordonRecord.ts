// What is kept of the operator's cordons, and its text in the file. Pure.
import { createHash } from "node:crypto";
import { isRecord } from "../../shared/isRecord.ts";
import { readJson } from "../../shared/jsonParts.ts";
import type { NodeCordon } from "../placement/model/snapshot.ts";

/** One node's cordon as it is kept. */
export interface CordonRecord extends NodeCordon {
  /** Inventory name. */
  readonly node: string;
}

/** In the order in which they were made. */
export type CordonRecords = ReadonlyMap<string, CordonRecord>;

export const NO_CORDONS: CordonRecords = new Map();

/** One JSON object: `version`, `cordons`, and `sum`, by which a file that was cut or edited is told. */
export function serializeCordons(records: CordonRecords): string {
  const cordons = [...records.values()];
  return JSON.stringify({ version: 1, sum: sumOf(cordons), cordons });
}

/**
 * @param text of the file; null: there is none, and then no node is cordoned.
 * @returns null for a text that is not as we wrote it: a cordon that is missing may be one that was lost.
 */
export function parseCordons(text: string | null): CordonRecords | null {
  if (text === null) return NO_CORDONS;
  const parsed = readJson(text);
  if (!isRecord(parsed) || parsed.version !== 1 || !Array.isArray(parsed.cordons)) return null;
  if (parsed.sum !== sumOf(parsed.cordons)) return null;
  const records = parsed.cordons.flatMap((entry: unknown) => (isCordonRecord(entry) ? [entry] : []));
  if (records.length !== parsed.cordons.length) return null;
  return new Map(records.map((record) => [record.node, record]));
}

function sumOf(cordons: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(cordons)).digest("hex");
}

function isCordonRecord(entry: unknown): entry is CordonRecord {
  if (!isRecord(entry)) return false;
  const { node, by, reason, atMs, untilMs, drain, move } = entry;
  return (
    typeof node === "string" &&
    typeof by === "string" &&
    (reason === null || typeof reason === "string") &&
    Number.isFinite(atMs) &&
    (untilMs === null || Number.isFinite(untilMs)) &&
    typeof drain === "boolean" &&
    typeof move === "boolean"
  );
}
