// What a config problem is, and whom it concerns. Which problems there are is written in checks/.
import { matchesAgent } from "../../nodeRouter/placement/selector/agentGlob.ts";

export type ConfigProblemCode =
  | "DIRECTORY_INVALID"
  | "ENV_INVALID"
  | "SHAPE_INVALID"
  | "NODE_NAME_INVALID"
  | "NODE_TARGET_INVALID"
  | "NODE_DUPLICATE"
  | "TAG_INVALID"
  | "TAG_RESERVED"
  | "TAG_CONFLICT"
  | "LOCATION_INVALID"
  | "PRESENCE_INVALID"
  | "ALERTS_INVALID"
  | "PEER_INVALID"
  | "PEER_TOKEN"
  | "PEER_UNUSED"
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
  | "TAINT_INVALID"
  | "TAINT_DUPLICATE"
  | "TAINT_CONFLICT"
  | "TAINT_UNTOLERATED"
  | "TAINTS_MISSING"
  | "TOLERATION_INVALID"
  | "TOLERATION_EVERY"
  | "TOLERATION_UNUSED"
  | "RESIDENCY_COUNTRY"
  | "RESIDENCY_DUPLICATE"
  | "RESIDENCY_PARTIAL"
  | "RESIDENCY_GATEWAY"
  | "RESIDENCY_EGRESS"
  | "RESIDENCY_UNDECLARED"
  | "NEAR_UNKNOWN_NODE"
  | "NEAR_WITHOUT_PLACE"
  | "NEAR_AMBIGUOUS"
  | "MAX_RUNNING_ZERO"
  | "MAX_RUNNING_REFUSES"
  | "NEXT_UNKNOWN"
  | "NEXT_CIRCLE"
  | "NEXT_INVALID"
  | "NEXT_RESIDENCY"
  | "WAIT_INVALID"
  | "TEST_FAILED"
  | "TEST_INVALID"
  | "TOOL_UNKNOWN"
  | "WEIGHT_ZERO"
  | "AGENT_INVALID"
  | "AGENT_DUPLICATE"
  | "AGENT_UNKNOWN";

/** An agent id or a glob, as a rule names it. */
export interface ConcernedPattern {
  readonly agent: string;
  /** As OpenClaw names them; null: all. */
  readonly tools: readonly string[] | null;
  /** False: the rule takes these calls, and nothing of what is wrong reaches them. */
  readonly isConcerned: boolean;
}

/**
 * In the order of the rules: for each tool of an agent the first that names both decides. A text alone concerns every
 * tool. `"*"` = every agent, because it cannot be told whom the rules speak for.
 */
export type ConcernedAgents = readonly (string | ConcernedPattern)[] | "*";

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
  // Problems of nodes share one list of agents, and there may be thousands of them: each list is compared once.
  const concerned = new Map<ConcernedAgents, boolean>();
  return problems.filter(({ severity, agents }) => {
    if (severity !== "error" || agents === "*") return severity === "error";
    const isConcerned = concerned.get(agents) ?? isNamed(agents, agentId);
    concerned.set(agents, isConcerned);
    return isConcerned;
  });
}

function isNamed(agents: Exclude<ConcernedAgents, "*">, agentId: string): boolean {
  const taken = new Set<string>();
  for (const one of agents) {
    if (typeof one === "string") {
      if (matchesAgent(one, agentId)) return true;
      continue;
    }
    if (!matchesAgent(one.agent, agentId)) continue;
    const left = one.tools?.filter((tool) => !taken.has(tool));
    if (one.isConcerned && left?.length !== 0) return true;
    if (left === undefined) return false;
    for (const tool of left) taken.add(tool);
  }
  return false;
}

/** Paths of the errors with all of their beginnings: what an error lies in is wrong as a whole. */
export function wrongPaths(problems: readonly ConfigProblem[]): ReadonlySet<string> {
  const wrong = new Set<string>();
  for (const { severity, path } of problems) {
    if (severity !== "error") continue;
    wrong.add(path);
    for (let end = path.length - 1; end > 0; end--) {
      if (path[end] === "." || path[end] === "[") wrong.add(path.slice(0, end));
    }
  }
  return wrong;
}

/** Whether the problem's path is `path` or lies inside it. */
export function isWithin(problem: ConfigProblem, path: string): boolean {
  if (!problem.path.startsWith(path)) return false;
  const next = problem.path[path.length];
  return next === undefined || next === "." || next === "[";
}
