// One session channel from its opening to its close: a waiting runner, and then the command that it becomes.
import { constants } from "node:os";
import type { ClientChannel } from "ssh2";
import type { Abandonment, CommandRequest } from "../../transport.ts";
import type { CwdFailure } from "../../workdirRefusal.ts";
import { READY } from "./bootstrap.ts";
import type { Session } from "./connection.ts";
import { FLOODS, Flow, PIECE } from "./flow.ts";
import { Greeting } from "./greeting.ts";
import { after } from "./lines.ts";
import { MarkerStream } from "./markerStream.ts";
import { encodeRequest } from "./request.ts";
import { endedEarly, errorsLost, neverReady, SessionFault } from "./sessionFault.ts";

/** What a runner says of itself while it waits. */
export interface RunnerIdentity {
  /** Pid of what started it: the server's process for this connection, as far as nothing stands between. */
  readonly parent: number;
  readonly processGroup: number;
  /** As /proc or `ps -o lstart=` says it; empty where neither can. With the group it names one process for all time. */
  readonly startTime: string;
}

/** How the channel ended. */
export interface RunnerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Whether the server told how the program ended; false when the connection was lost before. */
  readonly told: boolean;
  /** Whether the connection was lost before all output had come: servers may tell the end before it. */
  readonly isCut: boolean;
  /** Why the connection was ended here, as the node did what it may not; else null. */
  readonly failure: string | null;
  /** Why this session alone was given up; else null. */
  readonly abandoned: string | null;
}

/** After a session was closed here: KILL follows TERM after 3 s. */
const END_MS = 5_000;

/** The first line that the node says about a dispatched command. */
export type StartLine = { readonly kind: "start" } | { readonly kind: "cwd"; readonly reason: CwdFailure };

/** A pid or a process group. */
const NUMBER = /^\d{1,10}$/;
/** Clock ticks, or the words of `ps -o lstart=`. */
const START_TIME = /^[\w:.,+ -]{0,64}$/;
/** A signal to the group of such a command would end other commands too, or the server itself. */
const SHARED_GROUP = new SessionFault(
  "its SSH server gives sessions no process group of their own, and neither setsid nor perl is there to make one, so a command could not be ended alone",
  "Install setsid (util-linux) there, or use OpenSSH's sshd",
);

/** Serves one command: `ready` first, then `dispatch` once, then `ended`. */
export class Runner {
  readonly channel: ClientChannel;
  /** Rejects when the channel closes before. */
  readonly ready: Promise<RunnerIdentity>;
  /** Never rejects. */
  readonly ended: Promise<RunnerEnd>;
  identity: RunnerIdentity | null = null;
  closed = false;
  /** Whether it was given a command. */
  isUsed = false;
  /** What passes the command's output on. */
  #carried: readonly MarkerStream[] = [];
  readonly #greeting: Greeting;
  readonly #fail: (fact: string) => void;
  readonly #hangs: (fact: string) => void;
  #abandoned: (fact: string) => void = () => {};

