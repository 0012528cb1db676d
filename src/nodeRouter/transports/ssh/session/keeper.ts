// The process on a node that ends commands: when it is told to, and by itself when the gateway is gone.
import { randomBytes } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { cleanFact } from "../../../../presence/nodeFacts.ts";
import { safe } from "../../../../shared/safeText.ts";
import type { SignalName, SshNodeInfo } from "../../transport.ts";
import { KEEPER, PONG } from "./bootstrap.ts";
import type { Session } from "./connection.ts";
import { FLOODS, Flow, PIECE } from "./flow.ts";
import { Greeting } from "./greeting.ts";
import { after, LineReader, utf8 } from "./lines.ts";
import type { RunnerIdentity } from "./runner.ts";
import { endedEarly, neverReady, type SessionFault, TERMINAL } from "./sessionFault.ts";

/** A command whose connection was lost: the node may still run it. */
export type LostCommand = Pick<RunnerIdentity, "processGroup" | "startTime">;

const PONG_START = `${PONG} `;
/** Of an answer to a ping. */
const MAX_LINE = 128;
/** Facts that a keeper tells of its node, in the order in which it does. */
const FACTS = ["os", "arch", "shell", "home", "host"] as const;
/** Pings that nobody waits for any more, and whose answers may still come. */
const MAX_LATE = 256;

/**
 * One a connection. Signals go to a command's process group; what is still running when the connection is lost it ends by
 * itself.
 */
export class Keeper {
  readonly channel: ClientChannel;
  /** Rejects when the channel closes before. */
  readonly ready: Promise<SshNodeInfo>;
  closed = false;
  /** What it is that did not come in time. */
  readonly late: (ms: number) => SessionFault;
  /** Pings that wait for their answer, by nonce. */
  readonly #pings = new Map<string, (answered: boolean) => void>();
  /** Nonces of those that were not answered in time: their answers are late, and no lies. */
  readonly #late = new Set<string>();
  readonly #fail: (fact: string) => void;

  /**
   * To be made in the callback that hands out the channel.
   * @param fail ends its connection; told why.
   */
  constructor({ channel, fail }: Pick<Session, "channel" | "fail">) {
    this.channel = channel;
    this.#fail = fail ?? (() => this.discard());
    channel.on("error", () => {});
    channel.stderr.on("error", () => {});
    const { promise, resolve, reject } = Promise.withResolvers<SshNodeInfo>();
    this.ready = promise;
    const facts = new Map<string, string>();
    const onLine = (line: string): void => {
      const [name = "", value = ""] = split(after(KEEPER, line) ?? "");
      if (FACTS.some((fact) => fact === name)) facts.set(name, utf8(value));
      if (name !== "ready") return;
      greeting.end();
      this.#listen();
      resolve(infoOf(facts));
    };
    const greeting = new Greeting([channel, channel.stderr], {
      onLine,
      onExcess: (fact) => {
        reject(new Error(fact));
        this.#fail(fact);
      },
      // That its streams are joined does not matter to it.
      onFault: (fault) => fault === TERMINAL && reject(fault),
    });
    this.late = (ms) => neverReady(ms, greeting.text);
    let how = "";
    channel.once("exit", (code: number | null, signal?: string) => {
      how = signal === undefined ? ` with code ${code}` : ` by signal ${safe(signal.slice(0, 20))}`;
    });
    channel.once("close", () => {
      this.closed = true;
      for (const settle of this.#pings.values()) settle(false);
      reject(endedEarly(how, greeting.text));
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
    // SECURITY: random, so that no answer can come ahead of its question.
    const nonce = randomBytes(8).toString("hex");
    return new Promise((resolve) => {
      const settle = (answered: boolean): void => {
        clearTimeout(timer);
        this.#pings.delete(nonce);
        resolve(answered);
      };
      const timer = setTimeout(() => {
        this.#late.add(nonce);
        const [oldest] = this.#late;
        if (this.#late.size > MAX_LATE && oldest !== undefined) this.#late.delete(oldest);
        settle(false);
      }, timeoutMs);
      timer.unref();
      this.#pings.set(nonce, settle);
      this.#say(`P ${nonce}`);
    });
  }

  /** Reads what it prints once it is ready: answers to pings, and little else. */
  #listen(): void {
    const flow = new Flow();
    const lines = new LineReader({ lineBytes: MAX_LINE, bytes: Number.POSITIVE_INFINITY });
    const isTooMuch = (chunk: Buffer): boolean => {
      const exceeds = flow.exceeds(chunk.length + PIECE, performance.now());
      if (exceeds) this.#fail(`its keeper ${FLOODS}`);
      return exceeds;
    };
    this.channel.stderr.on("data", isTooMuch);
    this.channel.on("data", (chunk: Buffer) => {
      if (isTooMuch(chunk)) return;
      for (const line of lines.read(chunk)) {
        if (line.startsWith(PONG_START)) this.#answered(line.slice(PONG_START.length));
      }
    });
  }

  #answered(nonce: string): void {
    const settle = this.#pings.get(nonce);
    if (settle !== undefined) settle(true);
    else if (!this.#late.delete(nonce)) this.#fail("its keeper answered a question that nobody had asked");
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

/**
 * SECURITY: the node chooses these words, and they reach prompts and messages: what does not look like what it should
 * be is left out.
 */
function infoOf(facts: ReadonlyMap<string, string>): SshNodeInfo {
  const fact = (name: (typeof FACTS)[number]) => facts.get(name) ?? "";
  return {
    os: cleanFact("system", fact("os")) ?? "",
    arch: cleanFact("processor", fact("arch")) ?? "",
    shell: cleanFact("shell", fact("shell")) ?? "",
    home: cleanFact("path", fact("home")) ?? "",
    hostname: cleanFact("host", fact("host")) ?? "",
  };
}

/** At the first blank. */
function split(text: string): readonly [string, string] {
  const at = text.indexOf(" ");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
