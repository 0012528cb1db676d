// One authenticated connection: how many sessions it can hold, which it holds, and whether anything is heard of it.
import { Readable } from "node:stream";
import type { Client, ClientChannel, ExecOptions } from "ssh2";
import { safe } from "../../../../shared/safeText.ts";
import { NodeMisbehaved, sever } from "../connect/bounds/guard.ts";

/** sshd's default MaxSessions is 10 a connection; two are left for sessions that were closed and still count there. */
const MAX_SESSIONS = 8;

/** Characters of what the server said. */
const MAX_WORDS = 300;

/** The server would not open one more session. */
export class SessionRefused extends Error {}

/** A session that is open, and what became of it. */
export interface Session {
  readonly channel: ClientChannel;
  /** Whether the connection was lost before the server had ended the session: output may be missing. */
  readonly isCut: () => boolean;
  /** Ends the whole connection: the node sends what it may not. Closing the session would not stop it. */
  readonly fail?: (fact: string) => void;
  /** Resolves when that was done, for whatever session, to why. Nothing that was not read yet is worth waiting for. */
  readonly failed?: Promise<string>;
  /** The session was closed here, and the server does not heed it. */
  readonly hangs?: (fact: string) => void;
}

/** Hands out sessions until it is closed. One that the server neither grants nor refuses stalls it: it takes no more. */
export class Connection {
  readonly client: Client;
  /** Never rejects; resolves when the connection is gone, to what was said last. */
  readonly closed: Promise<string | null>;
  /** What the node did that it may not, and why the connection was therefore ended here. */
  failure: string | null = null;
  /** Told of it at once. */
  onFailure: (fact: string) => void = () => {};
  /** A session of it does not end. */
  onHang: (fact: string) => void = () => {};
  /** Resolves when there is a failure, to it. */
  readonly failed: Promise<string>;
  /** Takes nothing more: it is gone, or about to be. */
  isClosed = false;
  /** A session that was asked for was not answered, or left open: it may count for ever, and the next like it. */
  isStalled = false;
  /** Nothing is heard of it any more. Takes nothing new, and what was to open on it is given up. */
  isSilent = false;
  /** Whether it was ended here and on purpose: that says nothing of the node. */
  isDropped = false;
  /** Pieces of data that came in, whatever they were: a sign of life of the other end. */
  heard = 0;
  /** Open or opening sessions. */
  sessions = 0;
  /** Of these, those that were asked for and neither answered nor given up. */
  opening = 0;
  #limit = MAX_SESSIONS;
  #opened = false;
  /** Sessions that were closed, ever. */
  #closes = 0;
  /** Of these, those that the server cannot count any more: it has answered what was asked for after they closed. */
  #settledCloses = 0;
  readonly #channels = new Set<ClientChannel>();
  readonly #cut = new WeakSet<ClientChannel>();
  /** Openings that were not answered yet, to be given up. */
  readonly #unanswered = new Set<(reason: Error) => void>();
  #gone: () => void = () => {};
  #tellFailure: (fact: string) => void = () => {};

  constructor(client: Client) {
    this.client = client;
    let lastError: string | null = null;
    this.failed = new Promise((resolve) => {
      this.#tellFailure = resolve;
    });
    client.on("error", (error: Error) => {
      lastError = safe(error.message.slice(0, MAX_WORDS));
      if (error instanceof NodeMisbehaved) this.fail(error.message);
      // After the login no error is survived, and ssh2 itself only ends its half of some.
      this.#end();
    });
    socketOf(client)?.on("data", () => {
      this.heard += 1;
    });
    this.closed = new Promise((resolve) => {
      this.#gone = () => {
        this.isClosed = true;
        resolve(this.failure ?? lastError);
      };
    });
    client.once("close", () => {
      // ssh2 closes the channels right after this, as if the server had done it.
      for (const channel of this.#channels) if (!hasEnded(channel)) this.#cut.add(channel);
      this.#gone();
    });
  }

