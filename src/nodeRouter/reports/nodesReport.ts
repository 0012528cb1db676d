// What `nodes` says: every known node with its id, presence, place and tags. Pure.
import type { NodeLocation } from "../../types.ts";
import type { NodeApproval, NodeSnapshot, TransportChoice } from "../placement/snapshot.ts";

export interface NodeReport {
  readonly name: string;
  readonly nodeId: string | null;
  readonly configured: boolean;
  /** Null = not known. */
  readonly online: boolean | null;
  readonly approval: NodeApproval;
  readonly os: string | null;
  readonly location: NodeLocation | null;
  /** Configured and built-in; a bare tag has the value "". */
  readonly tags: Readonly<Record<string, string>>;
  /** Ways to it, whether or not it answers now. */
  readonly transports: readonly ("node" | "ssh")[];
  readonly transport: TransportChoice;
  readonly workspace: string | null;
  /** Whether it can run exec over the node protocol. */
  readonly exec: boolean;
  readonly ghostIds: readonly string[];
}

export interface NodesReport {
  readonly nodes: readonly NodeReport[];
  readonly snapshotAgeMs: number | null;
}

/** @param nowMs epoch ms. */
export function createNodesReport(snapshot: NodeSnapshot, nowMs: number): NodesReport {
  const nodes = snapshot.nodes.map(
    (node): NodeReport => ({
      name: node.name,
      nodeId: node.nodeId,
      configured: node.configured,
      online: node.online,
      approval: node.approval,
      os: node.tags.get("node.os") ?? null,
      location: node.location,
      tags: Object.fromEntries(node.tags),
      transports: [
        ...(node.nodeId === null ? [] : (["node"] as const)),
        ...(node.ssh ? (["ssh"] as const) : []),
      ],
      transport: node.transport,
      workspace: node.workspace,
      exec: node.commands.has("system.run"),
      ghostIds: node.ghostIds,
    }),
  );
  return {
    nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    snapshotAgeMs: snapshot.takenAtMs === null ? null : Math.max(0, nowMs - snapshot.takenAtMs),
  };
}
