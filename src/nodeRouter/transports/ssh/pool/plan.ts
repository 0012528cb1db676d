// What is to be done for one node next: which command goes to which shell, what is opened, ended and refused. Pure.
import type { Refusal } from "../../../../shared/refusal.ts";

/** A command that waits, as far as that matters here. */
export interface Waiting {
  /** It needs a terminal, and so a session of its own. */
  readonly isTerminal: boolean;
  /** Nobody's work: no connection is made for it. */
  readonly isBackground: boolean;
}

/** An open connection, as far as that matters here. */
export interface Room {
  /** Sessions that may still be asked for. */
  readonly room: number;
  /** Those that are open or opening. */
  readonly sessions: number;
}

/** Everything about one node that the plan depends on, as it is now. */
export interface PoolView<C extends Room = Room, W extends Waiting = Waiting> {
  /** In their order. */
  readonly queue: readonly W[];
  readonly running: number;
  /** Whether any of those that run may still be heard of. */
  readonly isRunningHeard: boolean;
  /** Terminals on their way up, each for one command. */
  readonly opening: number;
  /** Without one that is ready no command begins. */
  readonly keeper: "none" | "coming" | "ready";
  /** Shells that are ready. */
  readonly free: number;
  /** Shells on their way up. */
  readonly warming: number;
  /** Whether the login gave a shell at all: before, one is tried at a time. */
  readonly isTried: boolean;
  /** Whether a shell that was ready is being ended to make room. */
  readonly isMakingRoom: boolean;
  /** Shells to keep ready beside those for which a command waits. */
  readonly stock: number;
  /** Whether more of them are wanted than always: then a connection is worth it. */
  readonly isDemanded: boolean;
  /** The first that came first. */
  readonly connections: readonly C[];
  /** Connections of which something is heard. */
  readonly usable: number;
  /** Connections on their way. */
  readonly connecting: number;
  /** Whether those are presence's alone, while commands are refused. */
  readonly isOnlyProbing: boolean;
  /** Whether no more connections may be made. */
  readonly isFull: boolean;
  /** Why commands are refused without an attempt; null: they are not. */
  readonly refusal: Refusal | null;
  /** Nothing is opened any more but a keeper for what still runs. */
  readonly isClosing: boolean;
  /** What presence may do of itself, at its own pace. */
  readonly presence: {
    /** Whether it wants a connection though no command does. */
    readonly isHeld: boolean;
    readonly mayConnect: boolean;
    readonly mayOpenKeeper: boolean;
  };
}

/** Something that failed, and is told to whoever waits when nothing else can serve them. */
export interface Fault {
  readonly refusal: Refusal;
  /** It is the keeper that could not be had. */
  readonly isKeeper: boolean;
}

export type Action<C = Room, W = Waiting> =
  | { readonly do: "dispatch"; readonly command: W }
  | { readonly do: "openTerminal"; readonly command: W; readonly on: C }
  | { readonly do: "openKeeper"; readonly on: C }
  | { readonly do: "openRunner"; readonly on: C }
  /** End a shell that is ready, so that something else finds room. */
  | { readonly do: "makeRoom" }
  | { readonly do: "connect" }
  /** The same for presence, also while commands are refused. */
  | { readonly do: "probe" }
  /** Look again when commands are no longer refused. */
  | { readonly do: "retryLater" }
  | { readonly do: "refuse"; readonly refusal: Refusal }
  | { readonly do: "refuseBackground" }
  /** End shells that are ready and not needed. */
  | { readonly do: "endFree"; readonly count: number }
  | { readonly do: "closeConnection"; readonly on: C };

/** At most so many connections are on their way at once: sshd drops some of many (MaxStartups). */
const CONNECTING = 2;

