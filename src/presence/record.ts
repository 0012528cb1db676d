// What node presence is made of: observations of the sources in, one record a node out. Types alone.
import type { LocationConfidence, LocationPrecision, NodeLocation, NodeProtocol } from "../shared/types.ts";

/** Who can say something about a node. `plugin` is this plugin on a paired node, `ssh` asks over the pooled connection. */
export type SourceName = "gateway" | "plugin" | "tailscale" | "ssh" | "declared";

/** How a tailnet peer is reached now. `idle`: nothing was sent lately, so nobody knows. */
export type TailnetPath = "direct" | "relayed" | "peer-relay" | "idle";

/**
 * Every fact that a source can state; what each means, its unit and how long it holds is in `FACTS`. A fact that a
 * source does not know is absent, never guessed.
 */
export interface FactValues {
  /** The gateway's own word for it: the node's WebSocket is open. */
  connected: boolean;
  approval: string;
  /** OpenClaw's version on the node. */
  version: string;
  ips: readonly string[];
  dnsName: string;
  hostname: string;
  /** `linux`, `macos`, `windows`, `freebsd`, `ios`, `android`, … */
  os: string;
  osVersion: string;
  /** `x64`, `arm64`, … as Node names them. */
  arch: string;
  /** Login shell's path. */
  shell: string;
  /** IANA name. */
  timeZone: string;
  uptimeSeconds: number;
  cpuCount: number;
  /** Load average of one minute. */
  load1: number;
  memoryTotalBytes: number;
  memoryAvailableBytes: number;
  /** Of the file system that holds the workspace, else the login's home. */
  diskTotalBytes: number;
  diskAvailableBytes: number;
  tailnetOnline: boolean;
  tailnetPath: TailnetPath;
  /** Code of the home DERP region, e.g. `sin`. */
  tailnetRelay: string;
  tailnetTags: readonly string[];
  tailnetUser: string;
  /** Epoch ms; only said of peers that are offline. */
  tailnetLastSeenMs: number;
  tailnetKeyExpiresMs: number;
  tailnetKeyExpired: boolean;
  /** Only ever true: the control plane distributes SSH host keys for it, so Tailscale SSH answers on port 22 there. */
  tailnetSsh: boolean;
  /** The address that the node's packets come from, when it is public. */
  publicAddress: string;
}
export type FactName = keyof FactValues;

/** All that one source says of one node at one moment: it replaces what that source said before. */
export interface Observation {
  /** Inventory name. */
  readonly node: string;
  readonly source: SourceName;
  /** Epoch ms at which the facts held; for numbers that the node itself measured, when it did. */
  readonly atMs: number;
  readonly facts: Readonly<Partial<FactValues>>;
  /** Facts that are older than the rest of the observation, such as the host's minute statistics. */
  readonly factAtMs?: Readonly<Partial<Record<FactName, number>>>;
  /** Places that this source knows or infers, best first. */
  readonly places?: readonly Place[];
  /** Which machine the source says it of, by an id that no other one gets; absent: it cannot tell. */
  readonly of?: string;
  /** The source was cut off: what it does not say here holds as it said it before. */
  readonly isPartial?: true;
}

/** One answer, or none, of a node over one transport. */
export interface ReachAnswer {
  readonly node: string;
  readonly transport: NodeProtocol;
  /** Epoch ms; of `up` when it answered, else when the question began: it says nothing of a later connection. */
  readonly atMs: number;
  /**
   * `up`: it answered. `silent`: it did not in time, which a lost packet can do too: only the second in a row
   * counts. `down`: the other end said so (connection refused, closed, unpaired), which counts at once.
   * `unknown`: the asking itself failed (no authority, no settings): nothing is learned of the node.
   */
  readonly result: "up" | "silent" | "down" | "unknown";
  /** Round trip in ms; null when none was measured. */
  readonly rttMs: number | null;
  /** Why not `up`, in words; null when it is. */
  readonly reason: string | null;
}

/** What is known of a node over one transport. */
export interface Reach {
  readonly state: "up" | "failing" | "down" | "unknown";
  /** Epoch ms of the last `up`; null: never. */
  readonly lastAnswerMs: number | null;
  /** Answers other than `up`, in a row; `unknown` ones not counted. */
  readonly failures: number;
  /** Smoothed round trip in ms (median of the last 5); null: none measured. */
  readonly rttMs: number | null;
  readonly reason: string | null;
  /** Epoch ms at which what it was concluded from was asked, also of a silence; absent or null: never. */
  readonly askedMs?: number | null;
}

export interface Place extends NodeLocation {
  readonly precision: LocationPrecision;
  readonly confidence: LocationConfidence;
  /** Where it comes from in words for people: `DERP region sin`, `endpoint 198.51.100.7`. */
  readonly detail: string;
}

