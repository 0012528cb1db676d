// What `status` says: every agent with its rule, node, transport and presence, and how the plugin itself is. Pure.
import type { ConfigProblem } from "../../../config/problems/problem.ts";
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { NodePresence, PresenceState, SourceHealth } from "../../../presence/record.ts";
import type { HostNode } from "../../../presence/sources/gateway/hostNode.ts";
import type { Mode, Transport } from "../../../shared/types.ts";
import type { BusyNode } from "../../current/pressure.ts";
import type { WaitingCall } from "../../current/waiting.ts";
import { type CordonReport, cordonReport } from "../../explain/cordonText.ts";
import { whyText } from "../../explain/message.ts";
import type { ExplainReport } from "../../explain/report.ts";
import { modelOf } from "../../host/agentModel.ts";
import type { Discovery } from "../../host/discovery.ts";
import { agentIds } from "../../host/hostConfig.ts";
import type { SessionTotals } from "../../host/sessionTotals.ts";
import type { HostedRecords } from "../../hostedSessions/hostedSession.ts";
import type { LedgerState } from "../../ledger/ledger.ts";
import type { Liveness } from "../../liveness/liveness.ts";
import type { NodeState } from "../../placement/model/snapshot.ts";
import type { LastNodesView, World } from "../../policy/callDecision.ts";
import { explainTool, lookAhead } from "../../policy/explainTool.ts";
import { worldOf } from "../../policy/world.ts";
import type { Counters } from "../../state/counters.ts";
import type { TunnelStatus } from "../../tunnels/tunnelStatus.ts";
import { type GuardPlan, planGuard } from "../guard/guardPlan.ts";
import { type HostedStatus, hostedStatus } from "./hostedReport.ts";
import { MAX_BLOCKED } from "./maxBlocked.ts";
import { countStates, type StateCounts, shownStateOf } from "./nodeState.ts";
import type { SshNodeStatus } from "./sshStatus.ts";

/** What is explained is its exec, as it would run now. */
export interface AgentStatus
  extends Pick<ExplainReport, "agent" | "rule" | "outcome" | "node" | "transport" | "binding" | "message"> {
  /** Of the chosen node, over the transport that the agent uses; null without a node. */
  readonly presence: "online" | "offline" | "unknown" | null;
  /** Whether the host refuses by itself when the plugin is missing; null when no rule routes the agent. */
  readonly guard: GuardPlan["state"] | null;
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
  /** Of a refused agent: the nodes that its rule means, of which none can be used now; absent: there are none. */
  readonly blocked?: readonly BlockedNode[];
}

export interface BlockedNode {
  readonly node: string;
  /** About it alone: `was offline`. */
  readonly why: string;
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
  /** Those of the config, by node; absent: not asked. */
  readonly tunnels?: readonly (TunnelStatus & { readonly node: string })[];
  /** Where the gateway is, and who says so: its variables, else its host name; absent: not asked. */
  readonly discovery?: Discovery;
  /** Records of commands and file changes in workspaces; null: nothing was audited in this process. */
  readonly audit: LedgerState | null;
  /** Sessions that the host runs on another machine as a whole; absent: not asked. */
  readonly hosted?: readonly HostedStatus[];
  /** Config problems, errors first. */
  readonly problems: readonly Pick<ConfigProblem, "severity" | "path" | "message">[];
  /** Milliseconds since the host's node list was read; null when it has never been read. */
  readonly snapshotAgeMs: number | null;
  /** Nodes from which the operator keeps calls away; absent: none. */
  readonly cordons?: readonly { readonly node: string; readonly cordon: CordonReport | "unreadable" }[];
  /** Calls that wait for a node, first come first; absent: none does. */
  readonly waiting?: readonly { readonly agent: string; readonly tool: string; readonly forMs: number }[];
  /** Nodes that are ejected, or may not run any number of calls; absent: there are none. */
  readonly busy?: readonly BusyNode[];
  /** Who observes the nodes, and whether they can; empty before they began. */
  readonly sources: readonly SourceHealth[];
}

export interface StatusInput
  extends Pick<StatusReport, "version" | "hooks" | "counters" | "ssh" | "audit" | "sources">,
    Pick<World, "snapshot" | "presence" | "apiProblem"> {
  readonly config: ResolvedConfig;
  /** By inventory name; absent: not asked. */
  readonly tunnels?: ReadonlyMap<string, TunnelStatus>;
  readonly discovery?: Discovery;
  readonly hostConfig: unknown;
  readonly lastNodes: LastNodesView;
  /** Absent: not asked. */
  readonly waiting?: Iterable<WaitingCall>;
  readonly busy?: readonly BusyNode[];
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
    const explained = explainTool(world.agent(agent), "exec", world, nowMs, input.lastNodes);
    const { rule, outcome, node, transport, binding, message } = explained;
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
      ...(outcome === "refused" ? blockedPart(world, agent, input.lastNodes) : {}),
    };
  });
  const cordons = snapshot.nodes.flatMap(({ name: node, cordon: kept }) => {
    const cordon = cordonReport(kept);
    return cordon === null ? [] : [{ node, cordon }];
  });
  const waiting = [...(input.waiting ?? [])].map(({ agent, tool, sinceMs }) => {
    return { agent, tool, forMs: Math.max(0, nowMs - sinceMs) };
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
    ...(input.tunnels === undefined
      ? {}
      : { tunnels: [...input.tunnels].map(([node, tunnel]) => ({ node, ...tunnel })) }),
    ...(input.discovery === undefined ? {} : { discovery: input.discovery }),
    audit: input.audit,
    ...(input.hosted === undefined
      ? {}
      : { hosted: hostedStatus(config, hostConfig, snapshot, input.hostNodes ?? [], input.hosted) }),
    problems: config.problems
      .map(({ severity, path, message }) => ({ severity, path, message }))
      .sort((a, b) => order[a.severity] - order[b.severity]),
    snapshotAgeMs: snapshot.takenAtMs === null ? null : Math.max(0, nowMs - snapshot.takenAtMs),
    sources: input.sources,
    ...(cordons.length === 0 ? {} : { cordons }),
    ...(waiting.length === 0 ? {} : { waiting }),
    ...(input.busy === undefined || input.busy.length === 0 ? {} : { busy: input.busy }),
  };
}

function blockedPart(world: World, agent: string, lastNodes: LastNodesView): Pick<AgentStatus, "blocked"> {
  const { placement } = lookAhead(world.agent(agent), "exec", world, lastNodes);
  const blocked = (placement?.candidates() ?? [])
    .filter(({ reason }) => reason?.about === "node")
    .slice(0, MAX_BLOCKED)
    .map((candidate) => ({ node: candidate.node, why: whyText(candidate, "") }));
  return blocked.length === 0 ? {} : { blocked };
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
  const over = transport === null || transport === "peer" ? null : reach[transport];
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
