// The record of a node from which the CLI, the page, `/nodes`, metrics and the agent tool are made. Types alone.

import type { NodeHistory } from "../../../presence/presence.ts";
import type {
  Contradiction,
  Fact,
  FactName,
  FactValues,
  Place,
  PresenceState,
  Reach,
  TailnetPath,
} from "../../../presence/record.ts";
import type { NodeLocation } from "../../../shared/types.ts";
import type { NodeApproval, TransportChoice } from "../../placement/model/snapshot.ts";
import type { NodeHosting } from "./hostedReport.ts";

export interface NodeReport {
  readonly name: string;
  readonly nodeId: string | null;
  readonly configured: boolean;
  /** Connected to the gateway; null = not known, or not paired and reached over SSH. */
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

  readonly state: PresenceState;
  /** Why that state. */
  readonly reason: string;
  /** ISO 8601 since when; null: not known. */
  readonly since: string | null;
  /** The address to show: tailnet IPv4 first. */
  readonly ip: string | null;
  readonly rttMs: number | null;
  /** How the tailnet reaches it; null: not on a tailnet, or not known. */
  readonly path: TailnetPath | null;
  readonly resources: NodeResources;
  /** Agents whose exec would run there now, by id. */
  readonly agents: readonly string[];
  /** What it does for agents that no call parameter chooses; absent: not asked. */
  readonly hosting?: NodeHosting;
  readonly reach: { readonly node: Reach | null; readonly ssh: Reach | null };
  readonly facts: { readonly [K in FactName]?: Fact<FactValues[K]> };
  /** `location` with how exact and how sure it is; null: nowhere. */
  readonly place: Place | null;
  readonly otherPlaces: readonly Place[];
  readonly contradictions: readonly Contradiction[];
  readonly history: NodeHistory | null;
}

/** Null = not known, or too old. */
export interface NodeResources {
  readonly cpuCount: number | null;
  /** Load average of one minute. */
  readonly load1: number | null;
  readonly memoryTotalBytes: number | null;
  readonly memoryAvailableBytes: number | null;
  readonly diskTotalBytes: number | null;
  readonly diskAvailableBytes: number | null;
}

export interface NodesReport {
  readonly nodes: readonly NodeReport[];
  /** Where the gateway itself is; null: nobody knows. */
  readonly gateway: { readonly place: Place | null };
  /** Credits that the data asks for, such as of the GeoIP file in use. */
  readonly attributions: readonly string[];
  readonly snapshotAgeMs: number | null;
}
