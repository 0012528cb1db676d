// Problems of meaning in what happens when no node fits: waits that cannot be, rules that follow each other, room for no call.
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { parseSpan, SPAN_HELP } from "../../shared/timeSpan.ts";
import { formatPath } from "../problems/path.ts";
import { type ConfigProblem, configError, configWarning, isWithin } from "../problems/problem.ts";
import { LONGEST_WAIT_MS } from "../schema/limits.ts";
import type { CheckedConfig } from "./concern.ts";
import type { RuleEntry, WrittenRule } from "./written.ts";

/** @param known problems that were found before: a rule that is next with an error cannot be asked. */
export function* checkUnavailable(
  { nodes, rules, routedAgents, concern }: CheckedConfig,
  known: readonly ConfigProblem[],
): Generator<ConfigProblem> {
  const byName = new Map(rules.toReversed().map((rule) => [rule.entry.name, rule]));
  const found: ConfigProblem[] = [];
  for (const rule of rules) found.push(...checkWait(rule));
  const errors = [...known, ...found].filter(({ severity }) => severity === "error");
  const broken = new Set(
    rules.filter(({ path }) => errors.some((problem) => isWithin(problem, path))).map(({ entry }) => entry),
  );
  for (const rule of rules) found.push(...checkNext(rule, byName, broken));
  yield* found;
  const named = new Set(rules.map(({ entry }) => nextOf(entry)));
  for (const { path, entry } of rules) {
    if (entry.agents.length > 0 || named.has(entry.name)) continue;
    const message = `rule ${quote(entry.name)} never decides: it names no agent, and no rule names it as next`;
    yield configWarning({ code: "RULE_UNREACHABLE", path: `${path}.agents`, message, agents: routedAgents });
  }
  const waits = rules.some(({ entry }) => typeof entry.onUnavailable === "object");
  for (const node of nodes) {
    const { name, entry } = node;
    const path = formatPath(["nodes", name, "maxRunning"]);
    if (entry.maxRunning === 0) {
      const message = `0 lets node ${quote(name)} run nothing at all`;
      const suggestion = "leave maxRunning out, or keep calls away with cordon.";
      const agents = concern.node(node);
      yield configError({ code: "MAX_RUNNING_ZERO", path, message, suggestion, agents });
    } else if (entry.maxRunning !== undefined && rules.length > 0 && !waits) {
      const message = `no rule waits or has a rule that is next, so a call that finds node ${quote(name)} full and no other is refused`;
      const suggestion = 'write onUnavailable: { wait: "20s" } in the rule whose calls may wait.';
      yield configWarning({ code: "MAX_RUNNING_REFUSES", path, message, suggestion, agents: routedAgents });
    }
  }
}

function nextOf({ onUnavailable }: RuleEntry): string | null {
  return typeof onUnavailable === "object" && "next" in onUnavailable ? onUnavailable.next : null;
}

function* checkWait({ path, entry: { agents, onUnavailable } }: WrittenRule): Generator<ConfigProblem> {
  if (typeof onUnavailable !== "object" || !("wait" in onUnavailable)) return;
  const at = { code: "WAIT_INVALID", path: `${path}.onUnavailable.wait`, agents } as const;
  const waitMs = parseSpan(onUnavailable.wait);
  if (waitMs === null) {
    yield configError({
      ...at,
      message: `${quote(onUnavailable.wait)} is no ${SPAN_HELP.replace(/^a /, "")}`,
    });
  } else if (waitMs > LONGEST_WAIT_MS) {
    const message = `${quote(onUnavailable.wait)} is longer than a call may wait: OpenClaw gives up a run of which it hears nothing for 300 s`;
    yield configError({ ...at, message, suggestion: `write at most "${LONGEST_WAIT_MS / 60_000}m".` });
  }
}

/** Every rule on the way must be there, be right, and keep the calls where this one keeps them. */
function* checkNext(
  rule: WrittenRule,
  byName: ReadonlyMap<string, WrittenRule>,
  broken: ReadonlySet<RuleEntry>,
): Generator<ConfigProblem> {
  const { agents, name, residency } = rule.entry;
  const path = `${rule.path}.onUnavailable.next`;
  const way = [rule];
  for (let next = nextOf(rule.entry); next !== null; ) {
    const other = byName.get(next);
    if (other === undefined) {
      // Of a rule further on that is told where it stands, and here as one with an error.
      const isOwn = way.length === 1;
      const message = isOwn ? `no rule is named ${quote(next)}` : brokenText(way.at(-1), name);
      const suggestion = isOwn ? didYouMean(next, byName.keys()) : null;
      yield configError({ code: isOwn ? "NEXT_UNKNOWN" : "NEXT_INVALID", path, message, suggestion, agents });
      return;
    }
    if (way.includes(other)) {
      const circle = [...way, other].map(({ entry }) => quote(entry.name)).join(" → ");
      yield configError({
        code: "NEXT_CIRCLE",
        path,
        message: `rules follow each other in a circle: ${circle}`,
        agents,
      });
      return;
    }
    if (broken.has(other.entry)) {
      yield configError({ code: "NEXT_INVALID", path, message: brokenText(other, name), agents });
      return;
    }
    const loose = residency === undefined ? null : looseness(residency, other.entry);
    if (loose !== null) {
      const message = `rule ${quote(name)} keeps its calls in ${residency?.allow.join(", ")}, and rule ${quote(other.entry.name)}, which may get them, ${loose}`;
      const suggestion = `write the same residency in rule ${quote(other.entry.name)}.`;
      yield configError({ code: "NEXT_RESIDENCY", path, message, suggestion, agents });
      return;
    }
    way.push(other);
    next = nextOf(other.entry);
  }
}

function brokenText(other: WrittenRule | undefined, name: string): string {
  return `rule ${quote(other?.entry.name ?? "")}, which may get the calls of rule ${quote(name)}, has an error`;
}

/** SECURITY: what is next may not undo what the first rule keeps. Null: it does not. */
function looseness(own: NonNullable<RuleEntry["residency"]>, { residency }: RuleEntry): string | null {
  if (residency === undefined) return "keeps them nowhere";
  const more = residency.allow.filter((country) => !own.allow.includes(country));
  if (more.length > 0) return `also allows ${more.join(", ")}`;
  return own.egress === true && residency.egress !== true ? "does not ask for egress" : null;
}
