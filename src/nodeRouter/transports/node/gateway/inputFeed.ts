// A command's input as pieces with their place in it, so that one that is sent twice, or late, does no harm.
import type { PassThrough } from "node:stream";

export interface InputPiece {
  /** Of its first byte, in the whole input. */
  readonly off: number;
  readonly data: Buffer;
  /** Whether the input ends behind it. */
  readonly eof: boolean;
}

export class InputFeed {
  readonly #stdin: PassThrough;
  readonly #max: number;
  #off = 0;

  /** @param whole all of the input; null: what is written into `stdin`. @param max bytes in a piece */
  constructor(stdin: PassThrough, whole: Buffer | null, max: number) {
    this.#stdin = stdin;
    this.#max = max;
    if (whole !== null) stdin.end(whole);
  }

  /** What is there now; perhaps nothing. */
  take(): InputPiece {
    const stdin = this.#stdin;
    const size = Math.min(this.#max, stdin.readableLength);
    const read: unknown = size === 0 ? null : stdin.read(size);
    const data = Buffer.isBuffer(read) ? read : Buffer.alloc(0);
    const off = this.#off;
    this.#off += data.length;
    return { off, data, eof: this.#isAtEnd() };
  }

  /** Resolves when there is more, or the end; false: nobody will write any more. */
  async more(): Promise<boolean> {
    const stdin = this.#stdin;
    if (stdin.readableLength === 0 && !this.#isAtEnd() && !stdin.destroyed) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          for (const event of EVENTS) stdin.off(event, done);
          resolve();
        };
        for (const event of EVENTS) stdin.on(event, done);
      });
    }
    // It is destroyed by itself behind its end.
    return this.#isAtEnd() || !stdin.destroyed;
  }

  #isAtEnd(): boolean {
    const { writableEnded, writableLength, readableLength } = this.#stdin;
    return writableEnded && writableLength === 0 && readableLength === 0;
  }
}

/** The end of what was written comes as `readable`, too. */
const EVENTS = ["readable", "end", "close"] as const;
