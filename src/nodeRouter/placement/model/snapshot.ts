// What `place()` knows of the nodes: plain values, taken at one moment, never fetched from here.
import type { NodeLocation, NodeTags } from "../../../shared/types.ts";
import type { Residence } from "./residence.ts";
import type { Taint } from "./taint.ts";

/** Whether the operator has let this node offer commands. `unpaired`: the host does not know it. */
export type NodeApproval = "approved" | "pending" | "unpaired" | "unknown";

/** Which ways to a node the operator allows. `auto`: SSH when configured and the binding is workspace, else node. */
export type TransportChoice = "auto" | "node" | "ssh";

/** What a node has free. Null = not known, or known too long ago. */
export interface NodeCapacity {
  /** Processors less the load average of one minute: below zero when more wants to run than can. */
  readonly idleCpus: number | null;
  /** Load average of one minute by processors. */
  readonly loadPerCpu: number | null;
  /** Memory that programs can still get. */
  readonly freeMemoryBytes: number | null;
  /** Of all its memory, 0..1. */
  readonly freeMemoryShare: number | null;
  /** On the disk that holds its workspace. */
  readonly freeDiskBytes: number | null;
  /** Of that disk, 0..1. */
  readonly freeDiskShare: number | null;
}

/** Of a node that nobody has measured. */
export const UNKNOWN_CAPACITY: NodeCapacity = {
  idleCpus: null,
  loadPerCpu: null,
  freeMemoryBytes: null,
  freeMemoryShare: null,
  freeDiskBytes: null,
  freeDiskShare: null,
};

/**
 * `ambiguous`: several usable paired nodes have the name. `moved`: only others than the one that had it before.
 * `forgotten`: who had it before cannot be read any more. `taken`: it is new, and somebody answers to it who has another
 * entry's name.
 */
export interface NameDoubt {
  readonly kind: "ambiguous" | "moved" | "forgotten" | "taken";
  /** Of the paired nodes that answer to the name now; none of them is used. */
  readonly ids: readonly string[];
  /** Whose name it was; null: nobody knows. */
  readonly knownId: string | null;
}

/** The operator keeps new calls away from a node. Texts are as they were given, not escaped. */
export interface NodeCordon {
  /** Who said so, as the gateway knows them. */
  readonly by: string;
  readonly reason: string | null;
  /** Epoch ms. */
  readonly atMs: number;
  /** Epoch ms at which it ends by itself; null: when it is lifted. */
  readonly untilMs: number | null;
  /** It is being emptied. */
  readonly drain: boolean;
  /** Sessions whose files are there go elsewhere with their next call; else they wait. */
  readonly move: boolean;
}

/** One machine, as far as it is known now. */
export interface NodeState {
  /** Inventory name, unique in a snapshot: the config key, or the paired node's display name or id. */
  readonly name: string;
  /** Id of the paired OpenClaw node; null when none is paired (or `node: false`). */
  readonly nodeId: string | null;
  /** Whether `plugins.entries.node-router.config.nodes` names it. */
  readonly configured: boolean;
  /** Configured tags, and the built-in `node.*` and `tailscale.*` tags. */
  readonly tags: NodeTags;
  /** Connected to the gateway and answering there; null = not known, which is never read as false. */
  readonly online: boolean | null;
  /** Whether it answers over SSH; null = not known, or not configured. */
  readonly sshReachable: boolean | null;
  /** Measured round trip from the gateway in ms; null = none measured lately. */
  readonly rttMs: number | null;
  readonly capacity: NodeCapacity;
  readonly approval: NodeApproval;
  /** Approved, and it declares more commands than were approved: those wait for the operator. */
  readonly awaitsReapproval: boolean;
  /** Node-protocol commands it can be asked for now, e.g. `system.run`. */
  readonly commands: ReadonlySet<string>;
  /** Whether `nodes.<name>.ssh` is configured. */
  readonly ssh: boolean;
  readonly transport: TransportChoice;
  /** Absolute directory on the node; null when not configured. */
  readonly workspace: string | null;
  /** Declared, else inferred: its `source` says which. */
  readonly location: NodeLocation | null;
  /** Who says where it is, for rules with `residency`. */
  readonly residence: Residence;
  /** Configured ones. */
  readonly taints: readonly Taint[];
  /** Paired ids that share this node's display name and are not it (ghosts of a re-paired node). */
  readonly ghostIds: readonly string[];
  /** Why none of the paired nodes that answer to its name is it; null: nothing is in doubt. */
  readonly doubt: NameDoubt | null;
  /** `unreadable`: what the operator said of the nodes cannot be read. Null: calls may come. */
  readonly cordon: NodeCordon | "unreadable" | null;
  /** Of another gateway; absent: it is a node. */
  readonly peer?: PeerFacts;
}

/** What another gateway told of itself, as far as it is known now. */
export interface PeerFacts {
  /** Agents that may be asked there; null: nobody knows. */
  readonly agents: readonly string[] | null;
  /** It is being stopped. */
  readonly draining: boolean;
  /** Why it cannot be asked at all, a verb phrase in the past tense: `had a clock that is 612 s ahead`; null: it can. */
  readonly unfit: string | null;
}

/** What keeps calls off a node for the moment that is no word of it or of the operator. */
export interface NodePressure {
  /** It runs as many calls as it may. */
  readonly full: boolean;
  /** Calls to it failed lately: none goes there for so many ms more; null: it is as good as any. */
  readonly ejectedForMs: number | null;
}

/** All nodes at one moment. */
export interface NodeSnapshot {
  readonly nodes: readonly NodeState[];
  /** Epoch milliseconds when the host's list was read; null when it has never been read. */
  readonly takenAtMs: number | null;
  /** Where the gateway is; null = not known. */
  readonly gatewayLocation: NodeLocation | null;
  /** Who says so; absent: nobody. */
  readonly gatewayResidence?: Residence;
  /** By name, of the nodes that have any; absent: none has. */
  readonly pressure?: ReadonlyMap<string, NodePressure>;
}
