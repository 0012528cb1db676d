// Cuts what a login shell printed before the marker off a stream, and passes the rest on with back-pressure.
import { Transform, type TransformCallback } from "node:stream";

/** More than this before a marker is no greeting: it is dropped, and only its end is searched on. */
const MAX_HELD = 1 << 16;

/**
 * Passes on what follows the line that begins with `marker`. The rest of that line goes to `onLine`, once.
 * Without a marker nothing is passed on.
 */
export class MarkerStream extends Transform {
  #marker: Buffer;
  #held: Buffer | null = Buffer.alloc(0);
  #onLine: (rest: string) => void;

  constructor(marker: string, onLine: (rest: string) => void) {
    super();
    this.#marker = Buffer.from(marker);
    this.#onLine = onLine;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#held === null) {
      done(null, chunk);
      return;
    }
    const seen = Buffer.concat([this.#held, chunk]);
    const at = seen.indexOf(this.#marker);
    const end = at === -1 ? -1 : seen.indexOf(0x0a, at);
    if (end === -1) {
      // Of a text without a marker the end may still hold the first part of it.
      this.#held = at === -1 && seen.length > MAX_HELD ? seen.subarray(-this.#marker.length) : seen;
      done();
      return;
    }
    this.#held = null;
    this.#onLine(seen.toString("utf8", at + this.#marker.length, end).trim());
    if (end + 1 < seen.length) this.push(seen.subarray(end + 1));
    done();
  }
}
