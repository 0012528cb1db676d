// What `status` says: every agent with its rule, node, transport and presence, and how the plugin itself is. Pure.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { NodePresence, PresenceState, SourceHealth } from "../../../presence/record.ts";
import type { HostNode } from "../../../presence/sources/gateway/hostNode.ts";
import type { Binding, Mode, Transport } from "../../../shared/types.ts";
import type { AuditState } from "../../audit/audit.ts";
import { modelOf } from "../../host/agentModel.ts";
import { agentIds } from "../../host/hostConfig.ts";
import type { SessionTotals } from "../../host/sessionTotals.ts";
import type { HostedRecords } from "../../hostedSessions/hostedSession.ts";
import type { Liveness } from "../../liveness/liveness.ts";
import type { PlacementDecision } from "../../placement/model/decision.ts";
import type { NodeSnapshot, NodeState } from "../../placement/model/snapshot.ts";
import { explainTool } from "../../policy/explainTool.ts";
import { worldOf } from "../../policy/world.ts";
import type { Counters } from "../../state/counters.ts";
import type { LastNodes } from "../../state/lastNodes.ts";
import { type GuardPlan, planGuard } from "../guard/guardPlan.ts";
import { type HostedStatus, hostedStatus } from "./hostedReport.ts";
import { countStates, type StateCounts, shownStateOf } from "./nodeState.ts";
import type { SshNodeStatus } from "./sshStatus.ts";

export interface AgentStatus {
  readonly agent: string;
  readonly rule: string | null;
  readonly outcome: PlacementDecision["outcome"];
  /** Where its exec would run now; null = not on a node. */
  readonly node: string | null;
  readonly transport: Transport | null;
  readonly binding: Binding;
  /** Of the chosen node, over the transport that the agent uses; null without a node. */
  readonly presence: "online" | "offline" | "unknown" | null;
  /** Whether the host refuses by itself when the plugin is missing; null when no rule routes the agent. */
  readonly guard: GuardPlan["state"] | null;
  readonly message: string;
  /** The chosen node's state; null without a node. */
  readonly state: PresenceState | null;
  /** As configured; null: OpenClaw's own default. */
  readonly model: string | null;
  /** Absolute: on the chosen node for a workspace binding, else on the gateway; null: not known. */
  readonly workspace: string | null;
  /** Sessions that the host keeps; null: it does not say. */
  readonly sessions: number | null;
  /** Of the last run of each session, added up; null: not known. */
  readonly tokens: SessionTotals["tokens"];
}

export interface StatusReport {
  readonly version: string;
  readonly mode: Mode;
  readonly hooks: Liveness;
  readonly agents: readonly AgentStatus[];
  readonly nodes: {
    readonly total: number;
    /** Connected to the gateway; a machine with SSH alone is one of the `unknown`. */
    readonly online: number;
    readonly unknown: number;
    readonly states: StateCounts;
  };
  readonly counters: Counters;
  /** Connections of agents whose workspace is on a node, by node. */
  readonly ssh: readonly SshNodeStatus[];
  /** Records of commands and file changes over SSH; null: nothing was audited in this process. */
  readonly audit: AuditState | null;
  /** Sessions that the host runs on another machine as a whole; absent: not asked. */
  readonly hosted?: readonly HostedStatus[];
  /** Config problems, errors first. */
  readonly problems: readonly {
    readonly severity: string;
    readonly path: string;
    readonly message: string;
  }[];
  /** Milliseconds since the host's node list was read; null when it has never been read. */
  readonly snapshotAgeMs: number | null;
  /** Who observes the nodes, and whether they can; empty before they began. */
  readonly sources: readonly SourceHealth[];
}

