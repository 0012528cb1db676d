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
  readonly #accepts: (rest: string) => boolean;
  /** The end of what came, as far as it may be the first part of the marker; or the marker's line until its end. */
  #held = Buffer.alloc(0);
  #before = 0;
  #state: "before" | "line" | "after" | "excess" = "before";

  /**
   * @param onExcess told, once, that there was more before the marker, or in its line, than may be.
   * @param accepts whether a line with this behind the marker is the line; if not, it is nothing, like an echo.
   */
  constructor(
    marker: string,
    onLine: (rest: string) => void,
    onExcess: (fact: string) => void = () => {},
    accepts: (rest: string) => boolean = () => true,
  ) {
    super();
    this.#accepts = accepts;
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
    let seen = Buffer.concat([this.#held, chunk]);
    this.#before += chunk.length;
    // Every turn leaves a whole marker behind it.
    while (this.#state === "before" || this.#state === "line") {
      if (this.#state === "before") {
        const at = seen.indexOf(this.#marker);
        if (at === -1) {
          this.#held = Buffer.from(seen.subarray(Math.max(0, seen.length - this.#marker.length + 1)));
          break;
        }
        this.#state = "line";
        seen = seen.subarray(at + this.#marker.length);
      }
      const end = seen.subarray(0, MAX_LINE).indexOf(0x0a);
      if (end === -1) {
        this.#held = Buffer.from(seen.subarray(0, MAX_LINE));
        if (seen.length >= MAX_LINE) this.#exceed("the command's first line does not end");
        return null;
      }
      const rest = seen.toString("utf8", 0, end).trim();
      seen = seen.subarray(end + 1);
      if (!this.#accepts(rest)) {
        this.#state = "before";
        continue;
      }
      this.#state = "after";
      this.#held = Buffer.alloc(0);
      this.#onLine(rest);
      return seen;
    }
    if (this.#state === "before" && this.#before > MAX_BEFORE) {
      this.#exceed(`it printed more than ${MAX_BEFORE / 1024} KiB before the command's first line`);
    }
    return null;
  }

  #exceed(fact: string): void {
    this.#state = "excess";
    this.#held = Buffer.alloc(0);
    this.#onExcess(fact);
  }
}
