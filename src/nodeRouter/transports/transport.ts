// What a transport offers to the rest of the plugin: one command on one node, three outcomes.
import type { Readable, Writable } from "node:stream";
import { defineSlot } from "../../shared/processMemory.ts";
import type { Refusal } from "../../shared/refusal.ts";

/** One command. Everything in it travels over the channel's stdin, nothing in an argument list on the node. */
export interface CommandRequest {
  /** POSIX shell text, run by `/bin/sh`. */
  readonly script: string;
  /** `$1`, `$2`, … of the script. */
  readonly args?: readonly string[];
  /** Variables to export; names must be what POSIX `export` takes. */
  readonly env?: Readonly<Record<string, string>>;
  /** Absolute directory on the node; null: the login's home. */
  readonly cwd?: string | null;
  /** Make `cwd` when it is missing. */
  readonly makeCwd?: boolean;
  /** Directories before PATH. */
  readonly pathPrepend?: readonly string[];
  /** A terminal: stdout and stderr are then one stream. */
  readonly pty?: PtySize | null;
  /** Input sent right behind the command, in the same flight, then end of file. Null: stdin stays open. */
  readonly input?: Buffer | null;
  /** Ends a command that nobody waits for any more. */
  readonly abortSignal?: AbortSignal | undefined;
  /** Nobody's work: it makes no connection, keeps none open, and is refused where there is none. */
  readonly isBackground?: boolean;
  /** What the audit says of it, so that its record is closed truthfully even where the gateway ends before the command. */
  readonly auditRecord?: string;
  /** Of the agent's session: a paired node's own exec approvals may be another agent's business. */
  readonly sessionKey?: string;
  /** Whether a person agreed to this very call: a paired node whose own approvals are strict asks for it. */
  readonly approved?: boolean;
}

export interface PtySize {
  readonly rows: number;
  readonly cols: number;
  readonly term: string;
}

export type SignalName = "HUP" | "INT" | "QUIT" | "KILL" | "TERM" | "USR1" | "USR2";

/**
 * How a command ended. Never mixed:
 * `ran`: it ended by itself or by a signal, and this is how.
 * `notStarted`: proven not to have begun, so trying again is safe.
 * `unknown`: it was or may have been begun, and its end or all of its output was not seen. Never run it again by itself.
 */
export type Outcome =
  | { readonly kind: "ran"; readonly exitCode: number | null; readonly signal: string | null }
  | ({ readonly kind: "notStarted" } & Refusal)
  | ({
      readonly kind: "unknown";
      /** Of the command on the node; null when it was not told. */
      readonly processGroup: number | null;
    } & Refusal);

/** A command that was asked for. Streams may be used at once; they end when `outcome` is settled. */
export interface RunningCommand {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the shell on the node has begun; null when the command never began. Never rejects. */
  readonly started: Promise<{ readonly processGroup: number } | null>;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /**
   * Sends a signal to the whole remote process group. TERM and KILL are sure: KILL follows 3 s after a TERM
   * that did not end it. Before the dispatch it cancels the command: the outcome is then `notStarted`.
   */
  signal(name: SignalName): void;
  /**
   * Nobody waits for it any longer: `outcome` settles now and the output ends. Before the dispatch that cancels it;
   * afterwards it is killed, and its session closed. Where the session does not end by that, nothing new begins on
   * its connection, which ends as soon as nothing else runs on it.
   * @param how `fail`: ends the whole connection at once, because the node did what no honest node does.
   */
  abandon(fact: string, how: Abandonment): void;
}

export type Abandonment = "end" | "fail";

/** Six numbers a node, as `status` shows them. */
export interface SshCounters {
  /** Connections that are authenticated and open. */
  readonly connected: number;
  /** Warm runners: sessions that wait for a command. */
  readonly free: number;
  /** Connections and runners on their way up. */
  readonly pending: number;
  /** Commands that wait for a session. */
  readonly queued: number;
  /** Commands that are running. */
  readonly running: number;
  /** Sessions in use or warm: the pool's size. */
  readonly size: number;
}

/** What a node said of itself over its open connection; empty where it said nothing that could be believed. */
export interface SshNodeInfo {
  /** `uname -s`, e.g. `Linux`, `Darwin`. */
  readonly os: string;
  /** `uname -m`. */
  readonly arch: string;
  /** The login shell's path. */
  readonly shell: string;
  readonly home: string;
  readonly hostname: string;
}

/** What came of asking a node whether it is there. */
export type PingResult =
  /** `rttMs`: until the answer; null when it was late, and other data came from the node meanwhile. */
  | { readonly kind: "up"; readonly rttMs: number | null }
  /** No answer in time, and nothing else was heard of it. */
  | { readonly kind: "silent" }
  /** It cannot be reached: refused, not answered or closed while a connection was made. */
  | { readonly kind: "down"; readonly reason: string }
  /** It could not be asked: login, host key, settings, no connection. Says nothing of the node. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface PingOptions {
  /** Whether a connection is made where there is none, and kept open while pings come. Default false. */
  readonly connect?: boolean;
}

/** A way to run commands on nodes. @typeParam N how it names a node. */
export interface CommandTransport<N> {
  /** Starts one command. Never throws: what goes wrong is the outcome. */
  start(node: N, request: CommandRequest): RunningCommand;
  /** Makes ready ahead of use what the first command needs; errors are kept for that command. */
  warm(node: N): void;
}

/** All nodes that are reached over SSH, by their inventory names. One in a gateway process. */
export interface SshTransport extends CommandTransport<string> {
  /**
   * Asks a node whether it is there, by one line to its keeper. Resolves within about `timeoutMs`, never rejects.
   * A connection of which nothing is heard in two pings gets no more commands; those that run on it go on.
   */
  ping(node: string, timeoutMs: number, options?: PingOptions): Promise<PingResult>;
  /** With what still runs by settings that the node has no longer. Null: no connection was made to this node yet. */
  counters(node: string): SshCounters | null;
  /** Null: not known yet. */
  info(node: string): SshNodeInfo | null;
  /** Why the last session that was to be opened could not be; null: it could, or none was. */
  fault?(node: string): Refusal | null;
  /** Nodes with a pool. */
  nodes(): readonly string[];
  /** Ends idle connections and waits for running commands. */
  close(): Promise<void>;
  /** Ends everything at once. */
  destroy(): void;
}

/** What a script may cost whose output is kept. */
export interface CollectLimits {
  /** Bytes of output; more is an excess. Default 1 MiB. */
  readonly maxStdout?: number;
  /** Bytes of stderr that are kept; what follows them is dropped. Default 64 KiB. */
  readonly maxStderr?: number;
  /**
   * Milliseconds to its end, everything that it waits for included, and one second more for each 64 KiB that went
   * either way. Default 30 s.
   */
  readonly deadlineMs?: number;
  /** What more output than may be means; default `fail`: an honest node bounds it itself. */
  readonly onExcess?: Abandonment;
  /** Of the call: the caller hears of its end within some seconds of it, whatever the node does. */
  readonly signal?: AbortSignal | undefined;
}

/** A command's complete output. */
export interface Collected {
  readonly outcome: Outcome;
  /** As far as it came, and not beyond its limit. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Why it was not waited for any longer; null or absent: it came to its end. */
  readonly givenUp?: string | null;
}

/** Runs one command on the node and collects its output: one round trip. Never rejects. */
export type CollectCommand = (request: CommandRequest, limits?: CollectLimits) => Promise<Collected>;

/** All SSH connections; empty until the first registration that may open some. */
export const SSH_TRANSPORT = defineSlot<SshTransport>("ssh-transport", 2);
