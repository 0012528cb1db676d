// One session channel from its opening to its close: a waiting runner, and then the command that it becomes.
import type { ClientChannel } from "ssh2";
import { READY } from "./bootstrap.ts";
import type { Session } from "./connection.ts";
import type { CommandRequest } from "./contract.ts";
import { MarkerStream } from "./markerStream.ts";
import { type CwdFailure, encodeRequest } from "./request.ts";

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
}

/** The first line that the node says about a dispatched command. */
export type StartLine = { readonly kind: "start" } | { readonly kind: "cwd"; readonly reason: CwdFailure };

const READY_LINE = new RegExp(`${READY} (\\d+) (\\d+) *(\\d*) *([^\\r\\n]*)\\r?\\n`);
/** A signal to the group of such a command would end other commands too, or the server itself. */
const SHARED_GROUP =
  "its SSH server gives sessions no process group of their own, and neither setsid nor perl is there to make one, so a command could not be ended alone; install setsid (util-linux) or use OpenSSH's sshd";
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
  /** Whether it was given a command. */
  isUsed = false;
  #greeting = "";

  /**
   * To be made in the callback that hands out the session, before anything is awaited: a short command's exit
   * and close can arrive with the next chunk.
   */
  constructor({ channel, isCut }: Session) {
    this.channel = channel;
    let end: Omit<RunnerEnd, "isCut"> = { exitCode: null, signal: null, told: false };
    this.ended = new Promise((resolve) => {
      channel.on("exit", (code: number | null, signal?: string) => {
        end = { exitCode: code ?? null, signal: signal ?? null, told: true };
      });
      channel.once("close", () => {
        this.closed = true;
        resolve({ ...end, isCut: isCut() });
      });
    });
    channel.on("error", () => {});
    channel.stderr.on("error", () => {});
    this.ready = new Promise((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        // Still read when ready: a channel that nobody reads never tells that it closed.
        if (this.identity !== null) return;
        this.#greeting = (this.#greeting + chunk.toString("latin1")).slice(-MAX_GREETING);
        const said = identityIn(this.#greeting);
        if (said === null) return;
        this.#greeting = "";
        if (!said.leads) {
          reject(new Error(SHARED_GROUP));
          return;
        }
        this.identity = said.identity;
        resolve(said.identity);
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
   * @param heard told of the first line about the command, on each stream: a login shell may have sent one of
   *   them elsewhere.
   */
  dispatch(request: CommandRequest, marker: string, heard: (line: StartLine) => void) {
    const { channel } = this;
    this.isUsed = true;
    channel.removeAllListeners("data");
    channel.stderr.removeAllListeners("data");
    const stdout = new MarkerStream(marker, (rest) => heard(startLine(rest)));
    const stderr = new MarkerStream(marker, (rest) => heard(startLine(rest)));
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

/** `leads`: its process group is its own, as far as the node can tell. */
function identityIn(greeting: string): { readonly identity: RunnerIdentity; readonly leads: boolean } | null {
  const line = READY_LINE.exec(greeting);
  if (line === null) return null;
  const [, pid = "", parent = "", group = "", startTime = ""] = line;
  return {
    identity: {
      parent: Number(parent),
      processGroup: Number(pid),
      startTime: startTime.trim().replace(/\s+/g, " "),
    },
    leads: group === "" || Number(group) === Number(pid),
  };
}

function startLine(rest: string): StartLine {
  const reason = /^cwd (\S+)$/.exec(rest)?.[1];
  if (reason === undefined) return { kind: "start" };
  return { kind: "cwd", reason: reason === "denied" || reason === "not-a-directory" ? reason : "missing" };
}
