// The SSH connections of this gateway, node by node. Pure but for the question to the transport.
import { refusalText } from "../../../shared/refusal.ts";
import type { SshCounters, SshTransport } from "../../transports/transport.ts";

/** A node to which a connection was made, or tried. */
export interface SshNodeStatus extends SshCounters {
  /** Inventory name. */
  readonly node: string;
}

/** By name; empty before the first connection. */
export function sshStatus(transport: SshTransport | null): readonly SshNodeStatus[] {
  if (transport === null) return [];
  return [...transport.nodes()].sort().flatMap((node) => {
    const counters = transport.counters(node);
    return counters === null ? [] : [{ node, ...counters }];
  });
}

/** Nodes on which no session could be opened the last time, and why. */
export function sshFaults(transport: SshTransport | null): ReadonlyMap<string, string> {
  return new Map(
    [...(transport?.nodes() ?? [])].sort().flatMap((node) => {
      const fault = transport?.fault?.(node) ?? null;
      return fault === null ? [] : [[node, refusalText(fault)] as const];
    }),
  );
}
