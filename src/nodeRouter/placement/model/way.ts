// A way to a node: the protocol, and what can be done over it. A node fits when one of its ways does.
import type { Transport } from "../../../shared/types.ts";
import type { NodeState } from "./snapshot.ts";

/**
 * What a call may need of a way. `commands`: the node's own commands, by which OpenClaw carries out `exec` with
 * `host: "node"` and its node tools. `delegate`: a task for an agent of another gateway. The others are what a workspace on the node is made of.
 */
export type Capability = "commands" | "exec" | "background" | "pty" | "stdin" | "files" | "delegate";

/** One node over one protocol. */
export interface Way {
  readonly node: NodeState;
  readonly transport: Transport;
}

/** Of `exec` that OpenClaw carries out on a node, and of node tools. */
export const COMMAND_NEEDS: readonly Capability[] = ["commands"];

/** Of a whole workspace: every tool that works in it must find what it needs on the same node. */
export const WORKSPACE_NEEDS: readonly Capability[] = ["exec", "background", "pty", "stdin", "files"];

/** Whether the call is of a workspace: the node's files come with it. */
export function needsFiles({ needs }: { readonly needs: readonly Capability[] }): boolean {
  return needs.includes("files");
}

/** Of a task: the candidates are other gateways. */
export const TASK_NEEDS: readonly Capability[] = ["delegate"];

/** Whether peers are asked, and not nodes. */
export function needsPeer({ needs }: { readonly needs: readonly Capability[] }): boolean {
  return needs.includes("delegate");
}

/** What each protocol can carry; over the node protocol a workspace is this plugin's own command there. */
const OFFERS: Readonly<Record<Transport, readonly Capability[]>> = {
  ssh: WORKSPACE_NEEDS,
  node: ["commands", ...WORKSPACE_NEEDS],
  peer: TASK_NEEDS,
};

/** Where several ways of a node fit, the first of these is taken. */
const ORDER: readonly Transport[] = ["ssh", "node", "peer"];

/** The protocols that can carry all of it, the preferred one first. */
export function transportsFor(needs: readonly Capability[]): readonly Transport[] {
  return ORDER.filter((transport) => needs.every((need) => OFFERS[transport].includes(need)));
}
