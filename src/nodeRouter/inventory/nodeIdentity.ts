// Which paired node each configured one is, and which stand for themselves. Pure.
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import type { HostApproval, HostNode } from "../../presence/sources/gateway/hostNode.ts";
import { nodeNameKey } from "../../shared/hostNames.ts";
import { onceFor } from "../../shared/once.ts";
import type { NameDoubt, NodeApproval } from "../placement/model/snapshot.ts";
import { NO_TAINTS, type Taint } from "../placement/model/taint.ts";

export interface KnownName {
  readonly id: string;
  /** The operator said so; otherwise it was only the first that was seen. */
  readonly trusted: boolean;
}

/** What is remembered at one moment; never changes once given. */
export interface KnownNames {
  /** By `displayNameKey` of what the config calls the node. */
  readonly names: ReadonlyMap<string, KnownName>;
  /** False: something was remembered and cannot be read, so a name that is not here need not be new. */
  readonly complete: boolean;
}

/** One machine: who it is in the config, in the host's list, or in both. */
export interface NodeIdentity {
  /** Inventory name, unique. */
  readonly name: string;
  readonly configured: ConfiguredNode | null;
  readonly host: HostNode | null;
  /** Paired ids that share its name and are not it. */
  readonly ghostIds: readonly string[];
  /** Why none of the paired nodes that answer to its name is it; null: it is known which one is, or none answers. */
  readonly doubt: NameDoubt | null;
  /** Of its entry; of a machine that no entry means now, of the entry whose name it had. */
  readonly taints: readonly Taint[];
}

/**
 * Joins both lists. A configured node takes the paired node whose id, else display name, its `node` names. A name stands
 * for the node that had it before, and for nobody while that is in doubt. A node that is configured by its id belongs
 * to that entry only, and an id is never read as a name. Paired nodes that no configured node names keep a place of
 * their own under their display name. The order of the host's list changes nothing.
 * @param known who had which name before; null: nobody remembers, and this list alone counts.
 */
export function identifyNodes(
  configured: ReadonlyMap<string, ConfiguredNode>,
  hostNodes: readonly HostNode[],
  known: KnownNames | null = null,
): readonly NodeIdentity[] {
  const paired = [...hostNodes].sort(byNodeId);
  const byId = new Map(paired.map((node) => [node.nodeId, node]));
  const targets = namedById(configured);
  const namesakes = byDisplayName(paired.filter((node) => !targets.has(node.nodeId)));
  const owners = entriesByKnownId(configured, known);
  const taken = new Set<string>();
  const identities: NodeIdentity[] = [];

  for (const node of configured.values()) {
    const target = node.node === null ? null : idOrName(node.node);
    const own = target === null ? undefined : byId.get(target);
    const matches =
      target === null || own !== undefined || DEVICE_ID.test(target)
        ? []
        : (namesakes.get(displayNameKey(target)) ?? []);
    for (const match of own === undefined ? matches : [own]) taken.add(match.nodeId);
    const { name, taints } = node;
    identities.push(
      own === undefined
        ? { name, configured: node, taints, ...claim(displayNameKey(target ?? ""), matches, known, owners) }
        : { name, configured: node, taints, host: own, ghostIds: [], doubt: null },
    );
  }

  const names = new Set(identities.map((node) => node.name));
  const others = paired.filter((node) => !taken.has(node.nodeId));
  // A node without a name is alone: no other's name may be its id.
  const groups = groupBy(others, ({ displayName, nodeId }) =>
    displayName === null ? `id ${nodeId}` : `name ${displayName}`,
  );
  for (const group of groups.values()) {
    const usable = group.filter(isUsable);
    // Several machines that work under one name are several machines: each goes by its id.
    const heads = usable.length > 1 ? usable : group.slice(0, 1);
    const ghosts = group.filter((node) => !heads.includes(node));
    for (const head of heads) {
      const name = freeName(head, names, byId, usable.length > 1);
      names.add(name);
      const ghostIds = head === heads[0] ? ghosts.map(({ nodeId }) => nodeId) : [];
      // SECURITY: nobody shakes taints off by calling itself something else.
      const taints = owners.get(head.nodeId)?.taints ?? NO_TAINTS;
      identities.push({ name, configured: null, host: head, ghostIds, doubt: null, taints });
    }
  }
  return identities;
}

/** Configured nodes by the id that is remembered for their name. */
type Owners = ReadonlyMap<string, ConfiguredNode>;

/** @param known null: nobody remembers. */
export function entriesByKnownId(
  configured: ReadonlyMap<string, ConfiguredNode>,
  known: Pick<KnownNames, "names"> | null,
): Owners {
  return new Map(
    [...configured.values()].flatMap((node) => {
      const id = node.node === null ? undefined : known?.names.get(displayNameKey(node.node))?.id;
      return id === undefined ? [] : [[id, node] as const];
    }),
  );
}

