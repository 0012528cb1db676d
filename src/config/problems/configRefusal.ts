// The one sentence that an agent reads when config errors refuse its call.
import type { ConfigProblem } from "./problem.ts";

/**
 * The refusal for these problems: the first error in full and the number of the others. Null when there is no
 * error. Give it what `problemsForAgent` returned.
 */
export function configRefusal(problems: readonly ConfigProblem[]): string | null {
  const errors = problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  if (first === undefined) return null;
  const more = errors.length - 1;
  const others = more === 0 ? "" : ` (+${more} more: run "openclaw node-router doctor")`;
  const fix = first.suggestion === null ? "; mend it" : `; ${first.suggestion} Mend it`;
  return `CONFIG_INVALID: ${first.path}: ${first.message}${fix}, the gateway reloads by itself.${others}`;
}
