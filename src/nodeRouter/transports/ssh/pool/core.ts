// What all parts of a pool share: its state, where alone an event changes it, and where the plan is carried out.
import type { Refusal } from "../../../../shared/refusal.ts";
import type { Connection } from "../session/connection.ts";
import type { Runner } from "../session/runner.ts";
import type { Command } from "../session/sshCommand.ts";
import { waitMs } from "./breaker.ts";
import { noDemand, SPELL_MS } from "./demand.ts";
import { plan } from "./plan.ts";
import type { Action, Occasion } from "./planView.ts";
import * as events from "./poolEvents.ts";
import { LIMITS, type PoolLimits, type PoolOptions } from "./poolOptions.ts";
import { ShellOpener } from "./shellOpener.ts";
import { newState, type PoolState } from "./state.ts";
import { isBusy, isHeld, isInUse, isMoreThanAlways, stalled, viewOf } from "./view.ts";

/** What is waited for by the clock. */
type Wait = "spell" | "retry" | "idle";

export class Core {
  readonly options: PoolOptions;
  readonly limits: PoolLimits;
  readonly opener: ShellOpener;
  /** Ends the attempts to connect. */
  readonly abort = new AbortController();
  readonly #act: (core: Core, action: Action<Connection, Command>) => void;
  #state: PoolState;
  /** Told of what a question to the node may wait for. */
  readonly #waiting = new Set<() => void>();
  readonly #timers = new Map<Wait, NodeJS.Timeout>();

  /** @param act does one thing that was planned; it may be called for what is no longer so. */
  constructor(options: PoolOptions, act: (core: Core, action: Action<Connection, Command>) => void) {
    this.options = options;
    this.limits = { ...LIMITS, ...options.limits };
    this.#act = act;
    this.#state = newState(this.limits.warm);
    this.opener = new ShellOpener({
      loginShell: options.loginShell,
      readyMs: this.limits.readyMs,
      onOpen: (shell, on) =>
        this.set({ shells: new Map(this.#state.shells).set(shell, { on, phase: "opened" }) }),
      onEnd: (shell) => this.#shellEnded(shell),
    });
  }

  get state(): PoolState {
    return this.#state;
  }

  /** An event that follows from nothing. */
  set(change: Partial<PoolState>): void {
    this.on((state) => ({ ...state, ...change }));
  }

  /** The only way to change the state. */
  on<A extends unknown[]>(event: (state: PoolState, ...about: A) => PoolState, ...about: A): void {
    this.#state = event(this.#state, ...about);
    if (this.#state.connections.length === 0) this.opener.forget();
  }

  carryOut(occasion: Occasion): void {
    if (this.#state.life === "destroyed") return;
    this.closeStalled();
    const view = viewOf(this.#state, this.options.node, this.limits, this.options.now());
    for (const action of plan(view, occasion)) this.#act(this, action);
  }

  closeStalled(): void {
    for (const on of stalled(this.#state)) this.#act(this, { do: "closeConnection", on });
  }

  /** After every event that may give a waiting command what it lacks. */
  advance(): void {
    this.carryOut({ is: "change" });
    this.watchDemand();
  }

  /** Something is gone. With a stock to keep, an unused connection that is lost would be opened again for ever. */
  lacks(): void {
    if (isInUse(this.#state)) this.advance();
    else this.carryOut({ is: "presence" });
  }

  /** Tells whoever waits why, unless something is open or on its way that can still serve them. */
  giveUp(refusal: Refusal, isKeeper = false): void {
    this.carryOut({ is: "fault", refusal, isKeeper });
  }

  /** While more is open than always, what is not needed is given back from time to time. */
  watchDemand(): void {
    if (this.#state.life !== "open" || !isMoreThanAlways(this.#state, this.limits)) return;
    this.#once("spell", SPELL_MS, () => {
      this.on(events.spellEnded, this.limits.warm);
      this.carryOut({ is: "spell", stock: this.#state.demand.stock });
      this.watchDemand();
    });
  }

  /** Looks again when commands are no longer refused: some may run or wait elsewhere, and lack a keeper or room. */
  retryLater(): void {
    const ms = waitMs(this.#state.breaker, this.options.now());
    this.#once("retry", ms, () => isBusy(this.#state) && this.advance());
  }

  /** Whoever asks the node looks again. */
  wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves to whether anything changed within `ms`. */
  change(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (changed: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(changed);
      };
      const wake = () => end(true);
      const timer = setTimeout(end, ms, false);
      timer.unref();
      this.#waiting.add(wake);
    });
  }

  /** A use has ended, unless it was nobody's: the time after which all is closed begins anew. */
  used({ isBackground }: Pick<Command, "isBackground">): void {
    if (!isBackground && !isBusy(this.#state)) this.beUsed();
    this.rest();
  }

  /** A use begins. */
  beUsed(): void {
    clearTimeout(this.#timers.get("idle"));
    this.#timers.delete("idle");
  }

  /** Something came that counts as no use: a time that runs goes on. */
  rest(): void {
    if (isBusy(this.#state) || this.#state.life !== "open") return;
    this.#once("idle", this.limits.idleMs, () => !isBusy(this.#state) && this.#unused());
  }

  destroy(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.abort.abort();
    for (const connection of this.#state.connections) connection.destroy();
  }

  /** Unless it is to be done already. */
  #once(what: Wait, ms: number, work: () => void): void {
    if (this.#timers.has(what)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(what);
      work();
    }, ms);
    timer.unref();
    this.#timers.set(what, timer);
  }

  #shellEnded(shell: Runner): void {
    const phase = this.#state.shells.get(shell)?.phase;
    this.on(events.shellEnded, shell);
    // Its opener tells; to open another at once would be to fail again.
    if (phase === "opened") return;
    // One that ends while it waits is not replaced before it is needed: the next may do the same at once.
    const isMissed = phase === "used" || phase === "leaving" || (phase === undefined && isInUse(this.#state));
    if (isMissed || this.#state.queue.length > 0) this.advance();
  }

  /** Nobody used it for long. */
  #unused(): void {
    this.set({ keepsWarm: false, demand: noDemand(this.limits.warm) });
    this.carryOut({ is: "idle" });
    if (isHeld(this.#state, this.options.now())) this.rest();
  }
}
