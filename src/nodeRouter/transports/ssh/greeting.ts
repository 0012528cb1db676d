// What a session's shell prints before it is ready: read from both streams, bounded, and kept for an error message.
import type { Readable } from "node:stream";
import { GREETING, LineReader, utf8 } from "./lines.ts";

const MAX_SHOWN = 500;

export class Greeting {
  /** The end of what came, for people. */
  #shown = "";
  #bytes = 0;
  #isOver = false;

  /**
   * @param onLine told of every whole line of any of the streams, until `end`.
   * @param onExcess told once, when there was more than may be.
   */
  constructor(
    streams: readonly Readable[],
    onLine: (line: string) => void,
    onExcess: (fact: string) => void,
  ) {
    for (const stream of streams) {
      const reader = new LineReader(GREETING);
      stream.on("data", (chunk: Buffer) => {
        // Still read when it is over: a channel that nobody reads never tells that it closed.
        if (this.#isOver) return;
        this.#bytes += chunk.length;
        if (this.#bytes > GREETING.bytes) {
          this.#isOver = true;
          onExcess(`it printed more than ${GREETING.bytes / 1024} KiB before its shell was ready`);
          return;
        }
        this.#shown = (this.#shown + chunk.toString("latin1")).slice(-2 * MAX_SHOWN);
        for (const line of reader.read(chunk)) {
          onLine(line);
          if (this.#isOver) return;
        }
      });
    }
  }

  /** The end of what was printed so far; as it came, so to be quoted. */
  get text(): string {
    return utf8(this.#shown).trim().slice(-MAX_SHOWN);
  }

  /** Nothing of it is of interest any more. */
  end(): void {
    this.#isOver = true;
    this.#shown = "";
  }
}
