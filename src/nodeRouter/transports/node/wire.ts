// What gateway and node say to each other: one node command, unary, every operation safe to repeat by its key.

/** Registered on both sides. The number goes up with a change that an older side cannot read. */
export const WORKSPACE_COMMAND = "node-router.workspace.v1";

/** Told by `hello`; sides with another one refuse each other by name. */
export const WIRE_PROTOCOL = 1;

/**
 * The node answers within so many ms: while an invoke lasts, OpenClaw 2026.9.6 can neither reload the plugin's config
 * nor begin a run, because the gateway's invoke policy lasts as long.
 */
export const MAX_WAIT_MS = 2_500;

/** Bytes of output in one reply, both streams together: a message over about 18 MiB ends the node's whole connection. */
export const MAX_REPLY_BYTES = 4 << 20;

/** Bytes of input in one request. */
export const MAX_INPUT_BYTES = 4 << 20;

/** A command that nobody asked for in so many ms is ended on the node: TERM, then KILL. */
export const LEASE_MS = 600_000;

/** Unread output that the node keeps of one command; a command that prints more waits, as for a slow reader. */
export const MAX_UNREAD_BYTES = 8 << 20;

export interface Hello {
  readonly op: "hello";
}

/**
 * Starts the command unless its key is known, and then answers like `pull` from offset 0. A node whose `boot` is another
 * one refuses it: so a command that was meant for a node host that has ended since is never begun by its successor.
 */
export interface RunRequest {
  readonly op: "run";
  /** Random; of one command for ever. A key that was forgotten is never begun again. */
  readonly key: string;
  /** Of the node host that is meant, as it said in `hello`. */
  readonly boot: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute; null: the node host user's home. */
  readonly cwd: string | null;
  readonly makeCwd: boolean;
  readonly pathPrepend: readonly string[];
  readonly pty: { readonly rows: number; readonly cols: number; readonly term: string } | null;
  /** Base64: what stdin begins with. */
  readonly input: string;
  /** Whether stdin ends behind `input`. */
  readonly eof: boolean;
  /** Answer when it has ended, or after so many ms: at most MAX_WAIT_MS. */
  readonly waitMs: number;
  /** Bytes of output at most: at most MAX_REPLY_BYTES. */
  readonly max: number;
  /** Whether a person agreed to this very call: the node's own exec approvals ask for it where they are strict. */
  readonly approved: boolean;
}

/** As an offset: all of it counts as read, whatever there is. For an end whose output nobody wants. */
export const ALL_READ = 2 ** 50;

/** Asks how a command is. What stands before the offsets was read, and the node forgets it. */
export interface Pull {
  readonly op: "pull";
  readonly key: string;
  readonly out: number;
  readonly err: number;
  /** As in `run`; 0 where the reader is slow, and only the lease is to be kept. */
  readonly max: number;
  /** Answer at the first output or the end, or after so many ms. */
  readonly waitMs: number;
}

/** Input from byte `off` on. Calls overtake each other: what is early is kept, what was written already is dropped. */
export interface Input {
  readonly op: "input";
  readonly key: string;
  readonly off: number;
  readonly data: string;
  readonly eof: boolean;
}

/** To the whole process group. KILL follows 3 s after a TERM that did not end it. */
export interface Signal {
  readonly op: "signal";
  readonly key: string;
  readonly signal: string;
}

/**
 * Ends what still runs of it, and bars the key: a `run` of it that comes later, delayed on its way, is refused. `gone` is
 * the proof that it never began: a key that was never begun is answered so, and barred all the same; one that was begun
 * is answered `done`, also when it is forgotten again.
 */
export interface Forget {
  readonly op: "forget";
  readonly key: string;
}

/** Asks from which public address a service sees the node's packets come. A plugin that is older refuses it. */
export interface AddressRequest {
  readonly op: "address";
  /** https, of at most MAX_URL characters; the operator's. */
  readonly url: string;
}

/** Characters. */
export const MAX_URL = 2_048;

export type Request = Hello | RunRequest | Pull | Input | Signal | Forget | AddressRequest;

/** Every answer names the node host's process: random, and new with each. */
interface Answer {
  readonly boot: string;
}

export interface HelloAnswer extends Answer {
  readonly kind: "hello";
  readonly protocol: number;
  /** Of the plugin on the node. */
  readonly version: string;
  /** `process.platform`, `process.arch`. */
  readonly platform: string;
  readonly arch: string;
  readonly hostname: string;
  readonly home: string;
  readonly user: string;
  /** The login shell's path; empty where there is none. */
  readonly shell: string;
  readonly cores: number;
  /** One minute; null where the system has none. */
  readonly load1: number | null;
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  /** IANA name; empty when it is not known. */
  readonly timeZone: string;
  /** Epoch ms of the node's clock. */
  readonly nowMs: number;
}

/** How a command is. */
export interface StateAnswer extends Answer {
  readonly kind: "state";
  /** Whether this very request began it. */
  readonly fresh: boolean;
  readonly processGroup: number;
  /** Base64 of the output from the offsets that were asked for. */
  readonly out: string;
  readonly err: string;
  /** Set once it has ended and all of its output is in this answer or was read before. */
  readonly end: { readonly exitCode: number | null; readonly signal: string | null } | null;
}

/** It did not begin, by the node's own word. */
export interface RefusedAnswer extends Answer {
  readonly kind: "refused";
  readonly why: RefusedWhy;
  /** For a person: one line, no path of the node host's own files. */
  readonly fact: string;
}

export type RefusedWhy =
  /** The node's own exec approvals. */
  | "denied"
  /** `boot` names another process. */
  | "boot"
  /** The key was forgotten. */
  | "forgotten"
  | "cwd-missing"
  | "cwd-not-a-directory"
  | "cwd-denied"
  /** The system started no process. */
  | "spawn"
  /** No terminal can be made there. */
  | "pty"
  /** There is no POSIX shell: Windows. */
  | "platform"
  /** The request is none of this protocol. */
  | "request"
  /** Too many commands at once. To `input`: there is no room, and nothing of it was taken; it is to come again. */
  | "full";

/** The node host's process knows no such key; to `forget`: it never began it, and never will. */
export interface GoneAnswer extends Answer {
  readonly kind: "gone";
}

/** `forget`, `signal` and `input` were done. */
export interface DoneAnswer extends Answer {
  readonly kind: "done";
}

export interface AddressAnswer extends Answer {
  readonly kind: "address";
  /** Null: the service did not answer in time, or with no public address. */
  readonly address: string | null;
}

export type Reply = HelloAnswer | StateAnswer | RefusedAnswer | GoneAnswer | DoneAnswer | AddressAnswer;
