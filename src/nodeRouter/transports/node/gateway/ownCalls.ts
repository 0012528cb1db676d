// SECURITY: the gateway lets the workspace command go to a node only where this plugin itself sends it.
import { isRecord } from "../../../../shared/isRecord.ts";
import { type Refusal, refusal } from "../../../../shared/refusal.ts";
import { quote } from "../../../../shared/safeText.ts";
import { WORKSPACE_COMMAND } from "../wire.ts";
import type { NodeCalls } from "./nodeCalls.ts";

export type OwnCall =
  /** What goes to the node: without the mark, which no node is to learn. */
  | { readonly isOwn: true; readonly params: Readonly<Record<string, unknown>> }
  | { readonly isOwn: false; readonly refusal: Refusal };

/**
 * An agent's `nodes` tool, an operator's `node.invoke` and other plugins may send any command that a node declares: past
 * rules, approvals and audit. @param params as the host got them
 */
export function ownCall({ nonce }: Pick<NodeCalls, "nonce">, nodeId: string, params: unknown): OwnCall {
  if (isRecord(params) && params.nonce === nonce) {
    const { nonce: _, ...own } = params;
    return { isOwn: true, params: own };
  }
  const fact = `${WORKSPACE_COMMAND} was to be sent to node ${quote(nodeId)} by something else than node-router`;
  const advice =
    "Use exec and the file tools of an agent whose workspace is there; they decide, ask and record first";
  return { isOwn: false, refusal: refusal("RUN_NOT_ALLOWED", fact, { advice }) };
}
