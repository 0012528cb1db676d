// The snapshot that `place()` decides from: who each node is, and what is known of it now. Pure.
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import { held } from "../../presence/facts.ts";
import type { Fact, NodePresence, Place } from "../../presence/record.ts";
import type { HostNode } from "../../presence/sources/gateway/hostNode.ts";
import { BoundedMap } from "../../shared/bounded.ts";
import { onceFor } from "../../shared/once.ts";
import { sameData } from "../../shared/sameData.ts";
import type { NodeLocation, NodeTags } from "../../shared/types.ts";
import { NO_RESIDENCE, type Residence } from "../placement/model/residence.ts";
import {
  type NodeCapacity,
  type NodeSnapshot,
  type NodeState,
  UNKNOWN_CAPACITY,
} from "../placement/model/snapshot.ts";
import { approvalOf, identifyNodes, type KnownNames, type NodeIdentity } from "./nodeIdentity.ts";
import { residenceOf } from "./nodeResidence.ts";
import { type NodeTagsInput, nodeTags } from "./nodeTags.ts";

export { pairedAs } from "./nodeIdentity.ts";

/** The host's list, as far as it was read. `null` = never read: presence is unknown then, not offline. */
export interface KnownHostNodes {
  readonly nodes: readonly HostNode[];
  readonly takenAtMs: number;
  /** The same object as long as no answer to "who is who" can have changed; absent: as long as the list is the same. */
  readonly who?: object;
}

type Configured = ReadonlyMap<string, ConfiguredNode>;
export type PresenceRecords = ReadonlyMap<string, NodePresence>;

export const NO_PRESENCE: PresenceRecords = new Map();

/**
 * Builds the snapshot. `presence` holds what was observed, by inventory name: it can take a connection away that the
 * host still believes in, and never claims one that the host denies. Lists, maps and records never change once given:
 * what was worked out of the same ones is used again.
 * @param known who had which name before; null: nobody remembers.
 */
export function buildSnapshot(
  configured: Configured,
  host: KnownHostNodes | null,
  presence: PresenceRecords = NO_PRESENCE,
  gatewayLocation: NodeLocation | null = null,
  known: KnownNames | null = null,
  gatewayResidence: Residence = NO_RESIDENCE,
): NodeSnapshot {
  return {
    nodes: identitiesOf(configured, host, known).map((identity) =>
      stateOf(identity, presence.get(identity.name) ?? null, host !== null),
    ),
    takenAtMs: host?.takenAtMs ?? null,
    gatewayLocation,
    gatewayResidence,
  };
}

const NO_TAGS: NodeTags = new Map();

/** Who is who, as it was last worked out of a config's nodes. */
interface Identified {
  readonly known: KnownNames | null;
  readonly who: object;
  readonly list: readonly HostNode[];
  readonly nodes: readonly NodeIdentity[];
}

const identities = new WeakMap<Configured, Identified>();

function identitiesOf(
  configured: Configured,
  host: KnownHostNodes | null,
  known: KnownNames | null,
): readonly NodeIdentity[] {
  if (host === null) return identifyNodes(configured, [], known);
  const { nodes: list, who = list } = host;
  const before = identities.get(configured);
  const isSame = before?.known === known && before.who === who;
  if (isSame && before.list === list) return before.nodes;
  const nodes = isSame ? withEntries(before.nodes, list) : identifyNodes(configured, list, known);
  identities.set(configured, { known, who, list, nodes });
  return nodes;
}

/** The same machines with what the host says of them now. */
function withEntries(nodes: readonly NodeIdentity[], list: readonly HostNode[]): readonly NodeIdentity[] {
  const entries = new Map(list.map((entry) => [entry.nodeId, entry]));
  return nodes.map((node) => {
    const host = node.host === null ? null : (entries.get(node.host.nodeId) ?? node.host);
    return host === node.host ? node : { ...node, host };
  });
}

/** The last state that was made of each identity, and of which record. */
const states = new WeakMap<
  NodeIdentity,
  { readonly record: NodePresence | null; readonly state: NodeState }
>();

function stateOf(identity: NodeIdentity, record: NodePresence | null, hostKnown: boolean): NodeState {
  const before = states.get(identity);
  if (before?.record === record) return before.state;
  const state = makeState(identity, record, hostKnown, before?.state.tags ?? null);
  states.set(identity, { record, state });
  return state;
}

function makeState(
  { name, configured, host, ghostIds, doubt, taints }: NodeIdentity,
  record: NodePresence | null,
  hostKnown: boolean,
  tagsBefore: NodeTags | null,
): NodeState {
  const ssh = configured !== null && configured.ssh !== null;
  const facts = record?.facts ?? {};
  const declared = configured?.location ?? null;
  const place = record?.location ?? null;
  const isPeer = configured !== null || isSeenAsPeer(host, facts.ips);
  const selectable = declared ?? (isSelectable(place, configured !== null) ? place : null);
  const input: NodeTagsInput = {
    name,
    os: host?.platform ?? held(facts.os),
    arch: held(facts.arch),
    paired: host !== null,
    ssh,
    location: selectable,
    // SECURITY: not what its clock says, which whoever is on the node sets.
    timeZone: declared?.timeZone ?? selectable?.timeZone ?? null,
    tailnetTags: isPeer ? (held(facts.tailnetTags) ?? []) : [],
    configured: configured?.tags ?? NO_TAGS,
  };
  return {
    name,
    nodeId: host?.nodeId ?? null,
    configured: configured !== null,
    tags: tagsOf(input, tagsBefore),
    // A machine with SSH that is not paired may well be up: the host's list says nothing about it.
    online: host !== null ? onlineOf(host, record) : hostKnown && !ssh && doubt === null ? false : null,
    sshReachable: ssh ? reachableOf(record?.reach.ssh?.state) : null,
    rttMs: record?.rttMs ?? null,
    capacity: record === null ? UNKNOWN_CAPACITY : capacityOf(record),
    approval:
      host !== null ? approvalOf(host.approval) : hostKnown && doubt === null ? "unpaired" : "unknown",
    awaitsReapproval: host?.approval === "pending-reapproval",
    commands: host === null ? NO_COMMANDS : commandsOf(host),
    ssh,
    transport: configured?.transport ?? "auto",
    workspace: configured?.workspace ?? null,
    location: locationOf(declared, place),
    residence: residenceOf({
      declared,
      tailnetTags: isPeer ? facts.tailnetTags : undefined,
      witnesses: record?.witnesses === undefined ? [] : record.witnesses,
    }),
    taints,
    ghostIds,
    doubt,
    cordon: null,
  };
}

