// All commands of this node host by their keys: which one is begun, which is known, and which never is again.
import { LEASE_MS, type RefusedWhy } from "../wire.ts";
import { BarredKeys } from "./barredKeys.ts";
import { type Budget, HostedCommand } from "./hostedCommand.ts";

/** Commands that are kept at once, those included whose end nobody has read. */
const MAX_COMMANDS = 256;
/** Unread output of all together, in bytes, above which each may keep little. */
const MUCH_OUTPUT = 16 << 20;

export interface HostedOptions {
  readonly leaseMs?: number;
  readonly killAfterMs?: number;
  readonly barredMs?: number;
  readonly maxCommands?: number;
}

/** Why a command was not begun. */
export interface NotBegun {
  readonly why: RefusedWhy;
  readonly fact: string;
}

/**
 * Begins a command: sets `command.process`, or says why nothing was begun. `isBarred` is to be asked right before the
 * process is started.
 */
export type Begin = (command: HostedCommand, isBarred: () => boolean) => Promise<NotBegun | null>;

interface Kept {
  readonly command: HostedCommand;
  /** Resolves to null when it was begun. Never rejects. */
  begun: Promise<NotBegun | null>;
  askedMs: number;
  isForgotten: boolean;
}

/** A command that was begun, by this request or an earlier one. */
export interface Begun {
  readonly command: HostedCommand;
  readonly fresh: boolean;
}

const TOO_MANY = "too many commands of node-router are kept there already";
const FORGOTTEN: NotBegun = { why: "forgotten", fact: "the command was given up before it could begin" };

export class HostedCommands {
  readonly #kept = new Map<string, Kept>();
  /** Forgotten ones that still run. */
  readonly #ending = new Set<HostedCommand>();
  readonly #barred: BarredKeys;
  readonly #leaseMs: number;
  readonly #killAfterMs: number | undefined;
  readonly #max: number;
  #sweep: NodeJS.Timeout | undefined;

  constructor({ leaseMs = LEASE_MS, killAfterMs, barredMs, maxCommands = MAX_COMMANDS }: HostedOptions = {}) {
    this.#barred = new BarredKeys(performance.now(), barredMs);
    this.#leaseMs = leaseMs;
    this.#killAfterMs = killAfterMs;
    this.#max = maxCommands;
  }

  /** Whether any command runs. */
  get isActive(): boolean {
    return this.#ending.size > 0 || [...this.#kept.values()].some(({ command }) => command.end === null);
  }

  /** Begins the command unless its key is known; a key for which that was refused once is refused for ever. */
  async run(key: string, begin: Begin): Promise<Begun | NotBegun> {
    const known = this.#kept.get(key);
    if (known !== undefined) {
      known.askedMs = performance.now();
      const no = await known.begun;
      return no ?? { command: known.command, fresh: false };
    }
    const nowMs = performance.now();
    if (this.#barred.get(key) !== null) return FORGOTTEN;
    if (this.#barred.isFull(nowMs)) return { why: "full", fact: TOO_MANY };
    if (this.#kept.size >= this.#max) {
      this.#barred.bar(key, "never", nowMs);
      return { why: "full", fact: TOO_MANY };
    }
    const command = new HostedCommand(() => this.#budget(), this.#killAfterMs);
    const kept: Kept = { command, begun: Promise.resolve(FORGOTTEN), askedMs: nowMs, isForgotten: false };
    kept.begun = begin(command, () => kept.isForgotten).catch((error: unknown) => notBegunBy(error));
    this.#kept.set(key, kept);
    this.#sweep ??= setInterval(() => this.#expire(), Math.max(10, this.#leaseMs / 20)).unref();
    const no = await kept.begun;
    if (no === null) return { command, fresh: true };
    this.#barred.bar(key, "never", performance.now());
    this.#drop(key);
    return no;
  }

  /** The command of the key, once it has begun; null: there is none. Its lease begins anew. */
  async find(key: string): Promise<HostedCommand | null> {
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    kept.askedMs = performance.now();
    return (await kept.begun) === null ? kept.command : null;
  }

  /** Ends it and bars its key. Resolves to whether it was ever begun. */
  async forget(key: string): Promise<boolean> {
    const kept = this.#kept.get(key);
    if (kept === undefined) {
      this.#barred.bar(key, "never", performance.now());
      return this.#barred.get(key) === "began";
    }
    // What is about to begin sees it in time, or has begun.
    kept.isForgotten = true;
    const began = (await kept.begun) === null;
    this.#barred.bar(key, began ? "began" : "never", performance.now());
    this.#drop(key);
    if (began) this.#discard(kept.command);
    return began;
  }

  /** Ends everything: for tests, and for a process that ends. */
  close(): void {
    for (const [key, { command }] of this.#kept) {
      this.#drop(key);
      this.#discard(command);
    }
  }

  #discard(command: HostedCommand): void {
    if (command.end === null) {
      this.#ending.add(command);
      void command.whenEnded.then(() => this.#ending.delete(command));
    }
    command.discard();
  }

  #drop(key: string): void {
    this.#kept.delete(key);
    if (this.#kept.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  /** Ends what nobody asked for, and lets go of it when still nobody does. */
  #expire(): void {
    const nowMs = performance.now();
    for (const [key, kept] of this.#kept) {
      const { command, askedMs } = kept;
      const silentMs = nowMs - askedMs;
      if (command.process === null) {
        // Begun later, it would run with nobody there: nothing ends what is let go of here.
        kept.isForgotten ||= silentMs > this.#leaseMs;
      } else if (silentMs > 2 * this.#leaseMs) {
        this.#barred.leave(key);
        this.#drop(key);
        this.#discard(command);
      } else if (silentMs > this.#leaseMs) command.signal("TERM");
    }
  }

  #budget(): Budget {
    let total = 0;
    for (const { command } of this.#kept.values()) total += command.unread;
    return { total, much: MUCH_OUTPUT };
  }
}

function notBegunBy(error: unknown): NotBegun {
  return { why: "spawn", fact: error instanceof Error ? error.message : String(error) };
}