/**
 * Who of those that answer to a configured name is meant.
 * SECURITY: display names are the nodes' own choice, and a name brings tags, place, workspace and calls.
 * @param matches the best one first.
 */
function claim(
  key: string,
  matches: readonly HostNode[],
  known: KnownNames | null,
  owners: Owners,
): Pick<NodeIdentity, "host" | "ghostIds" | "doubt"> {
  const ids = (nodes: readonly HostNode[]) => nodes.map(({ nodeId }) => nodeId);
  const all = [...ids(matches)].sort();
  const inDoubt = (kind: NameDoubt["kind"], claimants: readonly HostNode[], knownId: string | null) => ({
    host: null,
    ghostIds: all,
    doubt: { kind, ids: [...ids(claimants)].sort(), knownId },
  });
  const isSure = (host: HostNode | null) => ({
    host,
    ghostIds: ids(matches.filter((node) => node !== host)),
    doubt: null,
  });
  if (matches.length === 0) return isSure(null);

  const usable = matches.filter(isUsable);
  const before = known?.names.get(key);
  if (before !== undefined) {
    const own = matches.find(({ nodeId }) => nodeId === before.id);
    if (own === undefined) return inDoubt("moved", matches, before.id);
    // It is away and another one works: set up anew, or a namesake. Said at once, for only the operator can tell.
    const others = usable.filter((node) => node !== own);
    if (own.connected !== true && others.length > 0) return inDoubt("moved", others, before.id);
    // Whoever had it first may have been the wrong one: that is for the operator to say.
    return !before.trusted && usable.length > 1 ? inDoubt("ambiguous", usable, before.id) : isSure(own);
  }
  if (known !== null && !known.complete) return inDoubt("forgotten", matches, null);
  // SECURITY: a machine of one entry could take the place and tags of another by calling itself so.
  const owner = matches.find(({ nodeId }) => owners.has(nodeId));
  if (owner !== undefined) return inDoubt("taken", matches, owner.nodeId);
  // At first sight an approved one that is away may be the right one. Without a memory it is taken for an old pairing.
  const rivals = known === null ? usable : matches.filter((node) => approvalOf(node.approval) === "approved");
  return rivals.length > 1 ? inDoubt("ambiguous", rivals, null) : isSure(matches[0] ?? null);
}

/** Ids by which configured nodes name theirs. */
export function namedById(configured: ReadonlyMap<string, ConfiguredNode>): ReadonlySet<string> {
  return new Set([...configured.values()].flatMap(({ node }) => (node === null ? [] : [idOrName(node)])));
}

/** The nodes of one list by id and by name, in each the best one first. */
const indexOf = onceFor((paired: readonly HostNode[]) => ({
  byId: groupBy(paired, ({ nodeId }) => nodeId),
  byName: byDisplayName(paired),
}));

/** Every paired node that `target` (an id or a display name) names, the best one first. Lists never change once given. */
export function pairedAs(target: string, paired: readonly HostNode[]): readonly HostNode[] {
  const { byId, byName } = indexOf(paired);
  const wanted = idOrName(target);
  const own = byId.get(wanted);
  if (own !== undefined || DEVICE_ID.test(wanted)) return own ?? [];
  return byName.get(displayNameKey(wanted)) ?? [];
}

function byDisplayName(nodes: readonly HostNode[]): ReadonlyMap<string, readonly HostNode[]> {
  const named = nodes.filter(({ displayName }) => displayName !== null);
  return groupBy(named, ({ displayName }) => displayNameKey(displayName ?? ""));
}

/** A node that waits for re-approval keeps the commands that were approved before. */
export function approvalOf(approval: HostApproval): NodeApproval {
  if (approval === "approved" || approval === "pending-reapproval") return "approved";
  return approval === "unknown" ? "unknown" : "pending";
}

/** SECURITY: display names are declared by nodes, so one that looks like another's id must not be taken for it. */
const DEVICE_ID = /^[0-9a-f]{64}$/i;

/** Ids are written in small letters by the host, and found in any. */
function idOrName(target: string): string {
  const text = target.trim();
  return DEVICE_ID.test(text) ? text.toLowerCase() : text;
}

/** The display name, unless it is taken, another node's id or no name of its own; then the id, then the id with a number. */
function freeName(
  { displayName, nodeId }: HostNode,
  names: ReadonlySet<string>,
  byId: ReadonlyMap<string, HostNode>,
  isShared: boolean,
): string {
  if (!isShared && displayName !== null && !names.has(displayName) && !byId.has(displayName))
    return displayName;
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

/**
 * What names have in common that are one for the host. A name of punctuation alone stays as it is: it must not be the
 * same as every other such name.
 */
export function displayNameKey(name: string): string {
  return nodeNameKey(name) || name.trim();
}
