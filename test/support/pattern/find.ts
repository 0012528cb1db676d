// Every regular expression that stands in a source, by reading it as far as strings, comments and templates go.

export interface FoundPattern {
  readonly source: string;
  readonly flags: string;
  /** From 1 on. */
  readonly line: number;
}

/** Before a `/` these mean that an expression begins, so that it is no division. */
const BEFORE_EXPRESSION = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void))$/;

/** @param code formatted as this project's is */
export function findPatterns(code: string): readonly FoundPattern[] {
  const found: FoundPattern[] = [];
  /** What is open: a template's text, or the braces of an expression in it. */
  const open: ("template" | "braces")[] = [];
  let before = "";
  let at = 0;
  const skipTo = (end: string): void => {
    const next = code.indexOf(end, at);
    at = next === -1 ? code.length : next + end.length;
  };
  while (at < code.length) {
    const character = code[at] ?? "";
    if (open.at(-1) === "template") {
      if (character === "\\") at += 2;
      else if (character === "`") {
        open.pop();
        before = '"';
        at += 1;
      } else if (code.startsWith("${", at)) {
        open.push("braces");
        before = "{";
        at += 2;
      } else at += 1;
    } else if (code.startsWith("//", at) && !isExpression(before)) skipTo("\n");
    else if (code.startsWith("//", at)) skipTo("\n");
    else if (code.startsWith("/*", at)) skipTo("*/");
    else if (character === '"' || character === "'") {
      at += 1;
      while (at < code.length && code[at] !== character) at += code[at] === "\\" ? 2 : 1;
      at += 1;
      before = '"';
    } else if (character === "`") {
      open.push("template");
      at += 1;
    } else if (character === "/" && isExpression(before)) {
      const start = at + 1;
      let isInClass = false;
      for (at = start; code[at] !== "/" || isInClass; at += 1) {
        if (code[at] === "\\") at += 1;
        else if (code[at] === "[") isInClass = true;
        else if (code[at] === "]") isInClass = false;
      }
      const source = code.slice(start, at);
      const flagsAt = at + 1;
      for (at = flagsAt; /[a-z]/.test(code[at] ?? ""); ) at += 1;
      const line = code.slice(0, start).split("\n").length;
      found.push({ source, flags: code.slice(flagsAt, at), line });
      before = '"';
    } else {
      if (open.length > 0 && character === "{") open.push("braces");
      if (open.length > 0 && character === "}") open.pop();
      if (character.trim() !== "") before = (before + character).slice(-12);
      else if (/\w$/.test(before)) before = `${before} `.slice(-12);
      at += 1;
    }
  }
  return found;
}

function isExpression(before: string): boolean {
  return BEFORE_EXPRESSION.test(before.trimEnd());
}
