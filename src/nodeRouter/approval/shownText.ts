// Text that a person decides by: no character is invisible, its end is unambiguous, its length is known. Pure.

/** What the host would write out as `\u{…}`, and so make longer, and what else no screen shows. */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00A0\u1680\u2000-\u200A\u202F\u205F\u2800\u3000]/gu;

export interface Fitted {
  readonly text: string;
  /** Not the whole of it. */
  readonly cut: boolean;
}

/** The text in quotes, cut where it would be longer than `max` code points as it is shown. */
export function fitted(text: string, max: number): Fitted {
  const whole = quoted(text);
  if (length(whole) <= max + 2) return { text: whole, cut: false };
  const start = takeShown([...text], max - 1).join("");
  return { text: quoted(`${start}…`), cut: true };
}

/** As many code points from the start as have room when they are shown; escapes make some longer. */
export function takeShown(points: readonly string[], room: number): readonly string[] {
  let left = room;
  const end = points.findIndex((point) => {
    left -= length(quoted(point)) - 2;
    return left < 0;
  });
  return end === -1 ? points : points.slice(0, end);
}

/** JSON's escapes, and no character that cannot be seen: the end of the text is unambiguous. */
export function quoted(text: string): string {
  return plain(JSON.stringify(text));
}

/** The text with every character that nobody would see written out: `\u{200b}`. */
export function plain(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    [...character].map((point) => `\\u{${(point.codePointAt(0) ?? 0).toString(16)}}`).join(""),
  );
}

/** The host counts code points. */
export function length(text: string): number {
  return [...text].length;
}
