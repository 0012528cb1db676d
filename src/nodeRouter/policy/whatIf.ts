// The nodes as they would be: some of them down or cordoned, at another time, or all of them up. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { PLUGIN_COMMAND } from "../placement/filters/plugin.ts";
import type { PlaceStatement, Residence } from "../placement/model/residence.ts";
import type { NodeCapacity, NodeCordon, NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { commandsFor, ROUTABLE_TOOLS } from "../toolCatalog/catalog.ts";

/** As if nothing answered on these nodes. */
export function withDown(snapshot: NodeSnapshot, names: readonly string[]): NodeSnapshot {
  return changed(snapshot, names, (node) => ({
    ...node,
    online: false,
    sshReachable: node.ssh ? false : null,
  }));
}

const SUPPOSED: NodeCordon = {
  by: "explain",
  reason: null,
  atMs: 0,
  untilMs: null,
  drain: false,
  move: false,
};

/** As if the operator kept calls away from these nodes. */
export function withCordoned(snapshot: NodeSnapshot, names: readonly string[]): NodeSnapshot {
  return changed(snapshot, names, (node) => ({ ...node, cordon: node.cordon ?? SUPPOSED }));
}

/** Without the cordons that have ended by then. @param atMs epoch ms. */
export function withoutEnded(snapshot: NodeSnapshot, atMs: number): NodeSnapshot {
  const ended = snapshot.nodes.filter(
    ({ cordon }) => cordon !== null && cordon !== "unreadable" && (cordon.untilMs ?? atMs + 1) <= atMs,
  );
  const names = ended.map(({ name }) => name);
  return changed(snapshot, names, (node) => ({ ...node, cordon: null }));
}

const PLENTY: NodeCapacity = {
  idleCpus: Number.MAX_SAFE_INTEGER,
  loadPerCpu: 0,
  freeMemoryBytes: Number.MAX_SAFE_INTEGER,
  freeMemoryShare: 1,
  freeDiskBytes: Number.MAX_SAFE_INTEGER,
  freeDiskShare: 1,
};

const EVERY_COMMAND: ReadonlySet<string> = new Set([...ROUTABLE_TOOLS.flatMap(commandsFor), PLUGIN_COMMAND]);

const AS_GRANTED: PlaceStatement = { words: "supposed to leave where it is", atMs: null };

/** Nobody disputes it, and its packets leave in the country that it is in. Who grants that stays. */
function undisputed(residence: Residence): Residence {
  return { ...residence, disputes: [], egress: residence.country === null ? null : AS_GRANTED };
}

/**
 * The configured nodes, each paired where it can be, with the plugin, up, idle, of undisputed place and without a cordon:
 * what is left to choose by is what the config says, and the facts of the nodes that are known.
 */
export function allUp(snapshot: NodeSnapshot, { nodes }: Pick<ResolvedConfig, "nodes">): NodeSnapshot {
  const up = (node: NodeState): NodeState => {
    const target = nodes.get(node.name)?.node ?? null;
    return {
      ...node,
      nodeId: node.nodeId ?? target,
      online: true,
      sshReachable: node.ssh ? true : null,
      approval: "approved",
      awaitsReapproval: false,
      commands: EVERY_COMMAND,
      capacity: PLENTY,
      doubt: null,
      residence: undisputed(node.residence),
      cordon: null,
    };
  };
  return { ...snapshot, nodes: snapshot.nodes.filter(({ configured }) => configured).map(up) };
}

function changed(
  snapshot: NodeSnapshot,
  names: readonly string[],
  change: (node: NodeState) => NodeState,
): NodeSnapshot {
  if (names.length === 0) return snapshot;
  const meant = new Set(names);
  const nodes = snapshot.nodes.map((node) => (meant.has(node.name) ? change(node) : node));
  return { ...snapshot, nodes };
}
