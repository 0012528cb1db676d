// Cuts what a login shell printed before the marker off a stream, and passes the rest on with back-pressure.
import { Transform, type TransformCallback } from "node:stream";

/** Of what comes before a marker; a start file's own background process may print, too. */
const MAX_BEFORE = 1 << 20;
/** Of the line that begins with the marker, behind it. */
const MAX_LINE = 256;

/**
 * Passes on what follows the line that begins with `marker`. The rest of that line goes to `onLine`, once.
 * Without a marker nothing is passed on. Holds a marker and its line at most, and looks at no byte more than twice.
 */
export class MarkerStream extends Transform {
  readonly #marker: Buffer;
  readonly #onLine: (rest: string) => void;
  readonly #onExcess: (fact: string) => void;
  /** The end of what came, as far as it may be the first part of the marker; or the marker's line until its end. */
  #held = Buffer.alloc(0);
  #before = 0;
  #state: "before" | "line" | "after" | "excess" = "before";

  /** @param onExcess told, once, that there was more before the marker, or in its line, than may be. */
  constructor(marker: string, onLine: (rest: string) => void, onExcess: (fact: string) => void = () => {}) {
    super();
    this.#marker = Buffer.from(marker);
    this.#onLine = onLine;
    this.#onExcess = onExcess;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#state === "after") done(null, chunk);
    else {
      const rest = this.#search(chunk);
      if (rest !== null && rest.length > 0) this.push(rest);
      done();
    }
  }

  /** What is to be passed on of this chunk; null: nothing yet. */
  #search(chunk: Buffer): Buffer | null {
    if (this.#state === "excess") return null;
    const seen = Buffer.concat([this.#held, chunk]);
    if (this.#state === "before") {
      const at = seen.indexOf(this.#marker);
      if (at === -1) {
        this.#held = Buffer.from(seen.subarray(Math.max(0, seen.length - this.#marker.length + 1)));
        this.#before += chunk.length;
        if (this.#before > MAX_BEFORE) {
          this.#exceed(`it printed more than ${MAX_BEFORE / 1024} KiB before the command's first line`);
        }
        return null;
      }
      this.#state = "line";
      return this.#line(seen.subarray(at + this.#marker.length));
    }
    return this.#line(seen);
  }

  /** @param seen what follows the marker */
  #line(seen: Buffer): Buffer | null {
    const end = seen.subarray(0, MAX_LINE).indexOf(0x0a);
    if (end === -1) {
      this.#held = Buffer.from(seen.subarray(0, MAX_LINE));
      if (seen.length >= MAX_LINE) this.#exceed("the command's first line does not end");
      return null;
    }
    this.#state = "after";
    this.#held = Buffer.alloc(0);
    this.#onLine(seen.toString("utf8", 0, end).trim());
    return seen.subarray(end + 1);
  }

  #exceed(fact: string): void {
    this.#state = "excess";
    this.#held = Buffer.alloc(0);
    this.#onExcess(fact);
  }
}
