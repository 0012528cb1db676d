// What is kept of the operator's cordons, and its text in the file. Pure.
import { createHash } from "node:crypto";
import { isRecord } from "../../shared/isRecord.ts";
import { readJson } from "../../shared/jsonParts.ts";
import { onceFor } from "../../shared/once.ts";
import type { NodeCordon, NodeState } from "../placement/model/snapshot.ts";

/** One node's cordon as it is kept. */
export interface CordonRecord extends NodeCordon {
  /** Inventory name. */
  readonly node: string;
  /** Of the paired node that it was then; null or absent: of none that was known. */
  readonly nodeId?: string | null;
}

/** In the order in which they were made. */
export type CordonRecords = ReadonlyMap<string, CordonRecord>;

export const NO_CORDONS: CordonRecords = new Map();

const byNodeId = onceFor(
  (records: CordonRecords): CordonRecords =>
    new Map(
      [...records.values()].flatMap((one) => (typeof one.nodeId === "string" ? [[one.nodeId, one]] : [])),
    ),
);

/**
 * The cordon of a node; null: none.
 * SECURITY: a node without an entry chooses its name, and a namesake takes it away: the cordon goes with the machine too.
 */
export function cordonFor(
  records: CordonRecords,
  { name, nodeId }: Pick<NodeState, "name" | "nodeId">,
): CordonRecord | null {
  return records.get(name) ?? (nodeId === null ? null : (byNodeId(records).get(nodeId) ?? null));
}

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
  const { node, nodeId = null, by, reason, atMs, untilMs, drain, move } = entry;
  return (
    typeof node === "string" &&
    (nodeId === null || typeof nodeId === "string") &&
    typeof by === "string" &&
    (reason === null || typeof reason === "string") &&
    Number.isFinite(atMs) &&
    (untilMs === null || Number.isFinite(untilMs)) &&
    typeof drain === "boolean" &&
    typeof move === "boolean"
  );
}
