// Takes characters off the end of a text: by hand, because a pattern for it begins anew at every one of them. Pure.

/** The text without whatever of `characters` stands at its end. */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] ?? "")) end -= 1;
  return text.slice(0, end);
}

/** What a sentence of ours ends with. */
export const SENTENCE_END = ".; \t\r\n";
