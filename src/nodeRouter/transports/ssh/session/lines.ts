// What a node prints, as whole lines within fixed bounds. No pattern of ours ever sees anything else of it.

export interface LineBounds {
  /** Of a longer line only the end counts: what matters may follow a text that had no end of its own. */
  readonly lineBytes: number;
  /** More bytes than this are an excess. */
  readonly bytes: number;
}

/** Of what a login shell prints before it is ready. */
export const GREETING: LineBounds = { lineBytes: 1_024, bytes: 1 << 16 };

/** Takes pieces of any size in time that grows with their length alone, and holds one line at most. */
export class LineReader {
  readonly #bounds: LineBounds;
  /** One character a byte. */
  #rest = "";
  #bytes = 0;

  constructor(bounds: LineBounds) {
    this.#bounds = bounds;
  }

  /** Whether there was more than may be; nothing is read any more. */
  get isExcess(): boolean {
    return this.#bytes > this.#bounds.bytes;
  }

  /** The lines that this piece ends, without their ends: one character a byte, see `utf8`. */
  read(chunk: Buffer): readonly string[] {
    this.#bytes += chunk.length;
    if (this.isExcess) {
      this.#rest = "";
      return [];
    }
    const pieces = chunk.toString("latin1").split("\n");
    const last = pieces.pop() ?? "";
    const lines = pieces.map((piece) => {
      const line = this.#take(piece);
      this.#rest = "";
      return line.endsWith("\r") ? line.slice(0, -1) : line;
    });
    this.#rest = this.#take(last);
    return lines;
  }

  #take(piece: string): string {
    return (this.#rest + piece).slice(-this.#bounds.lineBytes);
  }
}

/**
 * What follows `word` and a blank in a line; null when the line does not hold it. A shell may have printed something
 * without a line end before, so the word may stand anywhere, and its last place counts.
 */
export function after(word: string, line: string): string | null {
  const at = line.lastIndexOf(`${word} `);
  return at === -1 ? null : line.slice(at + word.length + 1);
}

/** The lines of a whole answer, the last one with its end or without; null when there are more than `most`. */
export function wholeLines(answer: Buffer, most: number): readonly string[] | null {
  let count = 0;
  for (let at = answer.indexOf(0x0a); at !== -1; at = answer.indexOf(0x0a, at + 1)) {
    count += 1;
    if (count > most) return null;
  }
  const lines = answer.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The text of a line, or of a part of it. */
export function utf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
