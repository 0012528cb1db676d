// What `status` says: every agent with its rule, node, transport and presence, and how the plugin itself is. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Binding, Mode, Transport } from "../../types.ts";
import type { AuditState } from "../audit/audit.ts";
import type { Counters } from "../counters.ts";
import { explainReport } from "../explainCall.ts";
import { type GuardPlan, planGuard } from "../guard/plan.ts";
import { agentIds, bindingOf } from "../hostConfig.ts";
import type { Liveness } from "../liveness.ts";
import type { PlacementDecision } from "../placement/decision.ts";
import type { NodeSnapshot } from "../placement/snapshot.ts";
import type { SshNodeStatus } from "./sshStatus.ts";

export interface AgentStatus {
  readonly agent: string;
  readonly rule: string | null;
  readonly outcome: PlacementDecision["outcome"];
  /** Where its exec would run now; null = not on a node. */
  readonly node: string | null;
  readonly transport: Transport | null;
  readonly binding: Binding;
  /**
   * Of the chosen node; null without one. Over SSH: `online` while a connection is open, else `unknown`, because
   * nobody asks the machine before a call.
   */
  readonly presence: "online" | "offline" | "unknown" | null;
  /** Whether the host refuses by itself when the plugin is missing; null when no rule routes the agent. */
  readonly guard: GuardPlan["state"] | null;
  readonly message: string;
}

export interface StatusReport {
  readonly version: string;
  readonly mode: Mode;
  readonly hooks: Liveness;
  readonly agents: readonly AgentStatus[];
  readonly nodes: { readonly total: number; readonly online: number; readonly unknown: number };
  readonly counters: Counters;
  /** Connections of agents whose workspace is on a node, by node. */
  readonly ssh: readonly SshNodeStatus[];
  /** Records of commands and file changes over SSH; null: nothing was audited in this process. */
  readonly audit: AuditState | null;
  /** Config problems, errors first. */
  readonly problems: readonly {
    readonly severity: string;
    readonly path: string;
    readonly message: string;
  }[];
  /** Milliseconds since the host's node list was read; null when it has never been read. */
  readonly snapshotAgeMs: number | null;
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
  /** Epoch ms. */
  readonly nowMs: number;
}

export function createStatusReport(input: StatusInput): StatusReport {
  const { config, hostConfig, snapshot, nowMs } = input;
  const guards = new Map(planGuard(config, hostConfig, snapshot).map((plan) => [plan.agent, plan.state]));
  const agents = agentIds(hostConfig).map((agent): AgentStatus => {
    const binding = bindingOf(hostConfig, agent);
    const report = explainReport(config, { agent, tool: "exec", binding }, snapshot, nowMs);
    const { rule, outcome, node, transport, message } = report;
    const presence = node === null ? null : presenceOf(input, node, transport);
    return {
      agent,
      rule,
      outcome,
      node,
      transport,
      binding,
      presence,
      guard: guards.get(agent) ?? null,
      message,
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
    },
    counters: { ...input.counters },
    ssh: input.ssh,
    audit: input.audit,
    problems: config.problems
      .map(({ severity, path, message }) => ({ severity, path, message }))
      .sort((a, b) => order[a.severity] - order[b.severity]),
    snapshotAgeMs: snapshot.takenAtMs === null ? null : Math.max(0, nowMs - snapshot.takenAtMs),
  };
}

function presenceOf(
  { snapshot, ssh }: StatusInput,
  name: string,
  transport: Transport | null,
): AgentStatus["presence"] {
  if (transport === "ssh") {
    const connected = ssh.find(({ node }) => node === name)?.connected ?? 0;
    return connected > 0 ? "online" : "unknown";
  }
  const online = snapshot.nodes.find((node) => node.name === name)?.online ?? null;
  return online === null ? "unknown" : online ? "online" : "offline";
}