export interface StatusInput {
  readonly version: string;
  readonly config: ResolvedConfig;
  readonly hostConfig: unknown;
  readonly snapshot: NodeSnapshot;
  readonly hooks: Liveness;
  readonly counters: Counters;
  readonly ssh: readonly SshNodeStatus[];
  readonly audit: AuditState | null;
  /** Why the host's sandbox API cannot be used; null when it can. */
  readonly apiProblem: string | null;
  /** By inventory name; empty before the nodes are observed. */
  readonly presence: ReadonlyMap<string, NodePresence>;
  readonly sources: readonly SourceHealth[];
  /** Where the agents' calls ran until now. */
  readonly lastNodes: Pick<LastNodes, "of">;
  /** The host's list of nodes and of hosted sessions; absent: not asked. */
  readonly hostNodes?: readonly HostNode[];
  readonly hosted?: HostedRecords | undefined;
  /** Null: the host does not say. */
  readonly sessions: (agent: string) => SessionTotals | null;
  /** The agent's workspace on the gateway, absolute; null: the host does not say. */
  readonly gatewayWorkspace: (agent: string) => string | null;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** Every configured agent as a call of its `exec` would be decided now, and how the plugin itself is. */
export function createStatusReport(input: StatusInput): StatusReport {
  const { config, hostConfig, snapshot, nowMs } = input;
  const guards = new Map(planGuard(config, hostConfig, snapshot).map((plan) => [plan.agent, plan.state]));
  const world = worldOf(config, hostConfig, { ...input, hostNodes: input.hostNodes ?? [] });
  const agents = agentIds(hostConfig).map((agent): AgentStatus => {
    const report = explainTool(world.agent(agent), "exec", world, nowMs, input.lastNodes);
    const { binding } = report;
    const { rule, outcome, node, transport, message } = report;
    const chosen = snapshot.nodes.find(({ name }) => name === node) ?? null;
    const totals = input.sessions(agent);
    return {
      agent,
      rule,
      outcome,
      node,
      transport,
      binding,
      presence: chosen === null ? null : presenceOf(input, chosen, transport),
      guard: guards.get(agent) ?? null,
      message,
      state: chosen === null ? null : shownStateOf(chosen, input.presence.get(chosen.name)).state,
      model: modelOf(hostConfig, agent),
      workspace: binding === "workspace" ? (chosen?.workspace ?? null) : input.gatewayWorkspace(agent),
      sessions: totals?.sessions ?? null,
      tokens: totals?.tokens ?? null,
    };
  });
  const order = { error: 0, warning: 1 };
  return {
    version: input.version,
    mode: config.mode,
    hooks: input.hooks,
    agents,
    nodes: {
      total: snapshot.nodes.length,
      online: snapshot.nodes.filter((node) => node.online === true).length,
      unknown: snapshot.nodes.filter((node) => node.online === null).length,
      states: countStates(
        snapshot.nodes.map((node) => shownStateOf(node, input.presence.get(node.name)).state),
      ),
    },
    counters: { ...input.counters },
    ssh: input.ssh,
    audit: input.audit,
    ...(input.hosted === undefined
      ? {}
      : { hosted: hostedStatus(config, hostConfig, snapshot, input.hostNodes ?? [], input.hosted) }),
    problems: config.problems
      .map(({ severity, path, message }) => ({ severity, path, message }))
      .sort((a, b) => order[a.severity] - order[b.severity]),
    snapshotAgeMs: snapshot.takenAtMs === null ? null : Math.max(0, nowMs - snapshot.takenAtMs),
    sources: input.sources,
  };
}

/** A node can be up over one transport and down over the other, which the agent does not use. */
function presenceOf(
  { presence, ssh }: StatusInput,
  node: NodeState,
  transport: Transport | null,
): AgentStatus["presence"] {
  const record = presence.get(node.name);
  if (record !== undefined) return recordedPresence(record, transport);
  if (transport === "ssh") {
    const connected = ssh.find((status) => status.node === node.name)?.connected ?? 0;
    return connected > 0 ? "online" : "unknown";
  }
  return node.online === null ? "unknown" : node.online ? "online" : "offline";
}

function recordedPresence(
  { state, reach }: NodePresence,
  transport: Transport | null,
): AgentStatus["presence"] {
  if (state === "stale" || state === "unknown") return "unknown";
  const over = transport === null ? null : reach[transport];
  switch (over?.state) {
    case "up":
    case "failing":
      return "online";
    case "down":
      return "offline";
    case "unknown":
      return "unknown";
    default:
      return state === "offline" ? "offline" : "online";
  }
}
