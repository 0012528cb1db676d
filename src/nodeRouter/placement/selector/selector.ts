// What a selector is, how it prints, and which tags it matches. Reading one is selectorParser.ts, offered here too.
import type { NodeTags } from "../../../shared/types.ts";

/** `exists` is written `key`, `notexists` is written `!key`. */
export type Operator = "=" | "!=" | "in" | "notin" | "exists" | "notexists";

/** One condition on one tag key. */
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** One value for `=` and `!=`; sorted and without duplicates for `in` and `notin`; else empty. */
  readonly values: readonly string[];
}

/** Conditions that must all hold. */
export interface Selector {
  /** As the operator wrote it, trimmed: what messages and scores show, so that config can be searched for it. */
  readonly text: string;
  /** At least one, in the order written. */
  readonly requirements: readonly Requirement[];
}

/**
 * The canonical text: `=` for `==`, values of `in` and `notin` sorted, one space around words, none after
 * commas. Parsing it gives the same requirements, and printing those gives the same text.
 */
export function printSelector(selector: Selector): string {
  return selector.requirements.map(printRequirement).join(",");
}

function printRequirement({ key, operator, values }: Requirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "notexists":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.join(",")})`;
    default:
      return `${key}${operator}${values.join(",")}`;
  }
}

/**
 * Whether these tags meet every requirement. `!=` and `notin` also match tags without the key, and a bare
 * tag has the value `""`. Source: Kubernetes `labels.Requirement.Matches`.
 */
export function matches(selector: Selector, tags: NodeTags): boolean {
  for (const requirement of selector.requirements)
    if (!holds(requirement, tags.get(requirement.key))) return false;
  return true;
}

function holds({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case "=":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "notexists":
      return value === undefined;
  }
}
