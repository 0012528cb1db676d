// The time after which what nobody uses is closed.

export interface IdleOptions {
  readonly ms: number;
  readonly isBusy: () => boolean;
  /** Nobody used it for so long. */
  readonly onIdle: () => void;
}

export class IdleTimer {
  readonly #options: IdleOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: IdleOptions) {
    this.#options = options;
  }

  /** A use has ended: the time begins anew, unless there is another use. */
  begin(): void {
    if (this.#options.isBusy()) return;
    this.stop();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#options.isBusy()) this.#options.onIdle();
    }, this.#options.ms);
    this.#timer.unref();
  }

  /** What has ended does not count as a use: a time that runs goes on. */
  resume(): void {
    if (this.#timer === null) this.begin();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