/** After every event that may give a waiting command what it lacks. What it returns is to be done in its order. */
export function plan<C extends Room, W extends Waiting>(view: PoolView<C, W>): readonly Action<C, W>[] {
  const draft = new Draft(view);
  draft.serve();
  if (draft.waiting.length + view.stock + draft.running === 0) {
    return view.presence.isHeld ? [...draft.actions, ...planPresence(view)] : draft.actions;
  }
  draft.holdKeeper();
  const isStocked = draft.openRunners();
  const background = draft.waiting.filter(({ isBackground }) => isBackground).length;
  if (draft.waiting.length + view.stock + draft.running > background) draft.reach(isStocked);
  else if (view.usable + view.connecting === 0) draft.actions.push({ do: "refuseBackground" });
  return draft.actions;
}

/** What presence needs to ask the node: a keeper, and a connection where none is open. */
export function planPresence<C extends Room, W extends Waiting>(
  view: PoolView<C, W>,
): readonly Action<C, W>[] {
  const { usable, connecting, isFull, isClosing, presence } = view;
  if (view.keeper !== "none" || isClosing) return [];
  if (usable === 0) {
    return presence.isHeld && presence.mayConnect && connecting === 0 && !isFull ? [{ do: "probe" }] : [];
  }
  if (!presence.mayOpenKeeper) return [];
  const draft = new Draft(view);
  draft.holdKeeper();
  return draft.actions;
}

/** Nobody used it for long. */
export function planIdle<C extends Room, W extends Waiting>({
  presence,
  free,
  connections,
}: PoolView<C, W>): readonly Action<C, W>[] {
  if (presence.isHeld) return [{ do: "endFree", count: free }];
  return connections.map((on) => ({ do: "closeConnection", on }) as const);
}

/**
 * After a failure. Nothing is opened then before another event asks for it: a login shell that always fails would
 * fail for ever.
 */
export function planFault<C extends Room, W extends Waiting>(
  view: PoolView<C, W>,
  fault: Fault,
): readonly Action<C, W>[] {
  if (view.queue.length === 0 || new Draft(view).isServed(fault.isKeeper)) return [];
  return [{ do: "refuse", refusal: fault.refusal }];
}

/** What was not needed for a while goes: shells beyond the stock, and connections on which nothing is left. */
export function planSpell<C extends Room, W extends Waiting>(
  view: PoolView<C, W>,
  stock: number,
): readonly Action<C, W>[] {
  const plain = view.queue.filter(({ isTerminal }) => !isTerminal).length;
  const count = Math.min(view.free, view.free + view.warming - plain - stock);
  const actions: Action<C, W>[] = count > 0 ? [{ do: "endFree", count }] : [];
  if (view.queue.length + view.connecting > 0) return actions;
  const empty = view.connections.filter(({ room, sessions }) => room > 0 && sessions === 0);
  // One stays for the next command.
  const kept = empty.length === view.usable ? 1 : 0;
  return [...actions, ...empty.slice(kept).map((on) => ({ do: "closeConnection", on }) as const)];
}

/** A plan on its way: what it has given away so far. */
class Draft<C extends Room, W extends Waiting> {
  readonly actions: Action<C, W>[] = [];
  waiting: readonly W[];
  running: number;
  readonly #view: PoolView<C, W>;
  /** What is left of the room of each connection. */
  readonly #rooms: Map<C, number>;
  #free: number;
  #warming: number;
  #opening: number;
  #keeper: PoolView["keeper"];
  #isMakingRoom: boolean;

  constructor(view: PoolView<C, W>) {
    this.#view = view;
    this.waiting = view.queue;
    this.running = view.running;
    this.#rooms = new Map(view.connections.map((connection) => [connection, connection.room]));
    this.#free = view.free;
    this.#warming = view.warming;
    this.#opening = view.opening;
    this.#keeper = view.keeper;
    this.#isMakingRoom = view.isMakingRoom;
  }

