// One authenticated connection: how many sessions it can hold, and which it holds.
import type { Client, ClientChannel, ExecOptions } from "ssh2";

/** sshd's default MaxSessions is 10; two are left for the operator's own multiplexed use. */
const MAX_SESSIONS = 8;

/** The server would not open one more session. */
export class SessionRefused extends Error {}

export class Connection {
  readonly client: Client;
  /** Never rejects; resolves when the connection is gone. */
  readonly closed: Promise<string | null>;
  isClosed = false;
  /** Open or opening sessions. */
  sessions = 0;
  #limit = MAX_SESSIONS;
  #opened = false;

  constructor(client: Client) {
    this.client = client;
    let lastError: string | null = null;
    client.on("error", (error: Error) => {
      lastError = error.message;
    });
    this.closed = new Promise((resolve) => {
      client.once("close", () => {
        this.isClosed = true;
        resolve(lastError);
      });
    });
  }

  /** Whether one more session may be asked for. */
  get hasRoom(): boolean {
    return !this.isClosed && this.sessions < this.#limit;
  }

  /** How many sessions the server is known to allow. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Opens a session that runs `command`. `take` gets the channel in ssh2's own callback, before any event.
   * @throws SessionRefused when the server has no room: the limit is then what is open now.
   */
  open<T>(command: string, options: ExecOptions, take: (channel: ClientChannel) => T): Promise<T> {
    this.sessions += 1;
    return new Promise<T>((resolve, reject) => {
      const release = () => {
        this.sessions -= 1;
      };
      try {
        this.client.exec(command, options, (error, channel) => {
          if (error) {
            release();
            // ssh2 gives a reason where the opening itself was refused.
            // A session that was just closed here may still count there: one is always worth asking for again.
            if ("reason" in error && !this.isClosed) {
              this.#limit = Math.min(this.#limit, Math.max(this.sessions, this.#opened ? 1 : 0));
            }
            reject(new SessionRefused(error.message, { cause: error }));
            return;
          }
          this.#opened = true;
          channel.once("close", release);
          resolve(take(channel));
        });
      } catch (error) {
        release();
        reject(error);
      }
    });
  }

  /** Lets what is running end the connection's use first. */
  end(): void {
    this.client.end();
  }

  destroy(): void {
    this.client.destroy();
  }
}
