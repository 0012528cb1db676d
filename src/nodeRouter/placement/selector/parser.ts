// Reads selector text into requirements, and says where and why it cannot.
import { quote } from "../../../shared/safeText.ts";
import type { Operator, Requirement, Selector } from "./selector.ts";
import { keyProblem, selectorValueProblem } from "./tags.ts";
import { type Token, type TokenKind, tokenize } from "./tokens.ts";

export type ParsedSelector =
  | { readonly ok: true; readonly selector: Selector }
  | {
      readonly ok: false;
      /** What was found and what was expected. */
      readonly message: string;
      /** 1-based, in UTF-16 units. */
      readonly column: number;
    };

/** Ends the parse; never leaves this file. */
class SyntaxProblem extends Error {
  readonly column: number;
  constructor(column: number, message: string) {
    super(message);
    this.column = column;
  }
}

/**
 * Reads a selector. The grammar is that of Kubernetes label selectors without `<` and `>`
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors):
 *
 *     selector    = requirement { "," requirement }            all must hold
 *     requirement = key                                        the tag is there
 *                 | "!" key                                    the tag is not there
 *                 | key ( "=" | "==" ) [ value ]               has this value
 *                 | key "!=" [ value ]                         has not, or lacks the key
 *                 | key "in" "(" values ")"                    has one of these values
 *                 | key "notin" "(" values ")"                 has none of these, or lacks the key
 *     values      = [ value ] { "," [ value ] }
 *
 * Spaces may stand between any two words. Keys and values follow `tags.ts`; a key may be a built-in one
 * (`node.os`), and values of `node.tz` are IANA names. A missing value is the empty value, so `gpu=` matches the bare tag `gpu`. `in` and `notin`
 * are ordinary words where a key or value is expected. Empty text is an error: leave the setting out to
 * mean every node.
 *
 * A refused selector is a value, e.g.
 * `selector "gpu in nvidia" at column 8: found "nvidia", expected "("`.
 */
export function parseSelector(text: string): ParsedSelector {
  try {
    return { ok: true, selector: { text: text.trim(), requirements: new Parser(text).selector() } };
  } catch (problem) {
    if (!(problem instanceof SyntaxProblem)) throw problem;
    const { column } = problem;
    const message = `selector ${quote(text)} at column ${column}: ${problem.message}`;
    return { ok: false, message, column };
  }
}

/** Recursive descent with one token of look-ahead; one method a line of the grammar. */
class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  selector(): readonly Requirement[] {
    const requirements = [this.#requirement()];
    while (this.#accept(",")) requirements.push(this.#requirement());
    if (this.#next.kind !== "end") throw this.#unexpected('"," or the end');
    return requirements;
  }

  #requirement(): Requirement {
    if (this.#accept("!")) return { key: this.#key("a tag key"), operator: "notexists", values: [] };
    const key = this.#key('a tag key or "!"');
    const { kind, text } = this.#next;
    if (kind === "," || kind === "end") return { key, operator: "exists", values: [] };
    if (kind === "=" || kind === "!=") return this.#comparison(key, kind);
    if (kind === "word" && (text === "in" || text === "notin")) return this.#membership(key, text);
    throw this.#unexpected('"=", "!=", "in", "notin", "," or the end');
  }

  #comparison(key: string, operator: "=" | "!="): Requirement {
    this.#position++;
    const values = [this.#optionalValue(key)];
    if (this.#next.kind !== "," && this.#next.kind !== "end") {
      throw this.#unexpected(values[0] === "" ? 'a value, "," or the end' : '"," or the end');
    }
    return { key, operator, values };
  }

  #membership(key: string, operator: Operator & ("in" | "notin")): Requirement {
    this.#position++;
    if (!this.#accept("(")) throw this.#unexpected('"("');
    const values = new Set([this.#optionalValue(key)]);
    while (this.#accept(",")) values.add(this.#optionalValue(key));
    if (!this.#accept(")")) throw this.#unexpected('a value, "," or ")"');
    // Sorted by code unit, not by locale, so that equal selectors print equal everywhere.
    return { key, operator, values: [...values].sort() };
  }

  #key(expected: string): string {
    const { kind, text, column } = this.#next;
    if (kind !== "word") throw this.#unexpected(expected);
    const problem = keyProblem(text);
    if (problem !== null) throw new SyntaxProblem(column, problem);
    this.#position++;
    return text;
  }

  #optionalValue(key: string): string {
    const { kind, text, column } = this.#next;
    if (kind !== "word") return "";
    const problem = selectorValueProblem(key, text);
    if (problem !== null) throw new SyntaxProblem(column, problem);
    this.#position++;
    return text;
  }

  #accept(kind: TokenKind): boolean {
    if (this.#next.kind !== kind) return false;
    this.#position++;
    return true;
  }

  get #next(): Token {
    return this.#tokens[this.#position] ?? { kind: "end", text: "", column: 1 };
  }

  #unexpected(expected: string): SyntaxProblem {
    const { kind, text, column } = this.#next;
    const found = kind === "end" ? "the end" : quote(text);
    return new SyntaxProblem(column, `found ${found}, expected ${expected}`);
  }
}
