// How a place in the config is written in messages: like the host writes it, so that both point the same way.

import { isRecord } from "../../shared/isRecord.ts";
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

/** Steps of a JSON pointer into `root`: only the value there tells the key "0" from the index 0. */
export function readPointer(pointer: string, root: unknown): PathSegment[] {
  const segments: PathSegment[] = [];
  let here: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(here)) {
      const index = Number(key);
      segments.push(index);
      here = here[index];
    } else {
      segments.push(key);
      here = isRecord(here) ? here[key] : undefined;
    }
  }
  return segments;
}

function shortened(key: string): string {
  return key.length <= MAX_NAME_LENGTH ? key : `${key.slice(0, MAX_NAME_LENGTH)}…`;
}
