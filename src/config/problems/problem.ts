// What a config problem is, and whom it concerns. Which problems there are is written in the check*.ts files.
import { matchesAgent } from "../../nodeRouter/placement/selector/agentGlob.ts";

export type ConfigProblemCode =
  | "DIRECTORY_INVALID"
  | "ENV_INVALID"
  | "UNKNOWN_KEY"
  | "MISSING_KEY"
  | "WRONG_TYPE"
  | "NOT_ALLOWED"
  | "OUT_OF_RANGE"
  | "TOO_MANY_PROBLEMS"
  | "NODE_NAME_INVALID"
  | "NODE_TARGET_INVALID"
  | "NODE_DUPLICATE"
  | "TAG_INVALID"
  | "TAG_RESERVED"
  | "TAG_CONFLICT"
  | "LOCATION_INVALID"
  | "PRESENCE_INVALID"
  | "WORKSPACE_INVALID"
  | "SSH_INVALID"
  | "SSH_MISSING"
  | "RULE_DUPLICATE"
  | "RULE_UNREACHABLE"
  | "RULE_MATCHES_NO_NODE"
  | "SELECTOR_INVALID"
  | "SELECTOR_UNKNOWN_NODE"
  | "SELECTOR_UNKNOWN_BUILTIN"
  | "SELECTOR_COUNTRY"
  | "SELECTOR_TIME_ZONE"
  | "NEAR_UNKNOWN_NODE"
  | "NEAR_WITHOUT_PLACE"
  | "NEAR_AMBIGUOUS"
  | "TOOL_UNKNOWN"
  | "WEIGHT_ZERO"
  | "AGENT_INVALID"
  | "AGENT_DUPLICATE"
  | "AGENT_UNKNOWN";

/** Agent ids and globs; `"*"` = every agent, because it cannot be told whom the rules speak for. */
export type ConcernedAgents = readonly string[] | "*";

/** One thing that is wrong. Its texts hold no secret and no control character. */
export interface ConfigProblem {
  readonly code: ConfigProblemCode;
  /** In full, e.g. `plugins.entries.node-router.config.rules[1].require`. */
  readonly path: string;
  /** What is wrong, without the path and without a full stop. */
  readonly message: string;
  /** A whole sentence such as `did you mean "prefer"?`; null when nothing comes near. */
  readonly suggestion: string | null;
  /** An error refuses calls; a warning only tells. */
  readonly severity: "error" | "warning";
  /** Whose calls are refused while an error stands: never fewer agents than it may misplace. */
  readonly agents: ConcernedAgents;
}

/** Everything of a problem but its severity; `suggestion` may be left out. */
type ProblemParts = Omit<ConfigProblem, "severity" | "suggestion"> & { readonly suggestion?: string | null };

/** A problem that refuses calls. */
export function configError(parts: ProblemParts): ConfigProblem {
  return { ...parts, suggestion: parts.suggestion ?? null, severity: "error" };
}

/** A problem that only tells. */
export function configWarning(parts: ProblemParts): ConfigProblem {
  return { ...parts, suggestion: parts.suggestion ?? null, severity: "warning" };
}

/** The errors that refuse this agent's calls, in config order; warnings never do. */
export function problemsForAgent(problems: readonly ConfigProblem[], agentId: string): ConfigProblem[] {
  return problems.filter(({ severity, agents }) => {
    if (severity !== "error") return false;
    return agents === "*" || agents.some((pattern) => matchesAgent(pattern, agentId));
  });
}

/** Whether the problem's path is `path` or lies inside it. */
export function isWithin(problem: ConfigProblem, path: string): boolean {
  if (!problem.path.startsWith(path)) return false;
  const next = problem.path[path.length];
  return next === undefined || next === "." || next === "[";
}
