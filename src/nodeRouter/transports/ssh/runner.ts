// One session channel from its opening to its close: a waiting runner, and then the command that it becomes.
import type { ClientChannel } from "ssh2";
import { READY } from "./bootstrap.ts";
import type { CommandRequest } from "./contract.ts";
import { MarkerStream } from "./markerStream.ts";
import { type CwdFailure, encodeRequest } from "./request.ts";

/** What a runner says of itself while it waits. */
export interface RunnerIdentity {
  /** Pid of what started it: the server's process for this connection, as far as nothing stands between. */
  readonly parent: number;
  readonly processGroup: number;
  /** As `ps -o lstart=` says it; empty where `ps` cannot. With the group it names one process for all time. */
  readonly startTime: string;
}

/** How the channel ended. */
export interface RunnerEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Whether the server told how the program ended; false when the connection was lost before. */
  readonly told: boolean;
}

/** The first line that the node says about a dispatched command. */
export type StartLine = { readonly kind: "start" } | { readonly kind: "cwd"; readonly reason: CwdFailure };

const READY_LINE = new RegExp(`${READY} (\\d+) (\\d+) *(\\d*) *([^\\r\\n]*)\\r?\\n`);
/** A greeting longer than this is dropped from its front. */
const MAX_GREETING = 1 << 16;
const MAX_GREETING_SHOWN = 500;

export class Runner {
  readonly channel: ClientChannel;
  /** Rejects when the channel closes before. */
  readonly ready: Promise<RunnerIdentity>;
  /** Never rejects. */
  readonly ended: Promise<RunnerEnd>;
  identity: RunnerIdentity | null = null;
  closed = false;
  #greeting = "";

  /**
   * To be made in the callback that hands out the channel, before anything is awaited: a short command's exit
   * and close can arrive with the next chunk.
   */
  constructor(channel: ClientChannel) {
    this.channel = channel;
    let end: RunnerEnd = { exitCode: null, signal: null, told: false };
    this.ended = new Promise((resolve) => {
      channel.on("exit", (code: number | null, signal?: string) => {
        end = { exitCode: code ?? null, signal: signal ?? null, told: true };
      });
      channel.once("close", () => {
        this.closed = true;
        resolve(end);
      });
    });
    channel.on("error", () => {});
    channel.stderr.on("error", () => {});
    this.ready = new Promise((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        // Still read when ready: a channel that nobody reads never tells that it closed.
        if (this.identity !== null) return;
        this.#greeting = (this.#greeting + chunk.toString("latin1")).slice(-MAX_GREETING);
        this.identity = identityIn(this.#greeting);
        if (this.identity !== null) resolve(this.identity);
      };
      channel.on("data", read);
      channel.stderr.on("data", read);
      channel.once("close", () => reject(new Error("the session ended before its shell was ready")));
    });
    // Whoever waits for it hears of it; nobody may be waiting.
    this.ready.catch(() => {});
  }

  /** What the login shell printed so far, for an error message. */
  get greeting(): string {
    return this.#greeting.trim().slice(-MAX_GREETING_SHOWN);
  }

  /**
   * Sends the request, and the input behind it in the same flight. From here on the command may run.
   * @param heard told once, with the first line about the command.
   */
  dispatch(request: CommandRequest, marker: string, heard: (line: StartLine) => void) {
    const { channel } = this;
    const isTerminal = (request.pty ?? null) !== null;
    channel.removeAllListeners("data");
    channel.stderr.removeAllListeners("data");
    const stdout = new MarkerStream(marker, (rest) => (isTerminal ? heard(startLine(rest)) : undefined));
    const stderr = new MarkerStream(marker, (rest) => (isTerminal ? undefined : heard(startLine(rest))));
    channel.pipe(stdout);
    channel.stderr.pipe(stderr);
    channel.write(encodeRequest(request, marker));
    if (request.input !== undefined && request.input !== null) channel.end(request.input);
    return { stdout, stderr };
  }

  /** Ends a session whose program still waits: it sees the end of its input. */
  discard(): void {
    this.channel.end();
    this.channel.close();
  }
}

function identityIn(greeting: string): RunnerIdentity | null {
  const line = READY_LINE.exec(greeting);
  if (line === null) return null;
  const [, pid = "", parent = "", group = "", startTime = ""] = line;
  return {
    parent: Number(parent),
    processGroup: Number(group === "" ? pid : group),
    startTime: startTime.trim().replace(/\s+/g, " "),
  };
}

function startLine(rest: string): StartLine {
  const reason = /^cwd (\S+)$/.exec(rest)?.[1];
  if (reason === undefined) return { kind: "start" };
  return { kind: "cwd", reason: reason === "denied" || reason === "not-a-directory" ? reason : "missing" };
}
