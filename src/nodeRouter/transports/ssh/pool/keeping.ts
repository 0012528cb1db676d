// The keeper of one node: which it is, what it must know, and what is to be ended when the next one comes.

import { within } from "../../../../shared/deadline.ts";
import type { SignalName, SshNodeInfo } from "../../transport.ts";
import { launchCommands } from "../session/bootstrap.ts";
import type { Connection } from "../session/connection.ts";
import { Keeper, type LostCommand } from "../session/keeper.ts";
import type { RunnerIdentity } from "../session/runner.ts";
import { NO_INPUT } from "../session/sessionFault.ts";
import { afterRefusal, afterSuccess, LASTS_MS, NEVER_PROBED, type Probing, probeWaitMs } from "./breaker.ts";

/** A command that runs, as a new keeper has to know it. */
export interface Kept {
  readonly identity: RunnerIdentity;
  readonly connection: Connection;
  /** Whether it was told to end. */
  readonly isEnding: boolean;
}

export interface KeepingOptions {
  /** After which a keeper that is not ready counts as failed. */
  readonly readyMs: number;
  /** Epoch ms. */
  readonly now: () => number;
  readonly running: () => readonly Kept[];
  /** The keeper is gone, and there is none now. */
  readonly onEnd: () => void;
}

interface Held {
  readonly keeper: Keeper;
  readonly connection: Connection;
  /** Epoch ms. */
  readonly sinceMs: number;
}

export class Keeping {
  readonly #options: KeepingOptions;
  #held: Held | null = null;
  /** On connections of which nothing is heard: they may be heard again, and must not act on what is over. */
  readonly #former = new Set<Held>();
  #opening: Connection | null = null;
  #lost: LostCommand[] = [];
  #info: SshNodeInfo | null = null;
  #probing: Probing = NEVER_PROBED;

  constructor(options: KeepingOptions) {
    this.#options = options;
  }

  /** What the first one told of the node; null before. */
  get info(): SshNodeInfo | null {
    return this.#info;
  }

  get current(): Keeper | null {
    return this.#held?.keeper ?? null;
  }

  get isPending(): boolean {
    return this.#opening !== null && !this.#opening.isSilent && !this.#opening.isClosed;
  }

  /** Whether one may be opened for presence alone: where a shell never gets ready it is tried less and less. */
  get mayOpen(): boolean {
    return probeWaitMs(this.#probing, this.#options.now()) === 0;
  }

  noteUseless(): void {
    this.#probing = afterRefusal(this.#probing, this.#options.now());
  }

  /** @throws Error that says why there is none */
  async open(connection: Connection): Promise<void> {
    this.#opening = connection;
    const { readyMs } = this.#options;
    try {
      const { keeper: command } = launchCommands(false);
      const keeper = await connection.open(command, {}, readyMs, (session) => new Keeper(session));
      keeper.channel.once("close", () => this.#ended(keeper));
      try {
        this.#info = await within(keeper.ready, readyMs, () => keeper.late(readyMs));
        if (connection.isSilent) throw new Error("nothing is heard of the server");
      } catch (error) {
        keeper.discard();
        throw error;
      }
      if (keeper.closed) throw NO_INPUT;
      this.#held = { keeper, connection, sinceMs: this.#options.now() };
      this.#introduce(keeper, connection);
    } finally {
      if (this.#opening === connection) this.#opening = null;
    }
  }

  /** Right before the command is sent. */
  watch(identity: RunnerIdentity, connection: Connection): void {
    this.#held?.keeper.watch(identity, this.#held.connection === connection);
  }

  forget(identity: RunnerIdentity): void {
    this.#held?.keeper.forget(identity);
    for (const { keeper } of this.#former) keeper.forget(identity);
  }

  /** Whether there is a keeper to tell. */
  signal(identity: RunnerIdentity, name: SignalName): boolean {
    const keeper = this.current;
    if (keeper === null) return false;
    if (name !== "TERM") keeper.signal(identity, name);
    if (isEnd(name)) keeper.end(identity);
    return true;
  }

  /** Nobody sees its end any more, so it is ended: now, or when the node is reached again. */
  abandon(identity: RunnerIdentity, connection: Connection): void {
    const held = this.#held;
    if (held !== null && held.connection !== connection && !held.keeper.closed) held.keeper.end(identity);
    else this.#lost.push({ processGroup: identity.processGroup, startTime: identity.startTime });
  }

  /** Nothing of this connection is used any more. */
  leave(connection: Connection): void {
    if (this.#held?.connection === connection) this.#held = null;
    for (const former of this.#former) if (former.connection === connection) this.#former.delete(former);
  }

  /** Nothing is heard of this connection: another keeper is needed, and this one goes on as long as it can. */
  retire(connection: Connection): void {
    if (this.#held?.connection !== connection) return;
    this.#former.add(this.#held);
    this.#held = null;
  }

  #ended(keeper: Keeper): void {
    for (const former of this.#former) if (former.keeper === keeper) this.#former.delete(former);
    if (this.#held?.keeper !== keeper) return;
    const { connection, sinceMs } = this.#held;
    this.#held = null;
    if (this.#options.now() - sinceMs >= LASTS_MS) this.#probing = afterSuccess(this.#probing);
    else if (!connection.isClosed) this.noteUseless();
    this.#options.onEnd();
  }

  /** A new keeper learns of the commands that run, and ends those that an earlier connection left behind. */
  #introduce(keeper: Keeper, connection: Connection): void {
    for (const { identity, connection: own, isEnding } of this.#options.running()) {
      keeper.watch(identity, own === connection);
      if (isEnding) keeper.end(identity);
    }
    for (const lost of this.#lost) keeper.endLost(lost);
    this.#lost = [];
  }
}

export function isEnd(name: SignalName): boolean {
  return name === "TERM" || name === "KILL";
}
