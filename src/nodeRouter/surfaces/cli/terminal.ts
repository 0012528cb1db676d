// What a command needs from the machine that it runs on, besides a place to print; a test gives its own.

export interface Terminal {
  /** Epoch ms. */
  readonly now: () => number;
  /** Whether stdout is a terminal, which can be redrawn. */
  readonly isTerminal: boolean;
  /** Height of the terminal now. */
  readonly rows: number;
  /** Aborted when the person wants the command to end. */
  readonly stop: AbortSignal;
  /** Resolves after so many ms, or at once when `stop` is aborted; never rejects. */
  readonly sleep: (ms: number) => Promise<void>;
  /** OpenClaw's config as this process read it; absent: it does not say. */
  readonly config?: () => unknown;
}
