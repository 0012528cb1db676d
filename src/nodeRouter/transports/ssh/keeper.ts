// The process on a node that ends commands: when it is told to, and by itself when the gateway is gone.
import type { ClientChannel } from "ssh2";
import { cleanFact } from "../../../presence/nodeFacts.ts";
import { KEEPER, PONG } from "./bootstrap.ts";
import type { SignalName, SshNodeInfo } from "./contract.ts";
import type { RunnerIdentity } from "./runner.ts";

/** A command whose connection was lost: the node may still run it. */
export type LostCommand = Pick<RunnerIdentity, "processGroup" | "startTime">;

const LINE = new RegExp(`${KEEPER} (os|arch|shell|home|host|ready) ([^\\r\\n]*)\\r?\\n`, "g");
const PONG_LINE = new RegExp(`^${PONG} (\\d{1,15})\r?$`);
const MAX_GREETING = 1 << 16;
/** Of an unfinished line; a longer one is no answer to a ping. */
const MAX_LINE = 1_000;

export class Keeper {
  readonly channel: ClientChannel;
  /** Rejects when the channel closes before. */
  readonly ready: Promise<SshNodeInfo>;
  closed = false;
  /** Pings that wait for their answer, by nonce. */
  readonly #pings = new Map<number, (answered: boolean) => void>();
  #lastNonce = 0;

  /** To be made in the callback that hands out the channel. */
  constructor(channel: ClientChannel) {
    this.channel = channel;
    channel.on("error", () => {});
    channel.stderr.on("error", () => {});
    this.ready = new Promise((resolve, reject) => {
      let text = "";
      let isReady = false;
      const read = (chunk: Buffer): void => {
        if (isReady) return;
        text = (text + chunk.toString("utf8")).slice(-MAX_GREETING);
        const info = infoIn(text);
        if (info === null) return;
        isReady = true;
        resolve(info);
      };
      channel.on("data", read);
      channel.stderr.on("data", read);
      channel.on("data", this.#pongReader());
      channel.once("close", () => {
        this.closed = true;
        for (const settle of this.#pings.values()) settle(false);
        reject(new Error(`the session ended before its shell was ready${said(text)}`));
      });
    });
    this.ready.catch(() => {});
  }

  /**
   * To be called right before the dispatch: the group is then on its way before the command is, so a gateway
   * that dies in between leaves no command that the keeper does not know.
   * @param isOwnConnection whether the command runs on the keeper's own connection.
   */
  watch({ processGroup, parent }: RunnerIdentity, isOwnConnection: boolean): void {
    this.#say(`+ ${processGroup} ${isOwnConnection ? 0 : parent}`);
  }

  forget({ processGroup }: LostCommand): void {
    this.#say(`- ${processGroup}`);
  }

  /** TERM, and KILL 3 s later if it is still there. */
  end({ processGroup }: LostCommand): void {
    this.#say(`T ${processGroup}`);
  }

  signal({ processGroup }: LostCommand, name: SignalName): void {
    this.#say(`S ${processGroup} ${name}`);
  }

  /** Ends what an earlier connection left behind, if it is still the same process. */
  endLost({ processGroup, startTime }: LostCommand): void {
    if (startTime !== "") this.#say(`R ${processGroup} ${startTime}`);
  }

  /**
   * Asks whether it is there. Resolves to whether it answered within `timeoutMs`; false at once when it is closed.
   * Never rejects.
   */
  ping(timeoutMs: number): Promise<boolean> {
    if (this.closed) return Promise.resolve(false);
    this.#lastNonce += 1;
    const nonce = this.#lastNonce;
    return new Promise((resolve) => {
      const settle = (answered: boolean): void => {
        clearTimeout(timer);
        this.#pings.delete(nonce);
        resolve(answered);
      };
      const timer = setTimeout(settle, timeoutMs, false);
      timer.unref();
      this.#pings.set(nonce, settle);
      this.#say(`P ${nonce}`);
    });
  }

  /** Reads what it prints, line by line. */
  #pongReader(): (chunk: Buffer) => void {
    let rest = "";
    return (chunk) => {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = (lines.pop() ?? "").slice(-MAX_LINE);
      for (const line of lines) {
        const nonce = PONG_LINE.exec(line)?.[1];
        if (nonce !== undefined) this.#pings.get(Number(nonce))?.(true);
      }
    };
  }

  /** Ends one that nobody waits for. */
  discard(): void {
    this.channel.end();
    this.channel.close();
  }

  #say(line: string): void {
    if (!this.closed) this.channel.write(`${line}\n`);
  }
}

function infoIn(text: string): SshNodeInfo | null {
  const facts = new Map([...text.matchAll(LINE)].map(([, name = "", value = ""]) => [name, value]));
  if (!facts.has("ready")) return null;
  const fact = (name: string) => facts.get(name) ?? "";
  return {
    os: cleanFact("system", fact("os")) ?? "",
    arch: cleanFact("processor", fact("arch")) ?? "",
    shell: cleanFact("shell", fact("shell")) ?? "",
    home: cleanFact("path", fact("home")) ?? "",
    hostname: cleanFact("host", fact("host")) ?? "",
  };
}

function said(text: string): string {
  const last = text.trim().slice(-500);
  return last === "" ? "" : `: ${JSON.stringify(last)}`;
}
