// What a node sent of a command's output, handed on once and in order, and no faster than it is read.
import type { PassThrough } from "node:stream";
import type { StateAnswer } from "../wire.ts";

export class OutputPipes {
  /** Bytes that were handed on: the next question asks for what follows. */
  out = 0;
  err = 0;
  readonly #stdout: PassThrough;
  readonly #stderr: PassThrough;

  constructor(stdout: PassThrough, stderr: PassThrough) {
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** @param state the answer to a question from these very offsets */
  write({ out, err }: Pick<StateAnswer, "out" | "err">): void {
    this.out += handOn(this.#stdout, out);
    this.err += handOn(this.#stderr, err);
  }

  /** Whether what was handed on is read, or nobody reads it any more; waits for that at most `ms`, or until `over`. */
  async drained(ms: number, over: Promise<unknown>): Promise<boolean> {
    const full = [this.#stdout, this.#stderr].filter(isFull);
    if (full.length === 0) return true;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, ms).unref();
    await Promise.race([Promise.all(full.map(drain)), late.promise, over]);
    clearTimeout(timer);
    return !full.some(isFull);
  }
}

function handOn(to: PassThrough, base64: string): number {
  if (base64 === "") return 0;
  const bytes = Buffer.from(base64, "base64");
  if (!to.destroyed) to.write(bytes);
  return bytes.length;
}

function isFull({ destroyed, writableNeedDrain }: PassThrough): boolean {
  return writableNeedDrain && !destroyed;
}

function drain(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    stream.once("drain", resolve);
    stream.once("close", resolve);
  });
}