  /** How many more sessions may be asked for. */
  get room(): number {
    return this.isClosed || this.isStalled ? 0 : Math.max(0, this.#limit - this.sessions);
  }

  /** How many sessions the server is known to allow. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Opens a session that runs `command`. `take` gets it in ssh2's own callback, before any event.
   * @param ms after which a server that did not answer is given up.
   * @throws SessionRefused when the server has no room (the limit is then what it may have counted), or is gone.
   */
  open<T>(command: string, options: ExecOptions, ms: number, take: (session: Session) => T): Promise<T> {
    // The server counts no more than these when it comes to this one, so what it refuses here it always would.
    const closesBefore = this.#closes;
    const mostBefore = this.sessions + closesBefore - this.#settledCloses;
    this.sessions += 1;
    this.opening += 1;
    return new Promise<T>((resolve, reject) => {
      let isLate = false;
      const giveUp = (reason: Error): void => {
        clearTimeout(timer);
        this.#unanswered.delete(giveUp);
        isLate = true;
        this.opening -= 1;
        this.isStalled = true;
        reject(reason);
      };
      const timer = setTimeout(() => {
        giveUp(new Error(`the server did not open a session in ${ms / 1000} s`));
      }, ms);
      timer.unref();
      this.#unanswered.add(giveUp);
      const release = () => {
        this.sessions -= 1;
      };
      try {
        this.client.exec(command, options, (error, channel) => {
          clearTimeout(timer);
          this.#unanswered.delete(giveUp);
          if (!isLate) this.opening -= 1;
          this.#settledCloses = Math.max(this.#settledCloses, closesBefore);
          if (error) {
            release();
            // ssh2 gives a reason where the opening itself was refused.
            const isFull = "reason" in error;
            if (isFull && !this.isClosed) {
              this.#limit = Math.min(this.#limit, Math.max(mostBefore, this.#opened ? 1 : 0));
            }
            // There is a session, and only its program was refused: ssh2 forgets to close it.
            if (error.message === "Unable to exec") this.isStalled = true;
            const said = safe(error.message.slice(0, MAX_WORDS));
            const Fault = isFull || this.isClosed ? SessionRefused : Error;
            reject(new Fault(said, { cause: error }));
            return;
          }
          this.#opened = true;
          this.#channels.add(channel);
          channel.once("close", () => {
            this.#channels.delete(channel);
            this.#closes += 1;
            release();
          });
          if (isLate) discard(channel);
          else {
            const { failed } = this;
            const hangs = (fact: string) => {
              this.isStalled = true;
              this.onHang(fact);
            };
            const fail = (fact: string) => this.fail(fact);
            resolve(take({ channel, isCut: () => this.#cut.has(channel), fail, failed, hangs }));
          }
        });
      } catch (error) {
        // ssh2 throws where the connection is gone, even before it tells so.
        clearTimeout(timer);
        this.#unanswered.delete(giveUp);
        this.opening -= 1;
        release();
        this.#end();
        this.#gone();
        reject(error);
      }
    });
  }

  /** Nothing is heard of it, though it was asked. What runs on it goes on: it may be heard again. */
  silence(): void {
    this.isSilent = true;
    this.isStalled = true;
    for (const giveUp of this.#unanswered) giveUp(new SessionRefused("nothing is heard of the server"));
  }

  /** The node sends or holds back what it may not: that says everything of the node. Only the first fact counts. */
  fail(fact: string): void {
    if (this.isClosed) return;
    this.failure = fact;
    this.isClosed = true;
    this.onFailure(fact);
    this.#tellFailure(fact);
    this.#end();
  }

  /**
   * At once. What is running on it is lost. Not ssh2's `end`: with a peer that is gone that never comes to an
   * end, and then nothing else ends it either.
   */
  destroy(): void {
    if (!this.isClosed) this.isDropped = true;
    this.#end();
  }

  #end(): void {
    this.isClosed = true;
    sever(this.client);
  }
}

/** What it reads from. ssh2 keeps it to itself; null where it is not what it was. */
function socketOf(client: Client): Readable | null {
  const socket: unknown = Reflect.get(client, "_sock");
  return socket instanceof Readable ? socket : null;
}

/** Whether the server has said that nothing more comes. ssh2 keeps it to itself; what is not known has not ended. */
function hasEnded(channel: ClientChannel): boolean {
  const incoming: unknown = Reflect.get(channel, "incoming");
  if (typeof incoming !== "object" || incoming === null || !("state" in incoming)) return false;
  return incoming.state === "eof" || incoming.state === "closed";
}

/** Nobody waits for it any more. Read to its end, or else it never tells that it closed. */
function discard(channel: ClientChannel): void {
  channel.on("error", () => {});
  channel.stderr.on("error", () => {});
  channel.resume();
  channel.stderr.resume();
  channel.end();
  channel.close();
}