  /**
   * To be made in the callback that hands out the session, before anything is awaited: a short command's exit
   * and close can arrive with the next chunk.
   */
  constructor({ channel, isCut, fail, failed, hangs }: Session) {
    this.channel = channel;
    this.#fail = fail ?? (() => this.discard());
    this.#hangs = hangs ?? (() => {});
    let end: Omit<RunnerEnd, "isCut"> = {
      exitCode: null,
      signal: null,
      told: false,
      failure: null,
      abandoned: null,
    };
    this.ended = new Promise((resolve) => {
      channel.on("exit", (code: number | null, signal?: string) => {
        end = { ...end, exitCode: code ?? null, signal: signalName(signal), told: true };
      });
      channel.once("close", () => {
        this.closed = true;
        resolve({ ...end, isCut: isCut() });
      });
      // A channel tells its end only when all of it was read, and a reader may be slow, or gone.
      void failed?.then((failure) => {
        this.closed = true;
        this.#cutOff();
        resolve({ ...end, isCut: true, failure });
      });
      this.#abandoned = (abandoned) => {
        this.#cutOff();
        resolve({ ...end, isCut: true, abandoned });
      };
    });
    channel.on("error", () => {});
    channel.stderr.on("error", () => {});
    const { promise, resolve, reject } = Promise.withResolvers<RunnerIdentity>();
    this.ready = promise;
    let said: ReturnType<typeof identityIn> = null;
    const onLine = (line: string): void => {
      said ??= identityIn(line);
      if (said === null || this.#greeting.awaitsErrors) return;
      this.#greeting.end();
      if (!said.leads) {
        reject(SHARED_GROUP);
        return;
      }
      this.identity = said.identity;
      this.#watchIdle();
      resolve(said.identity);
    };
    this.#greeting = new Greeting([channel, channel.stderr], {
      onLine,
      onExcess: (fact) => {
        reject(new Error(fact));
        this.#fail(fact);
      },
      onFault: reject,
    });
    channel.once("close", () => {
      const how = !end.told
        ? ""
        : end.signal === null
          ? ` with code ${end.exitCode}`
          : ` by signal ${end.signal}`;
      // Rejected already where it was closed here.
      reject(endedEarly(how, this.greeting));
    });
    // Whoever waits for it hears of it; nobody may be waiting.
    this.ready.catch(() => {});
  }

  /** What the login shell printed so far, for an error message. */
  get greeting(): string {
    return this.#greeting.text;
  }

  /** Whether it has said where its streams lead, so that more can be asked of it; see `prove`. */
  get isProvable(): boolean {
    return this.#greeting.isProvable;
  }

  /** What it is that did not come in time. */
  late(ms: number): SessionFault {
    return this.#greeting.awaitsErrors ? errorsLost(ms) : neverReady(ms, this.greeting);
  }

  /**
   * Sends the request, and the input behind it in the same flight. From here on the command may run.
   * @param heard told of the first line about the command, on each stream: a login shell may have sent one of
   *   them elsewhere.
   */
  dispatch(request: CommandRequest, marker: string, heard: (line: StartLine) => void) {
    const { channel } = this;
    this.isUsed = true;
    channel.removeAllListeners("data");
    channel.stderr.removeAllListeners("data");
    const cut = () => new MarkerStream(marker, (rest) => heard(startLine(rest)), this.#fail, isStartLine);
    const [stdout, stderr] = [cut(), cut()];
    this.#carried = [stdout, stderr];
    channel.pipe(stdout);
    channel.stderr.pipe(stderr);
    channel.write(encodeRequest(request, marker));
    if (request.input !== undefined && request.input !== null) channel.end(request.input);
    return { stdout, stderr };
  }

  /** One that waits says nothing; a start file's own background process may, a little. */
  #watchIdle(): void {
    const flow = new Flow();
    const read = (chunk: Buffer): void => {
      if (flow.exceeds(chunk.length + PIECE, performance.now())) this.#fail(`a shell that waits ${FLOODS}`);
    };
    this.channel.on("data", read);
    this.channel.stderr.on("data", read);
  }

  /** See `RunningCommand`; for one that was given a command. */
  abandon(fact: string, how: Abandonment): void {
    if (how === "fail") {
      this.#fail(fact);
      return;
    }
    this.#abandoned(fact);
    this.discard();
    const timer = setTimeout(() => this.closed || this.#hangs(fact), END_MS);
    timer.unref();
    this.channel.once("close", () => clearTimeout(timer));
  }

  /** What comes is read and dropped. */
  #cutOff(): void {
    for (const stream of this.#carried) stream.destroy();
    this.channel.resume();
    this.channel.stderr.resume();
  }

  /** Ends a session whose program still waits: it sees the end of its input. */
  discard(): void {
    this.channel.end();
    this.channel.close();
  }
}

/** `leads`: its process group is its own, as far as the node can tell. Null: no line of a runner. */
export function identityIn(
  line: string,
): { readonly identity: RunnerIdentity; readonly leads: boolean } | null {
  const [pid = "", parent = "", group = pid, ...start] = words(after(READY, line) ?? "");
  if (![pid, parent, group].every((word) => NUMBER.test(word))) return null;
  const startTime = start.join(" ");
  return {
    identity: {
      parent: Number(parent),
      processGroup: Number(pid),
      startTime: START_TIME.test(startTime) ? startTime : "",
    },
    leads: Number(group) === Number(pid),
  };
}

/** SECURITY: the server sends any text as the name of a signal. */
function signalName(signal: string | undefined): string | null {
  if (signal === undefined) return null;
  return Object.hasOwn(constants.signals, signal) ? signal : "SIGUNKNOWN";
}

/** What follows the marker in a line of ours. In the request it is followed by a number, and an echo of that is none. */
function isStartLine(rest: string): boolean {
  return rest === "" || rest === "start" || /^cwd [a-z-]{1,20}$/.test(rest);
}

function startLine(rest: string): StartLine {
  const [word, reason] = words(rest);
  if (word !== "cwd") return { kind: "start" };
  return { kind: "cwd", reason: reason === "denied" || reason === "not-a-directory" ? reason : "missing" };
}

function words(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}
