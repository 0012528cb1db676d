// A change of the plugin's config that adds a node, a peer, a rule: merged in, shown before, and taken back. Pure but for the draft.
import { CONFIG_PATH, formatPath } from "../../config/problems/path.ts";
import { isRecord } from "../../shared/isRecord.ts";
import { itemsOf } from "../../shared/jsonParts.ts";
import { safeJson } from "../../shared/safeText.ts";
import { sameData } from "../../shared/sameData.ts";

type Json = Record<string, unknown>;

/** What is to be in the config; keys that are not named stay as they are. */
export interface ConfigChange {
  readonly node: string;
  /** Merged into `nodes.<node>` key by key, and `ssh` and `location` once more. */
  readonly entry: Readonly<Json>;
  /** Put behind the other rules, unless one of its name is there. */
  readonly rule: (Readonly<Json> & { readonly name: string }) | null;
}

/** One value that was written: what was there before, and what is there now. `undefined`: nothing. */
export interface WrittenValue {
  /** Below the plugin's config. A rule is `["rules", <its name>]`, or `["delegation", "rules", <its name>]`. */
  readonly path: readonly string[];
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Objects below an entry that are merged, not replaced. */
const MERGED: readonly string[] = ["ssh", "location"];

/** What the change would write into this config of the plugin, each value once; nothing where it is there. */
export function missingValues(config: unknown, { node, entry, rule }: ConfigChange): readonly WrittenValue[] {
  const values: WrittenValue[] = [];
  const present = valueAt(config, ["nodes", node]);
  const want = (path: readonly string[], after: unknown): void => {
    const before = valueAt(config, path);
    if (!sameData(before, after)) values.push({ path, ...(before === undefined ? {} : { before }), after });
  };
  if (!isRecord(present)) want(["nodes", node], entry);
  else {
    for (const [key, value] of Object.entries(entry)) {
      const inside = present[key];
      if (!MERGED.includes(key) || !isRecord(value) || !isRecord(inside)) want(["nodes", node, key], value);
      else for (const [below, one] of Object.entries(value)) want(["nodes", node, key, below], one);
    }
  }
  if (rule !== null && valueAt(config, ["rules", rule.name]) === undefined) {
    values.push({ path: ["rules", rule.name], after: rule });
  }
  return values;
}

/** Writes the values into a draft of openclaw.json. */
export function writeValues(draft: unknown, values: readonly WrittenValue[]): void {
  for (const { path, after } of values) put(configIn(draft), path, after);
}

/**
 * Takes the values back, the last one first. What somebody has changed since is theirs and stays.
 * @returns paths that stay, in full.
 */
export function takeBack(draft: unknown, values: readonly WrittenValue[]): readonly string[] {
  const config = configIn(draft);
  return values.toReversed().flatMap(({ path, before, after }) => {
    const present = valueAt(config, path);
    if (sameData(present, before)) return [];
    if (!sameData(present, after)) return [pathText(path)];
    put(config, path, before);
    return [];
  });
}

/** `path: value` for each, as a person reads it before they agree; what is replaced is named. */
export function changeText(values: readonly WrittenValue[]): readonly string[] {
  return values.map(({ path, before, after }) => {
    const shown = safeJson(after, 0);
    return `${pathText(path)}: ${shown}${before === undefined ? "" : ` (now ${safeJson(before, 0)})`}`;
  });
}

function pathText(path: readonly string[]): string {
  const name = ruleAt(path);
  return name === null ? formatPath(path) : `${formatPath(path.slice(0, -1))}, one more, ${name}`;
}

/** Name of the rule that the path leads to; null: it leads to something else, as to a node that is named "rules". */
function ruleAt(path: readonly string[]): string | null {
  const list = path.slice(0, -1).join(".");
  return list === "rules" || list === "delegation.rules" ? (path.at(-1) ?? null) : null;
}

/** A rule is found by its name. */
export function valueAt(config: unknown, path: readonly string[]): unknown {
  const name = ruleAt(path);
  if (name === null) return path.reduce(own, config);
  return itemsOf(path.slice(0, -1).reduce(own, config)).find((rule) => own(rule, "name") === name);
}

function own(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function put(config: Json, path: readonly string[], value: unknown): void {
  const name = ruleAt(path);
  if (name !== null) {
    const parent = path.slice(0, -2).reduce(folder, config);
    const others = itemsOf(parent.rules).filter((rule) => own(rule, "name") !== name);
    const rules = value === undefined ? others : [...others, value];
    if (rules.length > 0) parent.rules = rules;
    else {
      delete parent.rules;
      if (parent !== config && Object.keys(parent).length === 0) delete config.delegation;
    }
    return;
  }
  const key = path.at(-1) ?? "";
  const holder = path.slice(0, -1).reduce(folder, config);
  if (value === undefined) {
    delete holder[key];
    // The first node of a config brought the folder of nodes along, as the first peer did that of peers.
    if (path.length === 2 && Object.keys(holder).length === 0) delete config[path[0] ?? ""];
  } else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** The plugin's own config in a draft of openclaw.json, made where there is none. */
function configIn(draft: unknown): Json {
  return isRecord(draft) ? CONFIG_PATH.split(".").reduce(folder, draft) : {};
}

function folder(parent: Json, key: string): Json {
  const present = own(parent, key);
  if (isRecord(present)) return present;
  const made: Json = {};
  Object.defineProperty(parent, key, { value: made, enumerable: true, configurable: true, writable: true });
  return made;
}
