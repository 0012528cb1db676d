// The list that an owner leaves in a mirrored folder, by which its files are told from those of others. Pure.
import { createHash } from "node:crypto";
import { isRecord } from "../../../shared/isRecord.ts";
import { readJson } from "../../../shared/jsonParts.ts";

const VERSION = 1;

/** Names at the top of a mirrored folder that are the mirror's own. */
const RESERVED = ".node-router-";

/** Whether a source's file cannot be brought, because the mirror's own have such names. */
export function isReservedName(path: string): boolean {
  return path.startsWith(RESERVED);
}

/** Scope keys hold colons and slashes. */
export function ownerId(owner: string): string {
  return createHash("sha256").update(owner).digest("hex").slice(0, 16);
}

/** Name of the owner's list in the folder. */
export function manifestName(owner: string): string {
  return `${RESERVED}${owner}.json`;
}

export interface Manifest {
  readonly owner: string;
  /** Content by relative path, as in FolderMemory. */
  readonly files: ReadonlyMap<string, string>;
}

/** One line, so that the lists of several owners can be told apart. */
export function writeManifest({ owner, files }: Manifest): string {
  return `${JSON.stringify({ v: VERSION, owner, files: [...files] })}\n`;
}

/** Null for what no version of ours has written: the files it may have listed stay. */
export function readManifest(line: string): Manifest | null {
  const value = readJson(line);
  if (!isRecord(value) || value.v !== VERSION || typeof value.owner !== "string") return null;
  if (!Array.isArray(value.files)) return null;
  const files = new Map<string, string>();
  for (const entry of value.files) {
    if (!Array.isArray(entry)) return null;
    const [path, content]: readonly unknown[] = entry;
    if (typeof path !== "string" || typeof content !== "string" || !isInside(path)) return null;
    files.set(path, content);
  }
  return { owner: value.owner, files };
}

/** SECURITY: the list comes from the node; what is removed by it must lie in the folder. */
function isInside(path: string): boolean {
  return (
    path !== "" && !path.includes("\0") && path.split("/").every((name) => !["", ".", ".."].includes(name))
  );
}
