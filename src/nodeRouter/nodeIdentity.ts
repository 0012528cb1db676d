// Which paired node each configured one is, and which stand for themselves. Pure.
import type { ConfiguredNode } from "../config/resolve.ts";
import { nodeNameKey } from "../hostNames.ts";
import type { HostApproval, HostNode } from "../presence/hostNode.ts";
import type { NodeApproval } from "./placement/snapshot.ts";

/** One machine: who it is in the config, in the host's list, or in both. */
export interface NodeIdentity {
  /** Inventory name, unique. */
  readonly name: string;
  readonly configured: ConfiguredNode | null;
  readonly host: HostNode | null;
  /** Paired ids that share its name and lost to it. */
  readonly ghostIds: readonly string[];
}

/**
 * Joins both lists. A configured node takes the paired node whose id, else display name, its `node` names;
 * of several with one name the connected one wins, then the one seen last, and the others are its ghosts.
 * A node that is configured by its id belongs to that entry only, and an id is never read as a name.
 * Paired nodes that no configured node names keep a place of their own under their display name. The order of
 * the host's list changes nothing.
 */
export function identifyNodes(
  configured: ReadonlyMap<string, ConfiguredNode>,
  hostNodes: readonly HostNode[],
): readonly NodeIdentity[] {
  const paired = [...hostNodes].sort(byNodeId);
  const byId = new Map(paired.map((node) => [node.nodeId, node]));
  const targets = new Set([...configured.values()].map((node) => node.node));
  const namesakes = groupBy(
    paired.filter((node) => !targets.has(node.nodeId) && node.displayName !== null),
    (node) => nameKey(node.displayName ?? ""),
  );
  const taken = new Set<string>();
  const identities: NodeIdentity[] = [];

  for (const node of configured.values()) {
    const matches = node.node === null ? [] : named(node.node, byId, namesakes);
    for (const match of matches) taken.add(match.nodeId);
    identities.push(identityOf(node.name, node, matches));
  }

  const names = new Set(identities.map((node) => node.name));
  const others = paired.filter((node) => !taken.has(node.nodeId));
  // A node without a name is alone: no other's name may be its id.
  const groups = groupBy(others, ({ displayName, nodeId }) =>
    displayName === null ? `id ${nodeId}` : `name ${displayName}`,
  );
  for (const group of groups.values()) {
    const [winner] = group;
    if (winner === undefined) continue;
    const name = freeName(winner, names, byId);
    names.add(name);
    identities.push(identityOf(name, null, group));
  }
  return identities;
}

/** Every paired node that `target` (an id or a display name) names, the best one first. */
export function pairedAs(target: string, paired: readonly HostNode[]): readonly HostNode[] {
  const byId = paired.filter((node) => node.nodeId === target);
  if (byId.length > 0 || DEVICE_ID.test(target)) return byId;
  const key = nameKey(target);
  return paired
    .filter(({ displayName }) => displayName !== null && nameKey(displayName) === key)
    .sort(newestFirst);
}

/** A node that waits for re-approval keeps the commands that were approved before. */
export function approvalOf(approval: HostApproval): NodeApproval {
  if (approval === "approved" || approval === "pending-reapproval") return "approved";
  return approval === "unknown" ? "unknown" : "pending";
}

/** SECURITY: display names are declared by nodes, so one that looks like another's id must not be taken for it. */
const DEVICE_ID = /^[0-9a-f]{64}$/i;

/** As `pairedAs`, from lists that were made once. */
function named(
  target: string,
  byId: ReadonlyMap<string, HostNode>,
  namesakes: ReadonlyMap<string, readonly HostNode[]>,
): readonly HostNode[] {
  const node = byId.get(target);
  if (node !== undefined) return [node];
  return DEVICE_ID.test(target) ? [] : (namesakes.get(nameKey(target)) ?? []);
}

/** @param matches the best one first; none: it is not paired. */
function identityOf(
  name: string,
  configured: ConfiguredNode | null,
  matches: readonly HostNode[],
): NodeIdentity {
  const [host = null, ...ghosts] = matches;
  return { name, configured, host, ghostIds: ghosts.map((ghost) => ghost.nodeId) };
}

/** The display name, unless it is taken or another node's id; then the id, then the id with a number. */
function freeName(node: HostNode, names: ReadonlySet<string>, byId: ReadonlyMap<string, HostNode>): string {
  const { displayName, nodeId } = node;
  if (displayName !== null && !names.has(displayName) && !byId.has(displayName)) return displayName;
  let name = nodeId;
  for (let n = 2; names.has(name); n++) name = `${nodeId} (${n})`;
  return name;
}

/** Groups in the order of their first node; in each the best one first. */
function groupBy(
  nodes: readonly HostNode[],
  keyOf: (node: HostNode) => string,
): ReadonlyMap<string, readonly HostNode[]> {
  const groups = new Map<string, HostNode[]>();
  for (const node of nodes) {
    const key = keyOf(node);
    const group = groups.get(key) ?? [];
    if (group.push(node) === 1) groups.set(key, group);
  }
  for (const group of groups.values()) group.sort(newestFirst);
  return groups;
}

function byNodeId(a: HostNode, b: HostNode): number {
  return a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0;
}

/** Usable first, so that no unapproved namesake takes its place; then connected, latest connect, latest contact, id. */
function newestFirst(a: HostNode, b: HostNode): number {
  return (
    Number(isUsable(b)) - Number(isUsable(a)) ||
    Number(b.connected === true) - Number(a.connected === true) ||
    (b.connectedAtMs ?? 0) - (a.connectedAtMs ?? 0) ||
    (b.lastSeenAtMs ?? 0) - (a.lastSeenAtMs ?? 0) ||
    byNodeId(a, b)
  );
}

function isUsable(node: HostNode): boolean {
  return node.connected === true && approvalOf(node.approval) === "approved";
}

/** A name of punctuation alone stays as it is: it must not be the same as every other such name. */
function nameKey(name: string): string {
  return nodeNameKey(name) || name.trim();
}
