// The gateway's list of nodes, and the approval a new node waits for.
import type { Gateway } from "./gatewayTypes.ts";

/** What we read of a `node.list` row. */
export interface NodeRow {
  nodeId: string;
  displayName?: string;
  connected?: boolean;
  connectedAtMs?: number;
  approvalState?: string;
  commands?: string[];
}

/** All nodes the gateway knows, connected or not. */
export const listNodes = async (gateway: Pick<Gateway, "rpc">): Promise<NodeRow[]> =>
  (await gateway.rpc<{ nodes: NodeRow[] }>("node.list")).nodes;

/** Approves pending commands of this node; devices on loopback are paired without a question. */
export async function approvePending(gateway: Pick<Gateway, "rpc">, nodeId: string): Promise<void> {
  const { pending = [] } = await gateway.rpc<{ pending?: { requestId: string; nodeId: string }[] }>(
    "node.pair.list",
  );
  for (const { requestId, nodeId: of } of pending) {
    if (of !== nodeId) continue;
    await gateway.rpc("node.pair.approve", { requestId }).catch(() => undefined); // another look may have been faster
  }
}
