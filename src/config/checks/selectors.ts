// Problems of meaning in the selectors of rules: syntax, built-in tags, nodes that do not exist.
import {
  BUILTIN_KEY,
  BUILTIN_KEYS,
  isKnownBuiltinKey,
} from "../../nodeRouter/placement/selector/builtinTags.ts";
import { isBuiltinKey } from "../../nodeRouter/placement/selector/tags.ts";
import { quote } from "../../shared/safeText.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { ianaTimeZone } from "../../shared/timeZone.ts";
import { type ConcernedAgents, type ConfigProblem, configError, configWarning } from "../problems/problem.ts";
import { countryProblem, countrySuggestion } from "./location.ts";
import type { WrittenConfig, WrittenSelector } from "./written.ts";

/** Every selector of every rule, `require` before `prefer`. */
export function* checkSelectors({ nodes, rules }: WrittenConfig): Generator<ConfigProblem> {
  const names = new Set(nodes.map((node) => node.name));
  for (const { entry, require, prefer } of rules) {
    for (const selector of require === null ? prefer : [require, ...prefer])
      yield* checkSelector(selector, names, entry.agents);
  }
}

/** @param nodeNames of the candidates, which are nodes or peers. */
export function* checkSelector(
  { path, parsed }: WrittenSelector,
  nodeNames: ReadonlySet<string>,
  agents: ConcernedAgents,
  noun: "node" | "peer" = "node",
): Generator<ConfigProblem> {
  if (!parsed.ok) {
    yield configError({ code: "SELECTOR_INVALID", path, message: parsed.message, agents });
    return;
  }
  for (const { key, operator, values } of parsed.selector.requirements) {
    if (!isBuiltinKey(key)) continue;
    if (!isKnownBuiltinKey(key)) {
      const message = `${quote(key)} is not a built-in tag; there are ${BUILTIN_KEYS.join(", ")}`;
      const suggestion = didYouMean(key, BUILTIN_KEYS);
      yield configError({ code: "SELECTOR_UNKNOWN_BUILTIN", path, message, suggestion, agents });
    }
    // To rule out a node that is not there misplaces nothing; to demand it does.
    const isSure = key === BUILTIN_KEY.name && operator !== "!=" && operator !== "notin";
    for (const value of values) {
      const problem = VALUE_PROBLEMS[key]?.(value, nodeNames, noun) ?? null;
      if (problem !== null) yield (isSure ? configError : configWarning)({ ...problem, path, agents });
    }
  }
}

type ValueProblem = Pick<ConfigProblem, "code" | "message" | "suggestion">;

/** By built-in tag: what speaks against a value that it is compared with; null: nothing. */
const VALUE_PROBLEMS: Readonly<
  Record<string, (value: string, nodeNames: ReadonlySet<string>, noun: string) => ValueProblem | null>
> = {
  [BUILTIN_KEY.name](value, nodeNames, noun) {
    if (nodeNames.has(value)) return null;
    const message = `no ${noun} is named ${quote(value)} under ${noun}s`;
    return { code: "SELECTOR_UNKNOWN_NODE", message, suggestion: didYouMean(value, nodeNames) };
  },
  [BUILTIN_KEY.country](value) {
    const problem = value === "" ? null : countryProblem(value);
    if (problem === null) return null;
    const message =
      value === value.toUpperCase()
        ? `${problem}, so it is no node's country`
        : `node.country is written in capitals, so ${quote(value)} is no node's country`;
    return { code: "SELECTOR_COUNTRY", message, suggestion: countrySuggestion(value) };
  },
  [BUILTIN_KEY.timeZone](value) {
    const zone = value === "" ? value : ianaTimeZone(value);
    if (zone === value) return null;
    const message = `node.tz holds IANA names such as "Asia/Singapore", so ${quote(value)} is no node's time zone`;
    const suggestion = zone === null ? null : `did you mean ${quote(zone)}?`;
    return { code: "SELECTOR_TIME_ZONE", message, suggestion };
  },
};
