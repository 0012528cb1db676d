// Which nodes host whole sessions. Pure.
import type { HostNode } from "../../presence/sources/gateway/hostNode.ts";

/** Device ids of the nodes that offer it now, or did when they were last connected. */
export function hostingHosts(known: { readonly nodes: readonly HostNode[] } | null): ReadonlySet<string> {
  const hosts = (known?.nodes ?? []).filter((node) => node.sessionHost === true);
  return new Set(hosts.map((node) => node.nodeId));
}
