// Which earlier rules take all calls of a rule, so that it never decides.
import { agentPattern, isGlob, matchesGlob } from "../../nodeRouter/placement/selector/agentGlob.ts";
import { normalizeToolName } from "../../shared/hostNames.ts";
import type { RuleEntry } from "./written.ts";

interface Earlier {
  readonly index: number;
  readonly name: string;
  /** Null = every tool. */
  readonly tools: ReadonlySet<string> | null;
}

/**
 * Names of the earlier rules that take all calls of the one given, in the order of its agents; null when something is
 * left for it. To be asked for each rule, in config order: it remembers them. Finds a rule by what it names, since a
 * config may have a thousand rules with a hundred agents each.
 */
export function createTakenBefore(): (rule: RuleEntry) => readonly string[] | null {
  const byPattern = new Map<string, Earlier[]>();
  const globs: { readonly glob: string; readonly rule: Earlier }[] = [];
  let index = 0;

  const takerOf = (pattern: string, tools: Earlier["tools"]): Earlier | undefined => {
    const same = byPattern.get(pattern)?.find((earlier) => coversTools(earlier, tools));
    for (const { glob, rule } of globs) {
      if (same !== undefined && rule.index >= same.index) break;
      if (coversPattern(glob, pattern) && coversTools(rule, tools)) return rule;
    }
    return same;
  };

  return ({ name, agents, tools: written }) => {
    const patterns = agents.map(agentPattern);
    const tools = written === undefined ? null : new Set(written.map(normalizeToolName));
    const takers = new Set<string>();
    const isTaken =
      patterns.length > 0 &&
      patterns.every((pattern) => {
        const taker = takerOf(pattern, tools);
        if (taker !== undefined) takers.add(taker.name);
        return taker !== undefined;
      });
    const rule = { index: index++, name, tools };
    for (const pattern of new Set(patterns)) {
      const before = byPattern.get(pattern);
      if (before === undefined) byPattern.set(pattern, [rule]);
      else before.push(rule);
      if (isGlob(pattern)) globs.push({ glob: pattern, rule });
    }
    return isTaken ? [...takers] : null;
  };
}

function coversTools({ tools: earlier }: Earlier, tools: Earlier["tools"]): boolean {
  return earlier === null || (tools !== null && [...tools].every((tool) => earlier.has(tool)));
}

/** Sound but not complete for two globs: `?` could stand for one character where the other's `*` stands for many. */
function coversPattern(glob: string, agent: string): boolean {
  if (isGlob(agent) && glob.includes("?")) return false;
  return matchesGlob(glob, agent);
}
