// Cuts selector text into tokens. Knows no grammar.

/** `word` is a key, a value, `in` or `notin`: which one depends on where it stands. `end` has empty text. */
export type TokenKind = "word" | "=" | "!=" | "!" | "(" | ")" | "," | "end" | "unknown";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
}

/** Spaces, then one symbol or one word. `<` and `>` are symbols of Kubernetes that have no meaning here. */
const NEXT = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/y;

const KINDS: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ["=", "="],
  ["==", "="],
  ["!=", "!="],
  ["!", "!"],
  ["(", "("],
  [")", ")"],
  [",", ","],
  ["<", "unknown"],
  [">", "unknown"],
]);

/** Every token of `text`; the last one is always `end`. Never fails: judging is the parser's work. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  NEXT.lastIndex = 0;
  for (let found = NEXT.exec(text); found !== null; found = NEXT.exec(text)) {
    const word = found[1] ?? "";
    tokens.push({ kind: KINDS.get(word) ?? "word", text: word, column: NEXT.lastIndex - word.length + 1 });
  }
  tokens.push({ kind: "end", text: "", column: text.length + 1 });
  return tokens;
}
