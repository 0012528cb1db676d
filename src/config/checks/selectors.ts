// Problems of meaning in the selectors of rules: syntax, built-in tags, nodes that do not exist.
import {
  BUILTIN_KEY,
  BUILTIN_KEYS,
  isKnownBuiltinKey,
} from "../../nodeRouter/placement/selector/builtinTags.ts";
import type { Requirement } from "../../nodeRouter/placement/selector/selector.ts";
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

function* checkSelector(
  { path, parsed }: WrittenSelector,
  nodeNames: ReadonlySet<string>,
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  if (!parsed.ok) {
    yield configError({ code: "SELECTOR_INVALID", path, message: parsed.message, agents });
    return;
  }
  for (const requirement of parsed.selector.requirements) {
    const { key } = requirement;
    if (!isBuiltinKey(key)) continue;
    if (!isKnownBuiltinKey(key)) {
      const message = `${quote(key)} is not a built-in tag; there are ${BUILTIN_KEYS.join(", ")}`;
      const suggestion = didYouMean(key, BUILTIN_KEYS);
      yield configError({ code: "SELECTOR_UNKNOWN_BUILTIN", path, message, suggestion, agents });
    } else if (key === BUILTIN_KEY.name) {
      yield* checkNodeNames(requirement, path, nodeNames, agents);
    } else if (key === BUILTIN_KEY.country) {
      yield* checkCountries(requirement, path, agents);
    } else if (key === BUILTIN_KEY.timeZone) {
      yield* checkTimeZones(requirement, path, agents);
    }
  }
}

function* checkNodeNames(
  { operator, values }: Requirement,
  path: string,
  nodeNames: ReadonlySet<string>,
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  // To rule out a node that is not there misplaces nothing; to demand it does.
  const problem = operator === "!=" || operator === "notin" ? configWarning : configError;
  for (const value of values) {
    if (nodeNames.has(value)) continue;
    const message = `no node is named ${quote(value)} under nodes`;
    const suggestion = didYouMean(value, nodeNames);
    yield problem({ code: "SELECTOR_UNKNOWN_NODE", path, message, suggestion, agents });
  }
}

function* checkCountries(
  { values }: Requirement,
  path: string,
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  for (const value of values) {
    if (value === "" || countryProblem(value) === null) continue;
    const message =
      value === value.toUpperCase()
        ? `${countryProblem(value)}, so it is no node's country`
        : `node.country is written in capitals, so ${quote(value)} is no node's country`;
    const suggestion = countrySuggestion(value);
    yield configWarning({ code: "SELECTOR_COUNTRY", path, message, suggestion, agents });
  }
}

function* checkTimeZones(
  { values }: Requirement,
  path: string,
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  for (const value of values) {
    const zone = value === "" ? value : ianaTimeZone(value);
    if (zone === value) continue;
    const message = `node.tz holds IANA names such as "Asia/Singapore", so ${quote(value)} is no node's time zone`;
    const suggestion = zone === null ? null : `did you mean ${quote(zone)}?`;
    yield configWarning({ code: "SELECTOR_TIME_ZONE", path, message, suggestion, agents });
  }
}
