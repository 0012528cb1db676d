// What a change of the config would make wrong: problems that it had before are not the change's. Pure.

import type { ConfigProblem } from "./problems/problem.ts";
import { resolveConfig } from "./resolve.ts";

/** `path: message` of each problem that the config after it has more often than the one before. */
export function problemsMade(
  before: unknown,
  after: unknown,
  severity: ConfigProblem["severity"],
): readonly string[] {
  const had = new Map<string, number>();
  for (const text of textsOf(before, severity)) had.set(plain(text), (had.get(plain(text)) ?? 0) + 1);
  return textsOf(after, severity).filter((text) => {
    const left = had.get(plain(text)) ?? 0;
    had.set(plain(text), left - 1);
    return left <= 0;
  });
}

/** A rule that others were put before has another index, and the same problem. */
function plain(text: string): string {
  return text.replace(/\[\d+\]/g, "[]");
}

function textsOf(config: unknown, severity: ConfigProblem["severity"]): readonly string[] {
  return resolveConfig(config).problems.flatMap((problem) =>
    problem.severity === severity ? [`${problem.path}: ${problem.message}`] : [],
  );
}
