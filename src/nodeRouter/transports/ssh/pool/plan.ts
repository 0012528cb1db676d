// What is to be done for one node next: which command goes to which shell, what is opened, ended and refused. Pure.
import type { Action, Fault, Occasion, PoolView, Room, Waiting } from "./planView.ts";

/** At most so many connections are on their way at once: sshd drops some of many (MaxStartups). */
const CONNECTING = 2;

/** What it returns is to be done in its order. */
export function plan<C extends Room, W extends Waiting>(
  view: PoolView<C, W>,
  occasion: Occasion,
): readonly Action<C, W>[] {
  const draft = new Draft(view);
  switch (occasion.is) {
    case "change":
      draft.change();
      break;
    case "presence":
      draft.presence();
      break;
    case "fault":
      draft.fault(occasion);
      break;
    case "spell":
      draft.spell(occasion.stock);
      break;
    case "idle":
      draft.idle();
      break;
  }
  return draft.actions;
}

/** A plan on its way: what it has given away so far, and what it may still give. */
class Draft<C extends Room, W extends Waiting> {
  readonly actions: Action<C, W>[] = [];
  #waiting: readonly W[];
  #running: number;
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
    this.#waiting = view.queue;
    this.#running = view.running;
    this.#rooms = new Map(view.connections.map((connection) => [connection, connection.room]));
    this.#free = view.free;
    this.#warming = view.warming;
    this.#opening = view.opening;
    this.#keeper = view.keeper;
    this.#isMakingRoom = view.isMakingRoom;
  }

  change(): void {
    this.#serve();
    const { stock, presence, usable, connecting } = this.#view;
    if (this.#waiting.length + stock + this.#running === 0) {
      if (presence.isHeld) this.presence();
      return;
    }
    this.#holdKeeper();
    const isStocked = this.#openRunners();
    const background = this.#waiting.filter(({ isBackground }) => isBackground).length;
    if (this.#waiting.length + stock + this.#running > background) this.#reach(isStocked);
    else if (usable + connecting === 0) this.actions.push({ do: "refuseBackground" });
  }

  /** What presence needs to ask the node: a keeper, and a connection where none is open. */
  presence(): void {
    const { keeper, usable, connecting, isFull, isClosing, presence } = this.#view;
    if (keeper !== "none" || isClosing) return;
    if (usable > 0) {
      if (presence.mayOpenKeeper) this.#holdKeeper();
    } else if (presence.isHeld && presence.mayConnect && connecting === 0 && !isFull) {
      this.actions.push({ do: "probe" });
    }
  }

  /** Nobody used it for long. */
  idle(): void {
    const { presence, free, connections } = this.#view;
    if (presence.isHeld) this.actions.push({ do: "endFree", count: free });
    else this.#close(connections);
  }

  /**
   * After a failure. Nothing is opened then before another event asks for it: a login shell that always fails would
   * fail for ever.
   */
  fault({ refusal, isKeeper }: Fault): void {
    if (this.#waiting.length > 0 && !this.#isServed(isKeeper)) this.actions.push({ do: "refuse", refusal });
  }

  /** What was not needed for a while goes: shells beyond the stock, and connections on which nothing is left. */
  spell(stock: number): void {
    const { queue, connecting, connections, usable } = this.#view;
    const count = Math.min(this.#free, this.#free + this.#warming - this.#plain() - stock);
    if (count > 0) this.actions.push({ do: "endFree", count });
    if (queue.length + connecting > 0) return;
    const empty = connections.filter(({ room, sessions }) => room > 0 && sessions === 0);
    // One stays for the next command.
    this.#close(empty.slice(empty.length === usable ? 1 : 0));
  }

  /** Gives waiting commands to waiting shells, and opens terminals. */
  #serve(): void {
    if (this.#keeper !== "ready") return;
    this.#waiting = this.#view.queue.filter((command) => {
      if (!command.isTerminal) {
        if (this.#free === 0) return true;
        this.#free -= 1;
        this.#running += 1;
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

  #holdKeeper(): void {
    if (this.#keeper !== "none") return;
    const on = this.#takeRoom();
    if (on === null) this.#makeRoom();
    else {
      this.#keeper = "coming";
      this.actions.push({ do: "openKeeper", on });
    }
  }

  /** For the queue and the stock. Whether there was room for all. */
  #openRunners(): boolean {
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
  #reach(isStocked: boolean): void {
    const { usable, connecting, isTried, isDemanded, isOnlyProbing, isFull, refusal } = this.#view;
    const plain = this.#waiting.filter(({ isTerminal, isBackground }) => !isTerminal && !isBackground).length;
    const ready = this.#free + this.#warming;
    // Before the keeper is there no terminal opens: a shell that went for one would be opened again in its place.
    const isTerminalDue = this.#keeper === "ready" && this.#waiting.some(({ isTerminal }) => isTerminal);
    const lacksTerminal = isTerminalDue && !this.#hasRoom() && !this.#makeRoom();
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
    if (refusal === null || !isRefused || this.#waiting.length === 0 || this.#isServed()) return;
    this.actions.push({ do: "refuse", refusal });
  }

  /** Whether something that is open or on its way can still serve those that wait. */
  #isServed(isKeeperLost = false): boolean {
    const { isOnlyProbing, connecting, isRunningHeard, running } = this.#view;
    if (isKeeperLost && this.#keeper === "none") return false;
    const coming = (isOnlyProbing ? 0 : connecting) + this.#warming + this.#opening;
    if (coming > 0 || isRunningHeard || this.#running > running || this.#keeper === "coming") return true;
    // Without a keeper, waiting shells serve nobody.
    return this.#keeper === "ready" && this.#free > 0;
  }

  #plain(): number {
    return this.#waiting.filter(({ isTerminal }) => !isTerminal).length;
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

  #close(connections: readonly C[]): void {
    this.actions.push(...connections.map((on) => ({ do: "closeConnection", on }) as const));
  }
}
