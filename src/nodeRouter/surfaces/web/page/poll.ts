// Asks again every few seconds while somebody looks, and says how old what we have is. Timers and fetch come in.

/** Between the end of one answer and the next question, ms. */
export const EVERY_MS = 5_000;

/** An answer that takes longer does not come. */
export const TIMEOUT_MS = 10_000;

/** Data this old is called old even if nothing failed, such as after the machine slept. */
export const OLD_MS = 20_000;

export interface PollEdges<T> {
  /** @throws CannotAsk when it never will; else whatever goes wrong, of which the message is shown. */
  ask(signal: AbortSignal): Promise<T>;
  /** Epoch ms of this machine. */
  now(): number;
  /** Calls back once; returns what forgets it. */
  after(ms: number, callback: () => void): () => void;
  visible(): boolean;
  onData(data: T): void;
  /** Instead of asking on. */
  onCannotAsk(): void;
  /** After every question, and when the page is shown or hidden. */
  onState(state: PollState): void;
}

/** Questions of this page do not get through at all. */
export class CannotAsk extends Error {}

export interface PollState {
  /** Epoch ms of the last answer; null before the first. */
  readonly answeredAtMs: number | null;
  /** Why the last question failed; null when it did not. */
  readonly error: string | null;
  readonly paused: boolean;
}

export interface Poll {
  /** Asks now, whatever the clock says. */
  now(): void;
  /** The page was shown or hidden. */
  visibilityChanged(): void;
  state(): PollState;
}

/** @param first whether there is data already that was true a moment ago. */
export function startPoll<T>(edges: PollEdges<T>, first = false): Poll {
  let state: PollState = { answeredAtMs: first ? edges.now() : null, error: null, paused: !edges.visible() };
  let forget: () => void = () => undefined;
  let question: AbortController | null = null;
  /** Somebody asked while a question was on its way: its answer may be too early. */
  let again = false;
  let stopped = false;

  const tell = (change: Partial<PollState>): void => {
    state = { ...state, ...change };
    edges.onState(state);
  };

  const next = (): void => {
    forget();
    if (edges.visible() && !stopped) forget = edges.after(EVERY_MS, () => void ask());
  };

  const ask = async (): Promise<void> => {
    forget();
    if (stopped) return;
    if (question !== null) {
      again = true;
      return;
    }
    const mine = new AbortController();
    question = mine;
    const late = edges.after(TIMEOUT_MS, () => mine.abort(new Error("no answer in 10 s")));
    try {
      const data = await edges.ask(mine.signal);
      edges.onData(data);
      tell({ answeredAtMs: edges.now(), error: null });
    } catch (error) {
      if (error instanceof CannotAsk) {
        stopped = true;
        edges.onCannotAsk();
        return;
      }
      const cause: unknown = mine.signal.aborted ? mine.signal.reason : error;
      tell({ error: cause instanceof Error ? cause.message : String(cause) });
    } finally {
      late();
      question = null;
      if (again && edges.visible()) {
        again = false;
        void ask();
      } else next();
    }
  };

  const poll: Poll = {
    now: () => void ask(),
    visibilityChanged() {
      tell({ paused: !edges.visible() });
      if (edges.visible()) void ask();
      else forget();
    },
    state: () => state,
  };
  if (edges.visible()) void ask();
  return poll;
}

/** What is said of the data's age; `bad` when it must not be taken for the present. */
export function freshnessText(
  { answeredAtMs, error, paused }: PollState,
  nowMs: number,
): { readonly text: string; readonly bad: boolean } {
  const age = answeredAtMs === null ? null : Math.max(0, Math.round((nowMs - answeredAtMs) / 1000));
  if (error !== null) {
    const old = age === null ? "Nothing is known yet." : `What you see is ${age} s old.`;
    return { text: `No new data: ${error}. ${old} Asking again.`, bad: true };
  }
  if (age === null) return { text: "Asking the gateway…", bad: false };
  if (paused) return { text: `Paused. What you see is ${age} s old.`, bad: false };
  return { text: age < 2 ? "Updated just now" : `Updated ${age} s ago`, bad: age * 1000 >= OLD_MS };
}
