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
  let text = CONFIG_PATH;
  for (const segment of segments) {
    if (typeof segment === "number") text += `[${segment}]`;
    else
      text +=
        segment.length <= MAX_NAME_LENGTH && PLAIN_KEY.test(segment)
          ? `.${segment}`
          : `[${quote(shortened(segment))}]`;
  }
  return text;
}

function shortened(key: string): string {
  return key.length <= MAX_NAME_LENGTH ? key : `${key.slice(0, MAX_NAME_LENGTH)}…`;
}
