// Texts that a pattern may take long over: what its loops like, again and again, and then what it does not expect.
import type { Node } from "./parse.ts";

/** A repetition from this count on can be fed. */
const LOOP = 16;

/** The shortest text that a part likes, more or less. */
function sample(node: Node): string {
  switch (node.kind) {
    case "set":
      return node.sample;
    case "sequence":
      return node.parts.map(sample).join("");
    case "choice":
      return sample(node.options[0] ?? { kind: "start" });
    case "group":
      return sample(node.of);
    case "repeat":
      return sample(node.of).repeat(Math.max(node.min, node.max === 0 ? 0 : 1));
    default:
      return "";
  }
}

interface Loop {
  readonly prefix: string;
  readonly bodies: readonly string[];
}

function loopsIn(node: Node, prefix: string): readonly Loop[] {
  switch (node.kind) {
    case "sequence": {
      let before = prefix;
      return node.parts.flatMap((part) => {
        const loops = loopsIn(part, before);
        before += sample(part);
        return loops;
      });
    }
    case "choice":
      return node.options.flatMap((option) => loopsIn(option, prefix));
    case "group":
    case "look":
      return loopsIn(node.of, prefix);
    case "repeat": {
      const inner = loopsIn(node.of, prefix);
      return node.max < LOOP ? inner : [{ prefix, bodies: wordsOf(node.of) }, ...inner];
    }
    default:
      return [];
  }
}

/** Some texts that one round of a loop takes. */
function wordsOf(node: Node): readonly string[] {
  if (node.kind === "choice") return node.options.map(sample);
  if (node.kind === "set") {
    return [node.sample, ...FEED.filter((character) => node.accepts(character)).slice(0, 3)];
  }
  return [sample(node)];
}

/** What many classes take. */
const FEED = ["1", "a", " ", "\n", "\t", "/", "-", ".", '"', "\\", "é"];
const ENDS = ["", "\u0000"];

/** @param length of each text, in characters */
export function attacksOn(pattern: Node, length: number): ReadonlySet<string> {
  const whole = sample(pattern);
  const texts = new Set<string>();
  const pump = (prefix: string, word: string): void => {
    const body = prefix + word.repeat(Math.ceil(length / Math.max(1, word.length)));
    for (const end of ENDS) texts.add(body.slice(0, length - end.length) + end);
  };
  for (const { prefix, bodies } of loopsIn(pattern, "")) {
    for (const word of new Set(bodies)) {
      pump(prefix, word);
      pump("", word);
    }
    // The way to the loop, again and again, without what should come then.
    if (prefix !== "") pump("", prefix);
  }
  if (whole !== "") {
    pump("", whole);
    pump("", whole.slice(0, -1));
  }
  return texts;
}
