// One command on this node, from its start until the gateway has read its end: output, input, signals.
import { MAX_UNREAD_BYTES, type StateAnswer } from "../wire.ts";
import { InputOrder } from "./inputOrder.ts";
import { OutputBuffer } from "./outputBuffer.ts";
import { type ProcessEnd, type ProcessEvents, type StartedProcess, signalGroup } from "./startedProcess.ts";

/** KILL follows a TERM that did not end the group. */
const KILL_AFTER_MS = 3_000;
/** Input that the process has not taken: with more, it is asked to come again. */
const MAX_UNWRITTEN = 4 << 20;
/** After the first output so much is waited for what follows at once, such as the end: it saves a round trip. */
const GATHER_MS = 10;

/** What one answer may hold, and where it begins. */
export interface Ask {
  readonly out: number;
  readonly err: number;
  /** Bytes. */
  readonly max: number;
  readonly waitMs: number;
  /** What is waited for: the end, or the first output, too. */
  readonly until: "end" | "output";
  /** The gateway waits no more. */
  readonly signal?: AbortSignal | undefined;
}

/** Unread output of all commands of the node host together; where it is much, each may keep little. */
export interface Budget {
  readonly total: number;
  readonly much: number;
}

const LITTLE = 65_536;

export class HostedCommand implements ProcessEvents {
  /** Set right after the start. */
  process: StartedProcess | null = null;
  end: ProcessEnd | null = null;
  /** Never rejects. */
  readonly whenEnded: Promise<void>;
  readonly #out = new OutputBuffer();
  readonly #err = new OutputBuffer();
  readonly #input = new InputOrder();
  readonly #wake = new Set<() => void>();
  readonly #budget: () => Budget;
  #onEnd: () => void = () => {};
  readonly #killAfterMs: number;
  #isFlowing = true;
  #isDiscarded = false;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(budget: () => Budget, killAfterMs = KILL_AFTER_MS) {
    this.#budget = budget;
    this.whenEnded = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    this.#killAfterMs = killAfterMs;
  }

  /** Bytes that are kept for the gateway. */
  get unread(): number {
    return this.#out.unread + this.#err.unread;
  }

  output(stream: "out" | "err", chunk: Buffer): void {
    if (this.#isDiscarded) return;
    (stream === "out" ? this.#out : this.#err).push(chunk);
    this.#regulate();
    this.#wakeAll();
  }

  ended(end: ProcessEnd): void {
    this.end = end;
    this.#wakeAll();
    this.#onEnd();
  }

  /** Takes a piece of input. False: there is no room for it, nothing of it was taken, and it must come again. */
  takeInput(offset: number, data: Buffer, eof: boolean): boolean {
    if ((this.process?.unwritten ?? 0) > MAX_UNWRITTEN) return false;
    const ready = this.#input.take(offset, data, eof);
    if (ready === null) return false;
    for (const piece of ready.data) this.process?.write(piece);
    if (ready.ends) this.process?.endInput();
    return true;
  }

  /** What stands before the offsets is forgotten; resolves when there is something to tell, or the time is over. */
  async answer({ out, err, max, waitMs, until, signal }: Ask): Promise<Omit<StateAnswer, "boot" | "fresh">> {
    this.#out.acknowledge(out);
    this.#err.acknowledge(err);
    this.#regulate();
    const untilMs = performance.now() + waitMs;
    const ahead = (): number => Math.max(0, this.#out.end - out) + Math.max(0, this.#err.end - err);
    const isEnough = (): boolean => {
      if (max === 0) return this.end !== null && ahead() === 0;
      return this.end !== null || ahead() >= (until === "output" ? 1 : Math.min(max, this.#limit));
    };
    while (!isEnough() && signal?.aborted !== true) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) break;
      await this.#change(leftMs, signal);
    }
    const gatherMs = Math.min(GATHER_MS, untilMs - performance.now());
    if (this.end === null && until === "output" && ahead() < max && gatherMs > 0) {
      const gathered = performance.now() + gatherMs;
      while (this.end === null && performance.now() < gathered) await this.#change(gatherMs, signal);
    }
    const outBytes = this.#out.read(out, max);
    const errBytes = this.#err.read(err, max - outBytes.length);
    // An offset behind everything says that nobody wants the rest.
    const isAll = out + outBytes.length >= this.#out.end && err + errBytes.length >= this.#err.end;
    return {
      kind: "state",
      processGroup: this.process?.processGroup ?? 0,
      out: outBytes.toString("base64"),
      err: errBytes.toString("base64"),
      end: isAll ? this.end : null,
    };
  }

  /** @param name without SIG. TERM is sure: KILL follows. */
  signal(name: string): void {
    const running = this.process;
    if (running === null || this.end !== null) return;
    running.signal(name);
    if (name !== "TERM" || this.#killTimer !== undefined) return;
    this.#killTimer = setTimeout(() => {
      if (signalGroup(running.processGroup, 0)) running.signal("KILL");
    }, this.#killAfterMs);
    this.#killTimer.unref();
  }

  /** Nobody reads it any more: it is ended, and what it still prints is dropped. */
  discard(): void {
    this.#isDiscarded = true;
    this.#out.acknowledge(this.#out.end);
    this.#err.acknowledge(this.#err.end);
    this.#regulate();
    if (this.end !== null) return;
    this.signal("TERM");
    // Something that left the group may hold its streams open.
    setTimeout(() => this.process?.release(), 2 * this.#killAfterMs).unref();
  }

  get #limit(): number {
    const { total, much } = this.#budget();
    return total > much ? LITTLE : MAX_UNREAD_BYTES;
  }

  #regulate(): void {
    const flows = this.#isDiscarded || this.unread < this.#limit;
    if (flows === this.#isFlowing) return;
    this.#isFlowing = flows;
    this.process?.flow(flows);
  }

  #change(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
      this.#wake.add(done);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#wake]) wake();
  }
}
