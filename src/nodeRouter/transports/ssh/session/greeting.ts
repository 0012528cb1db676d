// What a session's shell prints before it is ready: read from both streams, bounded, and kept for an error message.
import type { Readable } from "node:stream";
import { REFUSED, STREAMS } from "./bootstrap.ts";
import { after, GREETING, LineReader, utf8 } from "./lines.ts";
import { CROSSED, JOINED, type SessionFault, TERMINAL } from "./sessionFault.ts";

const MAX_SHOWN = 500;

export interface GreetingEvents {
  /** Told of every whole line of any of the streams, until `end`. */
  readonly onLine: (line: string) => void;
  /** Told once, when there was more than may be. */
  readonly onExcess: (fact: string) => void;
  /** The session is no use. */
  readonly onFault: (fault: SessionFault) => void;
}

/** Reads whole lines of both streams until it is ended, and keeps the end of what was printed, for people. */
export class Greeting {
  /** Whether the program says where its streams lead: then it can also be proved to be what it seems. */
  isProvable = false;
  /** Whether a word on the error stream is still to come. */
  awaitsErrors = false;
  /** The end of what came, for people. */
  #shown = "";
  #bytes = 0;
  #isOver = false;
  readonly #events: GreetingEvents;

  /** @param streams the output, then the errors. */
  constructor(streams: readonly [Readable, Readable], events: GreetingEvents) {
    this.#events = events;
    for (const [index, stream] of streams.entries()) {
      const reader = new LineReader(GREETING);
      stream.on("data", (chunk: Buffer) => {
        // Still read when it is over: a channel that nobody reads never tells that it closed.
        if (this.#isOver) return;
        this.#bytes += chunk.length;
        if (this.#bytes > GREETING.bytes) {
          this.#isOver = true;
          events.onExcess(`it printed more than ${GREETING.bytes / 1024} KiB before its shell was ready`);
          return;
        }
        this.#shown = (this.#shown + chunk.toString("latin1")).slice(-2 * MAX_SHOWN);
        for (const line of reader.read(chunk)) {
          if (!this.#isOfStreams(line, index === 1)) events.onLine(line);
          if (this.#isOver) return;
        }
      });
    }
  }

  /** The end of what was printed so far; as it came, so to be quoted. */
  get text(): string {
    const lines = utf8(this.#shown).split("\n");
    // Our own words explain nothing.
    return lines
      .filter((line) => !line.startsWith(STREAMS))
      .join("\n")
      .trim()
      .slice(-MAX_SHOWN);
  }

  /** Nothing of it is of interest any more. */
  end(): void {
    this.#isOver = true;
    this.#shown = "";
  }

  /** Whether the line says where a stream leads; acts on it then. */
  #isOfStreams(line: string, isErrors: boolean): boolean {
    const word = after(STREAMS, line);
    const fault = after(REFUSED, line) === "terminal" ? TERMINAL : streamFault(word, isErrors);
    if (fault !== null) this.#events.onFault(fault);
    if (word === "out" && !isErrors) {
      this.isProvable = true;
      this.awaitsErrors = !this.#sawErrors;
    } else if (word === "terminal") this.isProvable = true;
    else if (word === "err" && isErrors) {
      this.#sawErrors = true;
      this.awaitsErrors = false;
      this.#events.onLine("");
    } else return fault !== null;
    return true;
  }

  #sawErrors = false;
}

function streamFault(word: string | null, isErrors: boolean): SessionFault | null {
  if (word === "err" && !isErrors) return JOINED;
  return word === "out" && isErrors ? CROSSED : null;
}
