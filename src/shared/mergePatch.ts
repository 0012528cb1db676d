// JSON Merge Patch. Pure.
import { isRecord } from "./isRecord.ts";

/**
 * The target with the patch merged in: null removes a key, an object goes into what is there, anything else replaces it.
 * Source: RFC 7386, section 2. Neither argument is changed.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map(Object.entries(isRecord(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}
