// Problems of shape: unknown keys, wrong types, values out of range. What to say of each is structureMessage.ts.
import { Errors, type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { CONFIG_PATH, formatPath, type PathSegment, readPointer } from "../problems/path.ts";
import { type ConcernedAgents, type ConfigProblem, configError } from "../problems/problem.ts";
import { ConfigSchema } from "../schema/schema.ts";
import type { ConfigDraft } from "./draft.ts";
import { describeStructure } from "./structureMessage.ts";

/** Enough to mend a config by; a list of ten thousand wrong rules need not be printed. */
const MAX_PROBLEMS = 200;

/** One problem for each place that has not the schema's shape. An absent config is a right one. */
export function* checkStructure(raw: unknown, draft: ConfigDraft): Generator<ConfigProblem> {
  if (raw === undefined) return;
  const seen = new Set<string>();
  for (const error of withoutUnions(Errors(ConfigSchema, raw))) {
    // The engine reports a missing key twice, as missing and as a value of the wrong type.
    if (seen.has(error.path)) continue;
    seen.add(error.path);
    if (seen.size > MAX_PROBLEMS) {
      const message = `more than ${MAX_PROBLEMS} problems; the others are not listed`;
      yield configError({ code: "TOO_MANY_PROBLEMS", path: CONFIG_PATH, message, agents: "*" });
      return;
    }
    const segments = readPointer(error.path, raw);
    const agents = concernedBy(segments, draft);
    yield configError({ ...describeStructure(error, segments), path: formatPath(segments), agents });
  }
}

/** For "text or object", only what is wrong with the one that was meant, not that it is not the other. */
function* withoutUnions(errors: Iterable<ValueError>): Generator<ValueError> {
  for (const error of errors) {
    const branch = error.type === ValueErrorType.Union ? [...meantBranch(error)] : [];
    yield* branch.length > 0 ? branch : [error];
  }
}

function meantBranch({ schema, value, errors }: ValueError): Iterable<ValueError> {
  const branches: readonly { readonly type?: unknown }[] = schema.anyOf ?? [];
  const type = Array.isArray(value) ? "array" : typeof value;
  if (type !== "string" && type !== "object") return [];
  return errors[branches.findIndex((branch) => branch.type === type)] ?? [];
}

function concernedBy([area, index]: readonly PathSegment[], draft: ConfigDraft): ConcernedAgents {
  if (area === "nodes" || area === "gateway" || area === "presence") return draft.routedAgents;
  if (area === "rules" && typeof index === "number") return draft.rules[index]?.agents ?? "*";
  // An unknown key here may be a misspelt "rules": it cannot be told whom they would have spoken for.
  return "*";
}
