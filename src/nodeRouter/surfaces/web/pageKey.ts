// A secret of this process that the page hands back with its questions for data.
//
// In the Control UI the page lives in a sandboxed frame: it has the opaque origin `null`, and may read an answer only
// where we allow that origin. Every sandboxed frame of every web site has it too, and browsers send the frame's cookie
// along for them. The page's own HTML cannot be read by them, so whoever knows the key was given the page.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { definePart } from "../../../shared/processMemory.ts";

/** A reload must not cut open pages off. */
export const PAGE_KEY = definePart("page-key", 1, () => randomBytes(24).toString("base64url"));

/**
 * In a time that does not depend on how much of it is right.
 * @param given as the request has it; null: it has none.
 */
export function isPageKey(given: string | null, key: string): boolean {
  if (given === null) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}
