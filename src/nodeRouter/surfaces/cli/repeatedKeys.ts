// Keys that a JSON object has twice: its readers take the last one, and what the first one says is lost without a word. Pure.
import { quote } from "../../../shared/safeText.ts";

const TOKEN = /"(?:[^"\\]|\\[\s\S])*"|[{}[\],:]/g;
const MAX_TOLD = 10;

/** An object that is open, or a list. */
interface Level {
  /** Null: a list. */
  readonly keys: Set<string> | null;
  /** Of the value that is read. */
  at: string;
}

/** Paths of the keys, `"nodes"."mac-sg"`; at most 10. @param json text that can be read. */
export function repeatedKeys(json: string): readonly string[] {
  const told = new Set<string>();
  const levels: Level[] = [];
  let last = "";
  for (const [token] of json.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{") levels.push({ keys: new Set(), at: "" });
    else if (token === "[") levels.push({ keys: null, at: "[]" });
    else if (token === "}" || token === "]") levels.pop();
    else if (token === ":" && level?.keys != null) {
      level.at = last;
      if (level.keys.has(last)) told.add(levels.map(({ at }) => (at === "[]" ? at : quote(at))).join("."));
      level.keys.add(last);
    } else if (token.startsWith('"')) last = String(JSON.parse(token));
  }
  return [...told].slice(0, MAX_TOLD);
}
