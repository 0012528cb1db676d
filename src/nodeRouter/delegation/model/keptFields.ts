// The fields of records that are kept of tasks, as both sides read them back: what is not there is null, and never guessed. Pure.
import { fieldOf, numberIn } from "../../../shared/jsonParts.ts";
import type { RanTool } from "../protocol/wire.ts";

/** Null for what is no text. */
export function textIn(holder: unknown, key: string): string | null {
  const value = fieldOf(holder, key);
  return typeof value === "string" ? value : null;
}

/** One tool that ran; nothing of what lacks its name or its count. */
export function readRan(value: unknown): readonly RanTool[] {
  const [tool, calls] = [textIn(value, "tool"), numberIn(value, "calls")];
  if (tool === null || calls === null) return [];
  return [{ tool, calls, node: textIn(value, "node"), country: textIn(value, "country") }];
}
