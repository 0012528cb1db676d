// Reads an edit as it comes over the wire. Pure. SECURITY: what is written wrong is refused, for without it an edit may ask for more.
import { validCountry } from "../../../shared/countries.ts";
import { isRecord } from "../../../shared/isRecord.ts";
import { fieldOf, trimmedText } from "../../../shared/jsonParts.ts";
import { quote } from "../../../shared/safeText.ts";
import type { ConfigEdit, InitNode, InitRule, RulePlace } from "./configEdit.ts";

/** What each kind may have beside it. */
const KEYS: Readonly<Record<ConfigEdit["kind"], readonly string[]>> = {
  addRule: ["name", "agents", "require", "at"],
  moveRule: ["name", "at"],
  removeRule: ["name"],
  tag: ["node", "changes"],
  removeNode: ["node", "force"],
  init: ["nodes", "rules"],
  undoGuard: ["agents"],
};

/** A text says what is wrong with it. */
export function readEdit(value: unknown): ConfigEdit | string {
  const kind = kindOf(fieldOf(value, "kind"));
  if (kind === null || !isRecord(value)) return `edit needs a kind: ${Object.keys(KEYS).join(", ")}`;
  const stray = Object.keys(value).find((key) => key !== "kind" && !KEYS[kind].includes(key));
  if (stray !== undefined) return `${kind} takes ${KEYS[kind].join(", ")}, not ${quote(stray)}`;
  const name = trimmedText(fieldOf(value, "name"));
  const node = trimmedText(fieldOf(value, "node"));
  const at = placeOf(fieldOf(value, "at"));
  switch (kind) {
    case "addRule": {
      const agents = textsOf(fieldOf(value, "agents"));
      const require = selectorOf(fieldOf(value, "require"));
      if (require === undefined) return "addRule takes require as a text, or none for every node";
      if (name === null || at === null || !agents?.length) return "addRule needs name, agents and at";
      return { kind, name, agents, require, at };
    }
    case "moveRule":
      return name === null || at === null ? "moveRule needs name and at" : { kind, name, at };
    case "removeRule":
      return name === null ? "removeRule needs name" : { kind, name };
    case "tag": {
      const changes = textsOf(fieldOf(value, "changes"));
      return node === null || !changes?.length ? "tag needs node and changes" : { kind, node, changes };
    }
    case "removeNode": {
      const force = fieldOf(value, "force") ?? false;
      if (typeof force !== "boolean") return "removeNode takes force as true or false";
      return node === null ? "removeNode needs node" : { kind, node, force };
    }
    case "undoGuard": {
      const written = fieldOf(value, "agents") ?? null;
      const agents = textsOf(written);
      return written !== null && agents === null
        ? "undoGuard takes agents as a list of ids, or none for all of them"
        : { kind, agents };
    }
    case "init": {
      const nodes = listOf(fieldOf(value, "nodes") ?? [], nodeOf);
      const rules = listOf(fieldOf(value, "rules") ?? [], ruleOf);
      if (nodes === null) return "init takes nodes as a list of { name, location: { country, city? }, tags }";
      return rules === null ? "init takes rules as a list of { agents, require }" : { kind, nodes, rules };
    }
  }
}

function kindOf(value: unknown): ConfigEdit["kind"] | null {
  const isKind = (text: string): text is ConfigEdit["kind"] => Object.hasOwn(KEYS, text);
  return typeof value === "string" && isKind(value) ? value : null;
}

function placeOf(value: unknown): RulePlace | null {
  if (value === "first" || value === "last") return value;
  const [before, after] = [trimmedText(fieldOf(value, "before")), trimmedText(fieldOf(value, "after"))];
  if (before !== null && after !== null) return null;
  return before !== null ? { before } : after !== null ? { after } : null;
}

/** Null: every node. Undefined: it is no selector. */
function selectorOf(value: unknown): string | null | undefined {
  return value === undefined || value === null ? null : (trimmedText(value) ?? undefined);
}

function nodeOf(value: unknown): InitNode | null {
  const name = trimmedText(fieldOf(value, "name"));
  const tags = textsOf(fieldOf(value, "tags") ?? []);
  const location = fieldOf(value, "location") ?? null;
  const country = trimmedText(fieldOf(location, "country"));
  const city = trimmedText(fieldOf(location, "city"));
  if (name === null || tags === null) return null;
  if (location === null) return { name, location, tags };
  if (country === null || !validCountry(country)) return null;
  return { name, location: { country, ...(city === null ? {} : { city }) }, tags };
}

function ruleOf(value: unknown): InitRule | null {
  const agents = textsOf(fieldOf(value, "agents"));
  const require = selectorOf(fieldOf(value, "require"));
  return !agents?.length || require === undefined ? null : { agents, require };
}

/** Null: it is no list of texts. */
function textsOf(value: unknown): readonly string[] | null {
  return listOf(value, trimmedText);
}

/** Null: it is no list, or one of it cannot be read. */
function listOf<T>(value: unknown, read: (item: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(value)) return null;
  const items = value.map(read);
  const known = items.filter((item) => item !== null);
  return known.length === items.length ? known : null;
}
