// What `init` writes: places and tags of nodes, and a rule for each wish of where agents may run. Pure.
import { formatPath } from "../../../config/problems/path.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { fieldOf } from "../../../shared/jsonParts.ts";
import { shellWord } from "../../../shared/shell.ts";
import { changeText, missingValues, valueAt, type WrittenValue } from "../configChange.ts";
import type { ConfigEdit, EditKnown, EditPlan, InitNode, InitRule } from "./configEdit.ts";
import { noSuch, noSuchAgent } from "./editRefusal.ts";
import { tagsOf } from "./nodeEdits.ts";
import { addRule, ruleNames } from "./ruleEdits.ts";

/** Longer names are cut: a selector may be as long as a page. */
const MAX_NAME = 60;

/** A config that is there is added to: a declared place stays, tags are merged, rules come last. @throws NodeRouterError */
export function initConfig(
  config: unknown,
  { nodes, rules }: Extract<ConfigEdit, { kind: "init" }>,
  known: EditKnown,
): EditPlan {
  for (const { name } of nodes) if (!known.nodes.includes(name)) throw noSuch("node", name, known.nodes);
  for (const agent of rules.flatMap(({ agents }) => agents))
    if (known.agents !== null && !known.agents.includes(agent)) throw noSuchAgent(agent, known.agents);
  const ofNodes = nodes.flatMap((node) => nodeValues(config, node));
  let names = ruleNames(config);
  const added = byPlace(rules).map((rule) => {
    const name = freeName(rule.require, names);
    names = [...names, name];
    return { ...rule, name };
  });
  // All of them in one list, so that the file is written in one go.
  let after: unknown = config;
  const plans = added.map((rule) => {
    const plan = addRule(after, { kind: "addRule", at: "last", ...rule }, known);
    after = { rules: plan.values[0]?.after };
    return plan;
  });
  const before = fieldOf(config, "rules");
  const list = fieldOf(after, "rules");
  const ofRules: readonly WrittenValue[] =
    plans.length === 0 ? [] : [{ path: ["rules"], ...(before === undefined ? {} : { before }), after: list }];
  return {
    values: [...ofNodes, ...ofRules],
    lines: [...changeText(ofNodes), ...plans.flatMap(({ lines }) => lines)],
    notes: [],
    undo: [...plans.flatMap(({ undo }) => undo), ...nodes.flatMap((node) => nodeUndo(config, node))],
  };
}

function nodeValues(config: unknown, { name, location, tags }: InitNode): readonly WrittenValue[] {
  const written = tagsOf(config, name);
  const merged = [...new Set([...written, ...tags])];
  // A place may be declared by its coordinates or its time zone alone: what it lacks is added, and nothing is replaced.
  const declared = valueAt(config, ["nodes", name, "location"]);
  const said = Object.entries(location ?? {}).filter(([key]) => fieldOf(declared, key) === undefined);
  const isOther =
    location !== null &&
    fieldOf(declared, "country") !== undefined &&
    fieldOf(declared, "country") !== location.country;
  const entry = {
    ...(merged.length === written.length ? {} : { tags: merged }),
    ...(said.length === 0 || isOther ? {} : { location: Object.fromEntries(said) }),
  };
  return Object.keys(entry).length === 0 ? [] : missingValues(config, { node: name, entry, rule: null });
}

function nodeUndo(config: unknown, node: InitNode): readonly string[] {
  const { name, tags } = node;
  const values = nodeValues(config, node);
  if (values.length === 0) return [];
  if (!isRecord(valueAt(config, ["nodes", name]))) return [`remove ${shellWord(name)}`];
  const places = values.flatMap(({ path }) => (path[2] === "location" ? [formatPath(path)] : []));
  const fresh = tags.filter((tag) => !tagsOf(config, name).includes(tag));
  return [
    ...(fresh.length === 0
      ? []
      : [`tag ${shellWord(name)} ${fresh.map((tag) => `${tag.split("=", 1)[0]}-`).join(" ")}`]),
    ...(places.length === 0 ? [] : [`no command: take ${places.join(" and ")} out of the config`]),
  ];
}

/** One rule for all agents that may run in the same place. */
function byPlace(rules: readonly InitRule[]): readonly InitRule[] {
  const places = [...new Set(rules.map(({ require }) => require))];
  return places.map((require) => ({
    require,
    agents: [...new Set(rules.flatMap((rule) => (rule.require === require ? rule.agents : [])))],
  }));
}

/** `region=sg` is the rule `region-sg`, any node `any-node`. */
function freeName(require: string | null, taken: readonly string[]): string {
  const words = (require ?? "any-node").replace(/[^A-Za-z0-9._]+/g, "-").replace(/^-+|-+$/g, "");
  const name = words.slice(0, MAX_NAME) || "nodes";
  let free = name;
  for (let number = 2; taken.includes(free); number++) free = `${name}-${number}`;
  return free;
}

/**
 * The edit as a JSON merge patch of openclaw.json, for those who keep the file in a repository.
 * @param settings of the guard, in full and with what they are to be.
 */
export function patchOf(
  values: readonly WrittenValue[],
  settings: readonly { readonly path: string; readonly value: string | number | null }[],
  agentKeys: readonly string[],
): Readonly<Record<string, unknown>> {
  const ofConfig = values.map(({ path, after }) =>
    nested(["plugins", "entries", "node-router", "config", ...path], after ?? null),
  );
  const ofAgents = settings.flatMap(({ path, value }) => {
    // An agent's key may hold a dot.
    const [key] = agentKeys
      .filter((one) => path.startsWith(`agents.entries.${one}.`))
      .sort((one, other) => other.length - one.length);
    if (key === undefined) return [];
    return [
      nested(["agents", "entries", key, ...path.slice(`agents.entries.${key}.`.length).split(".")], value),
    ];
  });
  const patch = [...ofConfig, ...ofAgents].reduce(merged, {});
  return isRecord(patch) ? patch : {};
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner: unknown, key) => Object.fromEntries([[key, inner]]), value);
}

/** Not a merge patch's own rules: a null is to stay. */
function merged(into: unknown, more: unknown): unknown {
  if (!isRecord(into) || !isRecord(more)) return more;
  const both = new Map(Object.entries(into));
  for (const [key, value] of Object.entries(more)) both.set(key, merged(both.get(key), value));
  return Object.fromEntries(both);
}
