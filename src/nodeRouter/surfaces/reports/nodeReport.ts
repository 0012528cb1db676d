// The record of a node from which the CLI, the page, `/nodes`, metrics and the agent tool are made. Types alone.

import type { ReportedPlace } from "../../../presence/location/reportedPlace.ts";
import type { NodeHistory } from "../../../presence/presence.ts";
import type { NodePresence, TailnetPath } from "../../../presence/record.ts";
import type { NodeLocation, Transport } from "../../../shared/types.ts";
import type { CallLoad } from "../../explain/callLoadText.ts";
import type { CordonReport } from "../../explain/cordonText.ts";
import type { NodeState } from "../../placement/model/snapshot.ts";
import type { TunnelStatus } from "../../tunnels/tunnelStatus.ts";
import type { NodeHosting } from "./hostedReport.ts";
import type { StateFacts } from "./nodeState.ts";

/** What a node's entry in the snapshot says, and what was observed of it. */
export interface NodeReport
  extends Pick<NodeState, "name" | "nodeId" | "configured" | "online" | "approval" | "transport">,
    Pick<NodeState, "workspace" | "ghostIds">,
    Pick<StateFacts, "state" | "reason">,
    Pick<NodePresence, "rttMs" | "reach" | "facts" | "contradictions"> {
  readonly os: string | null;
  readonly location: NodeLocation | null;
  /** Configured and built-in; a bare tag has the value "". */
  readonly tags: Readonly<Record<string, string>>;
  /** As the config writes them; absent: none. */
  readonly taints?: readonly string[];
  /** Ways to it, whether or not it answers now. */
  readonly transports: readonly Transport[];
  /** Whether it can run exec over the node protocol. */
  readonly exec: boolean;
  /** ISO 8601 since when; null: not known. */
  readonly since: string | null;
  /** The address to show: tailnet IPv4 first. */
  readonly ip: string | null;
  /** How the tailnet reaches it; null: not on a tailnet, or not known. */
  readonly path: TailnetPath | null;
  readonly resources: NodeResources;
  /** Agents whose exec would run there now, by id. */
  readonly agents: readonly string[];
  /** What it does for agents that no call parameter chooses; absent: not asked. */
  readonly hosting?: NodeHosting;
  /** By which its node host reaches the gateway; null: none is configured; absent: not asked. */
  readonly tunnel?: TunnelStatus | null;
  /** `location` with how exact and how sure it is; null: nowhere. */
  readonly place: ReportedPlace | null;
  readonly otherPlaces: readonly ReportedPlace[];
  readonly history: NodeHistory | null;
  /** What calls do there now; absent: not asked. */
  readonly calls?: CallLoad;
  /** The operator keeps calls away from it; null: calls may come. */
  readonly cordon: CordonReport | "unreadable" | null;
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
  readonly gateway: { readonly place: ReportedPlace | null };
  /** Credits that the data asks for, such as of the GeoIP file in use. */
  readonly attributions: readonly string[];
  readonly snapshotAgeMs: number | null;
}