  /** Gives waiting commands to waiting shells, and opens terminals. */
  serve(): void {
    if (this.#keeper !== "ready") return;
    this.waiting = this.#view.queue.filter((command) => {
      if (!command.isTerminal) {
        if (this.#free === 0) return true;
        this.#free -= 1;
        this.running += 1;
        this.actions.push({ do: "dispatch", command });
        return false;
      }
      const on = this.#takeRoom();
      if (on === null) return true;
      this.#opening += 1;
      this.actions.push({ do: "openTerminal", command, on });
      return false;
    });
  }

  holdKeeper(): void {
    if (this.#keeper !== "none") return;
    const on = this.#takeRoom();
    if (on === null) this.#makeRoom();
    else {
      this.#keeper = "coming";
      this.actions.push({ do: "openKeeper", on });
    }
  }

  /** For the queue and the stock. Whether there was room for all. */
  openRunners(): boolean {
    const { stock, isTried } = this.#view;
    const wanted = this.#plain() + stock - this.#free - this.#warming;
    for (let missing = isTried ? wanted : Math.min(wanted, 1 - this.#warming); missing > 0; missing -= 1) {
      const on = this.#takeRoom();
      if (on === null) return false;
      this.#warming += 1;
      this.actions.push({ do: "openRunner", on });
    }
    return true;
  }

  /** Adds a connection when there is none that serves, or when those that are there are not enough. */
  reach(isStocked: boolean): void {
    const { usable, connecting, isTried, isDemanded, isOnlyProbing, isFull, refusal } = this.#view;
    const plain = this.waiting.filter(({ isTerminal, isBackground }) => !isTerminal && !isBackground).length;
    const ready = this.#free + this.#warming;
    const lacksTerminal =
      this.waiting.some(({ isTerminal }) => isTerminal) && !this.#hasRoom() && !this.#makeRoom();
    const isShort = lacksTerminal || ((isTried || ready === 0) && plain > ready);
    const isCold = usable === 0 || this.#keeper === "none";
    const wants = isCold ? connecting === 0 : isShort && connecting < CONNECTING;
    if (wants && !isFull) {
      if (refusal === null) this.actions.push({ do: "connect" });
      else this.actions.push({ do: "retryLater" });
    } else if (!isStocked && isDemanded && isTried && connecting === 0 && !isFull && refusal === null) {
      // Nobody waits for it yet, so it is never worth a failure.
      this.actions.push({ do: "connect" });
    }
    const isRefused = wants ? !isFull : isCold && isOnlyProbing;
    if (refusal === null || !isRefused || this.waiting.length === 0 || this.isServed()) return;
    this.actions.push({ do: "refuse", refusal });
  }

  /** Whether something that is open or on its way can still serve those that wait. */
  isServed(isKeeperLost = false): boolean {
    const { isOnlyProbing, connecting, isRunningHeard, running } = this.#view;
    if (isKeeperLost && this.#keeper === "none") return false;
    const coming = (isOnlyProbing ? 0 : connecting) + this.#warming + this.#opening;
    if (coming > 0 || isRunningHeard || this.running > running || this.#keeper === "coming") return true;
    // Without a keeper, waiting shells serve nobody.
    return this.#keeper === "ready" && this.#free > 0;
  }

  #plain(): number {
    return this.waiting.filter(({ isTerminal }) => !isTerminal).length;
  }

  #hasRoom(): boolean {
    return [...this.#rooms.values()].some((room) => room > 0);
  }

  #takeRoom(): C | null {
    for (const [connection, room] of this.#rooms) {
      if (room === 0) continue;
      this.#rooms.set(connection, room - 1);
      return connection;
    }
    return null;
  }

  /** Whether a shell that was ready ends, or is ending, so that something else finds room. */
  #makeRoom(): boolean {
    if (this.#isMakingRoom) return true;
    if (this.#free === 0) return false;
    this.#free -= 1;
    this.#isMakingRoom = true;
    this.actions.push({ do: "makeRoom" });
    return true;
  }
}
