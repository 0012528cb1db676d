// What the node protocol offers to the rest of the plugin: the same commands with the same outcomes as SSH.
import { defineSlot } from "../../shared/processMemory.ts";
import type { Refusal } from "../../shared/refusal.ts";
import type { HelloAnswer } from "./node/wire.ts";
import type { CommandTransport } from "./transport.ts";

/** A paired node that commands are sent to. */
export interface PairedNode {
  /** Its inventory name, for people. */
  readonly name: string;
  /** OpenClaw's id of it: stays the same while names move. */
  readonly nodeId: string;
}

/** What came of asking a node for its plugin. */
export type HelloResult =
  | { readonly kind: "here"; readonly hello: HelloAnswer; readonly rttMs: number }
  /** The node answers, and has no plugin that this one can talk to: none, or of another protocol. */
  | ({ readonly kind: "none" } & Refusal)
  /** Whether it has one is not known. */
  | ({ readonly kind: "unknown" } & Refusal);

/** All nodes that are reached over the node protocol. One in a gateway process. */
export interface NodeTransport extends CommandTransport<PairedNode> {
  /** Resolves within about `timeoutMs`, never rejects. */
  hello(node: PairedNode, timeoutMs: number): Promise<HelloResult>;
  /**
   * Has the node ask a service from which public address it comes; null: not known. Resolves within seconds, never
   * rejects.
   * @param url https, of the operator's.
   */
  publicAddress(node: PairedNode, url: string): Promise<string | null>;
  /** Commands that are running or about to; null: none was ever sent there. */
  counters(nodeId: string): { readonly running: number } | null;
  /** Nothing new begins; what runs goes on to its end. */
  close(): Promise<void>;
}

/** Empty until the first registration. */
export const NODE_TRANSPORT = defineSlot<NodeTransport>("node-transport", 2);
