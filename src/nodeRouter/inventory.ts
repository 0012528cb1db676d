// Joins the gateway's paired nodes with the configured ones into the snapshot that `place()` decides from. Pure.
import type { ConfiguredNode } from "../config/resolve.ts";
import type { HostApproval, HostNode } from "../presence/hostNode.ts";
import { nodeFacts } from "./nodeFacts.ts";
import type { NodeApproval, NodeSnapshot, NodeState } from "./placement/snapshot.ts";

/** The host's list, as far as it was read. `null` = never read: presence is unknown then, not offline. */
export interface KnownHostNodes {
  readonly nodes: readonly HostNode[];
  readonly takenAtMs: number;
}

/**
 * Builds the snapshot. A configured node takes the paired node whose id, else display name, its `node` names;
 * of several with one name the connected one wins, then the one seen last, and the others are its ghosts.
 * A node that is configured by its id belongs to that entry only, and an id is never read as a name.
 * Paired nodes that no configured node names keep a place of their own under their display name. The order of
 * the host's list changes nothing.
 */
export function buildSnapshot(
  configured: ReadonlyMap<string, ConfiguredNode>,
  host: KnownHostNodes | null,
): NodeSnapshot {
  const paired = [...(host?.nodes ?? [])].sort(byNodeId);
  const ids = new Set(paired.map((node) => node.nodeId));
  const targets = new Set([...configured.values()].map((node) => node.node));
  const unclaimed = paired.filter((node) => !targets.has(node.nodeId));
  const taken = new Set<string>();
  const nodes: NodeState[] = [];

  for (const node of configured.values()) {
    const isId = node.node !== null && ids.has(node.node);
    const matches = node.node === null ? [] : pairedAs(node.node, isId ? paired : unclaimed);
    const [winner = null, ...ghosts] = matches;
    for (const match of matches) taken.add(match.nodeId);
    nodes.push(stateOf(node.name, node, winner, ghosts, host !== null));
  }

  const names = new Set(nodes.map((node) => node.name));
  for (const group of groupByName(paired.filter((node) => !taken.has(node.nodeId)))) {
    const [winner, ...ghosts] = group;
    if (winner === undefined) continue;
    const name = freeName(winner, names, ids);
    names.add(name);
    nodes.push(stateOf(name, null, winner, ghosts, true));
  }
  return { nodes, takenAtMs: host?.takenAtMs ?? null };
}

/** Every paired node that `target` (an id or a display name) names, the best one first. */
export function pairedAs(target: string, paired: readonly HostNode[]): readonly HostNode[] {
  const byId = paired.filter((node) => node.nodeId === target);
  if (byId.length > 0 || DEVICE_ID.test(target)) return byId;
  return paired.filter((node) => sameName(node.displayName, target)).sort(newestFirst);
}

/** SECURITY: display names are declared by nodes, so one that looks like another's id must not be taken for it. */
const DEVICE_ID = /^[0-9a-f]{64}$/i;

/** The display name, unless it is taken or another node's id; then the id, then the id with a number. */
function freeName(node: HostNode, names: ReadonlySet<string>, ids: ReadonlySet<string>): string {
  const { displayName, nodeId } = node;
  if (displayName !== null && !names.has(displayName) && !ids.has(displayName)) return displayName;
  let name = nodeId;
  for (let n = 2; names.has(name); n++) name = `${nodeId} (${n})`;
  return name;
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

function groupByName(nodes: readonly HostNode[]): readonly (readonly HostNode[])[] {
  const groups = new Map<string, HostNode[]>();
  for (const node of nodes) {
    // A node without a name is alone: no other's name may be its id.
    const key = node.displayName === null ? `id ${node.nodeId}` : `name ${node.displayName}`;
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return [...groups.values()].map((group) => group.sort(newestFirst));
}

/** Display names are compared as the host does it: without regard to case and punctuation. */
function sameName(displayName: string | null, target: string): boolean {
  return displayName !== null && nameKey(displayName) === nameKey(target);
}

/** A name of punctuation alone stays as it is: it must not be the same as every other such name. */
function nameKey(name: string): string {
  const key = name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return key === "" ? name.trim() : key;
}

function stateOf(
  name: string,
  configured: ConfiguredNode | null,
  host: HostNode | null,
  ghosts: readonly HostNode[],
  hostKnown: boolean,
): NodeState {
  const ssh = configured !== null && configured.ssh !== null;
  const location = configured?.location ?? null;
  return {
    name,
    nodeId: host?.nodeId ?? null,
    configured: configured !== null,
    tags: new Map([
      ...(configured?.tags ?? []),
      ...nodeFacts({ name, platform: host?.platform ?? null, paired: host !== null, ssh, location }),
    ]),
    // A machine with SSH that is not paired may well be up: the host's list says nothing about it.
    online: host !== null ? host.connected : hostKnown && !ssh ? false : null,
    approval: host !== null ? approvalOf(host.approval) : hostKnown ? "unpaired" : "unknown",
    commands: new Set(host?.commands ?? []),
    ssh,
    transport: configured?.transport ?? "auto",
    workspace: configured?.workspace ?? null,
    location,
    ghostIds: ghosts.map((ghost) => ghost.nodeId),
  };
}

/** A node that waits for re-approval keeps the commands that were approved before. */
function approvalOf(approval: HostApproval): NodeApproval {
  if (approval === "approved" || approval === "pending-reapproval") return "approved";
  return approval === "unknown" ? "unknown" : "pending";
}