/** What each set of tags was made of: most records differ in numbers alone. */
const inputs = new WeakMap<NodeTags, NodeTagsInput>();

function tagsOf(input: NodeTagsInput, before: NodeTags | null): NodeTags {
  if (before !== null && sameInput(inputs.get(before), input)) return before;
  const tags = nodeTags(input);
  inputs.set(tags, input);
  return tags;
}

/** Of the same identity: name, pairing, SSH and configured tags are its own. */
function sameInput(a: NodeTagsInput | undefined, b: NodeTagsInput): boolean {
  return (
    a !== undefined &&
    a.os === b.os &&
    a.arch === b.arch &&
    a.timeZone === b.timeZone &&
    sameData(a.location, b.location) &&
    sameData(a.tailnetTags, b.tailnetTags)
  );
}

const NO_COMMANDS: ReadonlySet<string> = new Set();
/** Nodes offer mostly the same: one set for all of them, for 10,000 sets are in no cache. */
const commandSets = new BoundedMap<string, ReadonlySet<string>>(256);
const commandsOf = onceFor(({ commands }: HostNode): ReadonlySet<string> => {
  const key = JSON.stringify(commands);
  const set = commandSets.get(key) ?? new Set(commands);
  commandSets.set(key, set);
  return set;
});

/**
 * The host notices a cut after a minute, the asking after seconds. A node that answers does not make it connected; and
 * that it did not answer before it connected anew says nothing of this connection.
 */
function onlineOf(host: HostNode, record: NodePresence | null): boolean | null {
  const reach = record?.reach.node ?? null;
  if (reach?.state !== "down") return host.connected;
  const isOlder = reach.askedMs != null && host.connectedAtMs !== null && reach.askedMs < host.connectedAtMs;
  return isOlder ? host.connected : false;
}

function reachableOf(state: "up" | "failing" | "down" | "unknown" | undefined): boolean | null {
  if (state === undefined || state === "unknown") return null;
  return state !== "down";
}

/**
 * SECURITY: a rule's `require` is a promise, so a weak hint (home relay, time zone) gives no tag, and an inferred place
 * gives none to a machine of which the operator has not said a word. Tailscale's is no better than that: it is
 * `Hostinfo.Location`, which the control plane passes on "only if explicitly declared by a node" (tailcfg/tailcfg.go).
 */
function isSelectable(place: Place | null, isConfigured: boolean): boolean {
  if (place === null || place.source === "declared") return false;
  return isConfigured && place.confidence !== "low";
}

/**
 * SECURITY: a paired node that no entry names is looked up on the tailnet by its display name, which it chose itself.
 * It is that peer only if the gateway saw it come from one of the peer's addresses: nobody else can on a tailnet.
 */
function isSeenAsPeer(host: HostNode | null, ips: Fact<readonly string[]> | undefined): boolean {
  const seen = host?.remoteIp?.replace(/^::ffff:/i, "").toLowerCase() ?? null;
  return seen !== null && ips?.source === "tailscale" && (held(ips) ?? []).includes(seen);
}

/**
 * The operator's words go before everything. Coordinates that they lack come from presence, which looks them up for
 * the same words; a record that was made of other words adds nothing.
 */
function locationOf(declared: NodeLocation | null, place: Place | null): NodeLocation | null {
  if (declared === null) return place === null || place.source === "declared" ? null : plainLocation(place);
  const isSame =
    place?.source === "declared" &&
    declared.latitude === undefined &&
    place.country === declared.country &&
    place.region === declared.region &&
    place.city === declared.city;
  return isSame ? { ...plainLocation(place), ...declared } : declared;
}

/** Without what only presence says of it. */
function plainLocation({ precision: _p, confidence: _c, detail: _d, ...location }: Place): NodeLocation {
  return location;
}

function capacityOf({ facts }: NodePresence): NodeCapacity {
  const cpus = held(facts.cpuCount);
  const load = held(facts.load1);
  const memory = held(facts.memoryAvailableBytes);
  const disk = held(facts.diskAvailableBytes);
  return {
    idleCpus: cpus === null || load === null ? null : cpus - load,
    loadPerCpu: shareOf(load, cpus),
    freeMemoryBytes: memory,
    freeMemoryShare: shareOf(memory, held(facts.memoryTotalBytes)),
    freeDiskBytes: disk,
    freeDiskShare: shareOf(disk, held(facts.diskTotalBytes)),
  };
}

function shareOf(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : part / whole;
}
