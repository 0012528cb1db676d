// Rules added, moved and removed by name, never by an index. Pure.
import { isRecord } from "../../../shared/isRecord.ts";
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { quote, safeJson } from "../../../shared/safeText.ts";
import { shellWord } from "../../../shared/shell.ts";
import { agentPattern, isGlob } from "../../placement/selector/agentGlob.ts";
import type { ConfigEdit, EditKnown, EditPlan, RulePlace } from "./configEdit.ts";
import { editRefused, noSuch, noSuchAgent } from "./editRefusal.ts";

type Edit<K> = Extract<ConfigEdit, { kind: K }>;

/** Names of the rules of a config of the plugin, in order; of one without a name the empty text. */
export function ruleNames(config: unknown): readonly string[] {
  return rulesOf(config).map(nameOf);
}

/** @param config the plugin's, as it is written. @throws NodeRouterError AGENT_UNKNOWN, SETUP_FAILED */
export function addRule(config: unknown, edit: Edit<"addRule">, { agents }: EditKnown): EditPlan {
  const { name, require } = edit;
  const rules = rulesOf(config);
  const names = rules.map(nameOf);
  if (names.includes(name)) {
    const advice = `Give this one another name, or take that one out first: openclaw node-router rule rm ${shellWord(name)}`;
    throw editRefused(`a rule ${quote(name)} is there already`, advice);
  }
  const written = edit.agents.map(agentPattern);
  for (const agent of written)
    if (agents !== null && !isGlob(agent) && !agents.includes(agent)) throw noSuchAgent(agent, agents);
  const rule = { name, agents: written, ...(require === null ? {} : { require }) };
  const at = indexFor(edit.at, names);
  const after = rules.toSpliced(at, 0, rule);
  return {
    values: listChange(rules, after),
    lines: [`rule ${quote(name)} is new, ${placeText(after.map(nameOf), at)}: ${safeJson(rule, 0)}`],
    notes: [],
    undo: [`rule rm ${shellWord(name)}`],
  };
}

/** A rule that stands there already is no change. @throws NodeRouterError SETUP_FAILED */
export function moveRule(config: unknown, { name, at }: Edit<"moveRule">): EditPlan {
  const rules = rulesOf(config);
  const names = rules.map(nameOf);
  const from = names.indexOf(name);
  if (from < 0) throw noSuch("rule", name, names);
  const others = rules.toSpliced(from, 1);
  const to = indexFor(at, others.map(nameOf), name);
  const after = others.toSpliced(to, 0, rules[from]);
  if (to === from) return { values: [], lines: [], notes: [], undo: [] };
  return {
    values: listChange(rules, after),
    lines: [
      `rule ${quote(name)} goes from place ${from + 1} to ${placeText(after.map(nameOf), to)}`,
      `then in this order: ${after.map((rule) => quote(nameOf(rule))).join(", ")}`,
    ],
    notes: [],
    undo: [`rule move ${shellWord(name)} ${placeOption(names, from)}`],
  };
}

/** @throws NodeRouterError SETUP_FAILED */
export function removeRule(config: unknown, { name }: Edit<"removeRule">): EditPlan {
  const rules = rulesOf(config);
  const names = rules.map(nameOf);
  const at = names.indexOf(name);
  if (at < 0) throw noSuch("rule", name, names);
  const rule = rules[at];
  const asked = rules
    .filter((other) => fieldOf(fieldOf(other, "onUnavailable"), "next") === name)
    .map(nameOf);
  const back = commandFor(rule, names, at);
  return {
    values: listChange(rules, rules.toSpliced(at, 1)),
    lines: [`rule ${quote(name)} goes: ${safeJson(rule, 0)}`],
    notes: asked.map((other) => `rule ${quote(other)} names it in onUnavailable.next`),
    undo: [back ?? `no command: put the rule above back into the config, ${placeText(names, at)}`],
  };
}

/** The command that adds it again; null where it has more than a command can say. */
function commandFor(rule: unknown, names: readonly string[], at: number): string | null {
  if (!isRecord(rule)) return null;
  const { name, agents, require, ...more } = rule;
  const listed = itemsOf(agents).filter((agent) => typeof agent === "string");
  if (Object.keys(more).length > 0 || typeof name !== "string" || listed.length === 0) return null;
  const option = typeof require === "string" ? ` --require ${shellWord(require)}` : "";
  const place = at === names.length - 1 ? "" : ` ${placeOption(names, at)}`;
  return `rule add ${shellWord(name)} --agents ${shellWord(listed.join(","))}${option}${place}`;
}

function rulesOf(config: unknown): readonly unknown[] {
  return itemsOf(fieldOf(config, "rules"));
}

function nameOf(rule: unknown): string {
  const name = fieldOf(rule, "name");
  return typeof name === "string" ? name : "";
}

/** @param names of the others. */
function indexFor(at: RulePlace, names: readonly string[], own?: string): number {
  if (at === "first") return 0;
  if (at === "last") return names.length;
  const other = "before" in at ? at.before : at.after;
  if (other === own) throw editRefused(`rule ${quote(other)} cannot stand before or after itself`);
  const found = names.indexOf(other);
  if (found < 0) throw noSuch("rule", other, names);
  return "before" in at ? found : found + 1;
}

/** `at place 2 of 3, before "x"`. */
function placeText(names: readonly string[], at: number): string {
  const next = names[at + 1];
  return `place ${at + 1} of ${names.length}${next === undefined ? "" : `, before ${quote(next)}`}`;
}

/** As the command line says the place that a rule has. */
function placeOption(names: readonly string[], at: number): string {
  const next = names[at + 1];
  return next === undefined ? "--last" : `--before ${shellWord(next)}`;
}

function listChange(before: readonly unknown[], after: readonly unknown[]): EditPlan["values"] {
  return [
    { path: ["rules"], ...(before.length === 0 ? {} : { before }), ...(after.length === 0 ? {} : { after }) },
  ];
}
