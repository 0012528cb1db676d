// The refusal of a call that config errors concern.
import { adviceOf, type Refusal, refusal } from "../../shared/refusal.ts";
import type { ConfigProblem } from "./problem.ts";

/**
 * The refusal for these problems: the first error in full and the number of the others. Null when there is no
 * error. Give it what `problemsForAgent` returned.
 */
export function configRefusal(problems: readonly ConfigProblem[]): Refusal | null {
  const errors = problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  if (first === undefined) return null;
  const more = errors.length - 1;
  const others = more === 0 ? "" : `. (+${more} more: run "openclaw node-router doctor")`;
  const mend = first.suggestion === null ? "mend it" : `${first.suggestion} Mend it`;
  const advice = adviceOf("CONFIG_INVALID", { mend, more: others });
  return refusal("CONFIG_INVALID", `${first.path}: ${first.message}`, { advice });
}
