// The one problem of a config that has not the schema's shape. OpenClaw refuses those before it asks us; this is for
// the day that it does not.
import { Errors, type ValueError } from "@sinclair/typebox/errors";
import { isRecord } from "../../shared/isRecord.ts";
import { quote } from "../../shared/safeText.ts";
import { formatPath, type PathSegment } from "../problems/path.ts";
import { type ConfigProblem, configError } from "../problems/problem.ts";
import { ConfigSchema } from "../schema/schema.ts";

/** Enough to mend a config by; `openclaw config validate` tells them all. */
const MAX_TOLD = 3;

/**
 * What is wrong with a value that `Check` refused. It concerns every agent: what cannot be read may be the rule that
 * speaks for any of them. SECURITY: no value is shown, it may be a secret in the wrong place.
 */
export function shapeProblem(raw: unknown): ConfigProblem {
  const told = new Map<string, string>();
  let more = "";
  for (const error of Errors(ConfigSchema, raw)) {
    // A key that is missing is told twice, as missing and as a value of the wrong type.
    if (told.has(error.path)) continue;
    if (told.size === MAX_TOLD) {
      more = "; and more";
      break;
    }
    told.set(error.path, expected(error));
  }
  const [[pointer, message] = ["", "expected another shape"], ...others] = told;
  const rest = others.map(([at, text]) => `; ${formatPath(readPointer(at, raw))}: ${text}`).join("");
  return configError({
    code: "SHAPE_INVALID",
    path: formatPath(readPointer(pointer, raw)),
    message: `${message}${rest}${more}`,
    suggestion: 'run "openclaw config validate".',
    agents: "*",
  });
}

/** TypeBox's own words, but for our enums and for unions, of which it says no more than that they are. */
function expected({ message, schema }: ValueError): string {
  if (Array.isArray(schema.enum)) return `expected ${schema.enum.map(quote).join(" or ")}`;
  if (Array.isArray(schema.anyOf))
    return `expected ${[...new Set(schema.anyOf.map(branchText))].join(" or ")}`;
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function branchText({ type, const: value, enum: values }: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(values)) return values.map(quote).join(" or ");
  return String(value ?? type);
}

/** Steps of a JSON pointer into `root`: only the value there tells the key "0" from the index 0. */
function readPointer(pointer: string, root: unknown): PathSegment[] {
  const segments: PathSegment[] = [];
  let here: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    segments.push(Array.isArray(here) ? Number(key) : key);
    here = Array.isArray(here) ? here[Number(key)] : isRecord(here) ? here[key] : undefined;
  }
  return segments;
}
