// A regular expression as a tree: the part of the language that this project uses.

export type Node =
  | { readonly kind: "set"; readonly accepts: (character: string) => boolean; readonly sample: string }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | {
      readonly kind: "repeat";
      readonly of: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: "start" | "end" | "boundary" | "noBoundary" }
  | { readonly kind: "look"; readonly of: Node; readonly behind: boolean; readonly negative: boolean }
  | { readonly kind: "group"; readonly of: Node; readonly index: number }
  | { readonly kind: "same"; readonly index: number };

/** Of what a set is tried on, to find one that it accepts. */
const CANDIDATES = [
  "a",
  "0",
  "x",
  "A",
  " ",
  "-",
  ".",
  "/",
  "_",
  "\n",
  "\u0001",
  "é",
  "\u{1f600}",
  ..."!\"#$%&'()*+,:;<=>?@[\\]^`{|}~",
];

/** @throws Error for what is not understood here */
export function parsePattern(source: string, flags: string): Node {
  const characters = [...source];
  let at = 0;
  let groups = 0;
  const names = new Map<string, number>();
  const text = () => characters.slice(at).join("");

  const choice = (): Node => {
    const options = [sequence()];
    while (characters[at] === "|") {
      at += 1;
      options.push(sequence());
    }
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  };
  const sequence = (): Node => {
    const parts: Node[] = [];
    while (at < characters.length && characters[at] !== "|" && characters[at] !== ")")
      parts.push(quantified());
    return { kind: "sequence", parts };
  };
  const quantified = (): Node => {
    const of = atom();
    const [whole, min, comma, max] = /^(?:\{(\d+)(,?)(\d*)\})/.exec(text()) ?? [];
    let bounds: readonly [number, number] | null = null;
    if (whole !== undefined) {
      const most = max === "" || max === undefined ? Number.POSITIVE_INFINITY : Number(max);
      bounds = [Number(min), comma === "" ? Number(min) : most];
      at += [...whole].length;
    } else if ("*+?".includes(characters[at] ?? " ")) {
      bounds = [characters[at] === "+" ? 1 : 0, characters[at] === "?" ? 1 : Number.POSITIVE_INFINITY];
      at += 1;
    }
    if (bounds === null) return of;
    const lazy = characters[at] === "?";
    if (lazy) at += 1;
    return { kind: "repeat", of, min: bounds[0], max: bounds[1], lazy };
  };
  const atom = (): Node => {
    const character = characters[at] ?? "";
    if (character === "(") return group();
    if (character === "^" || character === "$") {
      at += 1;
      return { kind: character === "^" ? "start" : "end" };
    }
    if (character === "[") {
      let end = at + 1;
      while (characters[end] !== "]") end += characters[end] === "\\" ? 2 : 1;
      return set(end + 1 - at);
    }
    if (character !== "\\") return set(1);
    const next = characters[at + 1] ?? "";
    if (next === "b" || next === "B") {
      at += 2;
      return { kind: next === "b" ? "boundary" : "noBoundary" };
    }
    const [, name] = /^\\k<(\w+)>/.exec(text()) ?? [];
    if (name !== undefined) {
      at += name.length + 4;
      return { kind: "same", index: names.get(name) ?? 0 };
    }
    if (/[1-9]/.test(next)) {
      at += 2;
      return { kind: "same", index: Number(next) };
    }
    const [escaped = ""] =
      /^\\(?:[pP]\{[^}]+\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/su.exec(text()) ?? [];
    return set([...escaped].length);
  };
  const set = (length: number): Node => {
    const part = characters.slice(at, at + length).join("");
    at += length;
    const pattern = new RegExp(`^(?:${part})$`, flags.replaceAll(/[gmyd]/g, ""));
    /** By code unit: 0 = not known yet, 1 = no, 2 = yes. */
    const known = new Uint8Array(1 << 16);
    const accepts = (character: string): boolean => {
      const unit = character.charCodeAt(0);
      if (known[unit] === 0) known[unit] = pattern.test(character) ? 2 : 1;
      return known[unit] === 2;
    };
    const plain = part.startsWith("\\") || part.startsWith("[") || part === "." ? [] : [part];
    return { kind: "set", accepts, sample: [...plain, ...CANDIDATES, ...part].find(accepts) ?? "a" };
  };
  const group = (): Node => {
    const [head = "("] = /^\((?:\?(?::|=|!|<=|<!|<\w+>))?/.exec(text()) ?? [];
    at += [...head].length;
    const index = head === "(" || /\w>$/.test(head) ? ++groups : 0;
    const [, name] = /<(\w+)>/.exec(head) ?? [];
    if (name !== undefined) names.set(name, index);
    const of = choice();
    if (characters[at] !== ")") throw new Error(`no end of a group in ${source}`);
    at += 1;
    if (["(?=", "(?!", "(?<=", "(?<!"].includes(head)) {
      return { kind: "look", of, behind: head.includes("<"), negative: head.endsWith("!") };
    }
    return index === 0 ? of : { kind: "group", of, index };
  };

  const whole = choice();
  if (at < characters.length) throw new Error(`what is ${text()} in ${source}?`);
  return whole;
}
