// What a record is about: a call, a command, a file change, input or a task between gateways, as it is known before it is done.
import type { Transport } from "../../shared/types.ts";

/** What is known before a command is sent, or a file is changed. */
export type LedgerSubject = CallSubject | CommandSubject | DelegationSubject | FileSubject | InputSubject;

/** One task between two gateways; both have a record under the same `id`. `operation` is `delegate`. */
export interface DelegationSubject extends CommonSubject {
  readonly kind: "delegation";
  /** `in`: a peer gave it to `agent`, whose session `sessionKey` is. `out`: `agent` gave it to a peer. */
  readonly direction: "in" | "out";
  /** The other gateway, by its name in the config; null: none was chosen. */
  readonly peer: string | null;
  /** Agent on the other side; null: not known. */
  readonly peerAgent: string | null;
  /** Ids of the gateways that it came through before this one. */
  readonly chain: readonly string[];
  /** The exact text. */
  readonly task: string;
}

/** One call of a tool, from its decision on. `operation` is the tool. */
export interface CallSubject extends CommonSubject {
  readonly kind: "call";
  /** Of the node, when it was decided; null: nobody knew, or there is no node. */
  readonly place: { readonly country: string; readonly source: string } | null;
  /** How many nodes were looked at, and how many of them fitted; null: none was looked at. */
  readonly candidates: { readonly total: number; readonly fitting: number } | null;
  /** The node that the session's workspace was on until this call; null: it was nowhere else. */
  readonly movedFrom: string | null;
  /** Of `exec`; null for other tools. */
  readonly command: string | null;
  /** The task of another gateway that it belongs to; absent: to none. */
  readonly delegation?: { readonly id: string; readonly peer: string };
}

export interface CommandSubject extends CommonSubject {
  readonly kind: "command";
  /** The exact text that is to be run. */
  readonly command: string;
  readonly cwd: string | null;
  /** As of the call that it is for; absent: nobody knew. */
  readonly place?: CallSubject["place"];
}

export interface FileSubject extends CommonSubject {
  readonly kind: "file";
  /** Absolute path on the node. */
  readonly path: string;
}

/** Input that is sent to a command that runs: to a shell it is a command. */
export interface InputSubject extends CommonSubject {
  readonly kind: "input";
  /** `id` of the command's own record. */
  readonly commandId: string;
  readonly bytes: Buffer;
}

interface CommonSubject {
  /** One a command or file change, unique: the decision's id, or one of its own where a decision covers several. */
  readonly id: string;
  /** Epoch ms. */
  readonly startMs: number;
  /** `exec`, `write`, `remove`, … */
  readonly operation: string;
  /** Null: none was decided. */
  readonly node: string | null;
  /** Null: no node was decided yet. */
  readonly transport: Transport | null;
  /** The rule that chose the node. */
  readonly rule: string | null;
  /** Null where the host does not say. */
  readonly agent: string | null;
  readonly sessionKey: string | null;
  readonly runId: string | null;
  readonly toolCallId: string | null;
}
