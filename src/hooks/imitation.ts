// Finds text that looks like a line of ours. Pure.

/** Terminal sequences: what a screen does not show must not keep the words apart. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const ESCAPES = /\u001b(?:\[[0-9;:?]{0,32}[ -/]{0,4}[@-~]|\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)?|.)?/g;
/** The same, as JSON and source code write the escape character. */
const WRITTEN_ESCAPES = /\\(?:u001b|u009b|x1b|033|e)\[?[0-9;:?]{0,32}m?/gi;
/** Escapes of characters that nobody sees, and of line ends. */
const WRITTEN_CHARACTERS =
  /\\(?:u(?:00[01][0-9a-f]|00ad|200[b-f]|20[26][0-9a-f]|feff)|x[01][0-9a-f]|[nrt])/gi;

/** Letters of other scripts that are drawn like those of the name, and brackets like ours. */
const LOOKALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    n: "ոпռɴηи",
    o: "оοօᴏ0ø",
    d: "ԁɗᴅժ",
    e: "еєҽεᴇ3",
    r: "гᴦʀɾя",
    u: "υսᴜцʋ",
    t: "тτᴛ",
    "[": "【〔⟦⁅❲「『〚⟨《〈",
    "]": "】〕⟧⁆❳」』〛⟩》〉",
  }).flatMap(([letter, others]) => [...others].map((other) => [other, letter])),
);

const LOOKALIKE = new RegExp(`[${[...LOOKALIKES.keys()].join("")}]`, "gu");

/** Whatever else stands between the letters. Not quotes: a list `["node-router"]` is none of our lines. */
const BETWEEN = /[^a-z[\]"'`]+/g;

const OURS =
  /\[noderouter\]|noderouter\]?(?:ranon|runson|mayhaverunon|didnotstarton|didnotfinishon|nodemismatch)/;

/** What must be in a text that has neither other scripts nor escapes: most texts are known to be harmless by it. */
const QUICK = new RegExp(
  [..."noderouter"]
    .map((letter) => letter.replace("o", "[o0]").replace("e", "[e3]"))
    .join("[^a-z\"'`]{0,16}"),
  "i",
);
/** Neither a backslash nor a control character: nothing that could be part of an escape. */
const PLAIN = /^[\t\n\r\u0020-\u005b\u005d-\u007e]*$/;

/**
 * Whether the texts, read one after the other, hold what a reader could take for a line of node-router: in other case,
 * with blanks, colours, invisible or look-alike characters in it, cut over several texts. In linear time.
 */
export function imitates(texts: readonly string[]): boolean {
  const text = texts.join("");
  if (PLAIN.test(text) && !QUICK.test(text)) return false;
  const plain = text
    .replace(ESCAPES, "")
    .replace(WRITTEN_ESCAPES, "")
    .replace(WRITTEN_CHARACTERS, "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(LOOKALIKE, (letter) => LOOKALIKES.get(letter) ?? letter)
    .replace(BETWEEN, "");
  return OURS.test(plain);
}
