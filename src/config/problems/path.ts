// How a place in the config is written in messages: like the host writes it, so that both point the same way.
import { quote } from "../../shared/safeText.ts";
import { MAX_NAME_LENGTH } from "../schema/limits.ts";

/** Where our config lives in openclaw.json. */
export const CONFIG_PATH = "plugins.entries.node-router.config";

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

/** One step into the config: an object key, or an index into a list. */
export type PathSegment = string | number;

/** `nodes.mac-sg.tags[0]` after the config's own path; a key that is no plain word is `["quoted"]`. */
export function formatPath(segments: readonly PathSegment[]): string {
  return [CONFIG_PATH, ...segments.map(stepText)].join("");
}

function stepText(segment: PathSegment): string {
  if (typeof segment === "number") return `[${segment}]`;
  if (segment.length > MAX_NAME_LENGTH) return `[${quote(`${segment.slice(0, MAX_NAME_LENGTH)}…`)}]`;
  return PLAIN_KEY.test(segment) ? `.${segment}` : `[${quote(segment)}]`;
}