/**
 * `ready`: every way to it answers. `degraded`: it answers, and something is wrong. `stale`: nothing speaks against
 * it, but nobody heard of it lately. `offline`: every way to it is known to be dead. `unknown`: nobody can say.
 */
export type PresenceState = "ready" | "degraded" | "stale" | "offline" | "unknown";

/** A fact with who said it and when. Ages are for readers to work out: `nowMs - atMs`. */
export interface Fact<T> {
  readonly value: T;
  readonly source: SourceName;
  /** Epoch ms. */
  readonly atMs: number;
  /** Whether it is older than such a fact holds (`FACTS[name].holdsMs`). */
  readonly stale: boolean;
}

/** One fact on which sources differ; all of them are kept. */
export interface Contradiction {
  /** A fact's name, or `country`. */
  readonly fact: string;
  readonly values: readonly {
    readonly value: string;
    readonly source: string;
    readonly atMs: number | null;
  }[];
}

/** What one source says of where a node is. */
export interface PlaceWitness {
  /** `endpoint`: whom the gateway sends to. `egress`: whom a service of the operator's saw the node come from. */
  readonly by: "tailscale" | "endpoint" | "egress" | "relay" | "timezone";
  readonly place: Place;
  /** Epoch ms. */
  readonly atMs: number;
  /** Whether such a fact holds no longer; nobody has said otherwise since. */
  readonly stale: boolean;
}

/** All that the sources said of one node, before anything is chosen. */
export interface Said {
  readonly observations: readonly Observation[];
  /** The last public address that each source knew: an idle path has none, and that is no other one. */
  readonly addresses: ReadonlyMap<SourceName, { readonly value: string; readonly atMs: number }>;
  /** The last places that each source named: one that names none now has taken nothing back. */
  readonly places: ReadonlyMap<SourceName, { readonly value: readonly Place[]; readonly atMs: number }>;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** All that is known of one node: the record behind table, JSON, page, metrics and placement. */
export interface NodePresence {
  /** Inventory name. */
  readonly node: string;
  readonly state: PresenceState;
  /** Why that state, one sentence without a full stop. */
  readonly reason: string;
  /** Epoch ms since when it has that state; null before the first. */
  readonly sinceMs: number | null;
  /** Null: the node has no such transport. */
  readonly reach: { readonly node: Reach | null; readonly ssh: Reach | null };
  /** Of the transport that is up, SSH first; ms. */
  readonly rttMs: number | null;
  readonly facts: { readonly [K in FactName]?: Fact<FactValues[K]> };
  /** The most trustworthy one. */
  readonly location: Place | null;
  /** Every other place that a source names, in order of trust. */
  readonly otherPlaces: readonly Place[];
  readonly contradictions: readonly Contradiction[];
  /** Each source's word of where it is, for residency; null: it could not be worked out; absent: nobody said any. */
  readonly witnesses?: readonly PlaceWitness[] | null;
}

/** A node to observe. */
export interface PresenceTarget {
  /** Inventory name. */
  readonly name: string;
  /** Id of the paired node; null: none. */
  readonly nodeId: string | null;
  /** Name or address of the tailnet peer; null: none. */
  readonly tailscale: string | null;
  readonly ssh: boolean;
  /** Whom SSH leads to: another text is another machine, of which nothing is known. Absent: always the same. */
  readonly sshTo?: string;
  readonly workspace: string | null;
  readonly declared: NodeLocation | null;
}

/** Where sources put what they learn. Never throws. */
export interface PresenceSink {
  observe(observation: Observation): void;
  answer(answer: ReachAnswer): void;
  /** The source has nothing on these nodes any more (peer left, backend stopped). */
  forget(source: SourceName, nodes: readonly string[]): void;
}

/** One source, driven by the collector: it observes all targets once and then resolves. */
export interface PresenceSource {
  /** Unique; a `SourceName`, or one with a suffix for its parts: `ssh`, `ssh:ping`. */
  readonly id: string;
  /** Time between the end of one round and the begin of the next, ms, for that many targets. */
  readonly intervalMs: (targets: number) => number;
  /** A round that takes longer is aborted and counts as failed. */
  readonly timeoutMs: number;
  /** Rejects when the source itself cannot be asked; that says nothing about nodes. */
  round(targets: readonly PresenceTarget[], sink: PresenceSink, signal: AbortSignal): Promise<void>;
  /** For sources that also push: begins, and returns what ends it. */
  watch?(
    targets: () => readonly PresenceTarget[],
    sink: PresenceSink,
    onEnd: (error: unknown) => void,
  ): () => void;
}

/** How a source is, for `status`, `doctor` and metrics. */
export interface SourceHealth {
  readonly id: string;
  readonly lastOkMs: number | null;
  /** Rounds that failed in a row. */
  readonly failures: number;
  readonly lastError: string | null;
}
