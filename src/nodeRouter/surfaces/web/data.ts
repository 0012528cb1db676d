// What the page and scripts get as JSON: who is refused, the nodes report, who is routed where, and what happened. Pure.
import type { Transition } from "../../../presence/presence.ts";
import type { ExplainReport } from "../../explain/report.ts";
import type { CallRow } from "../../ledger/readCalls.ts";
import type { Finding } from "../doctor/finding.ts";
import type { UsageOverview } from "../methods/usageMethod.ts";
import type { NodeReport, NodesReport } from "../reports/nodeReport.ts";
import type { PeersOverview } from "../reports/peersOverview.ts";
import type { AgentStatus, StatusReport } from "../reports/statusReport.ts";
import { type RefusedAgent, refusedNow } from "./refusedNow.ts";

/** Changes of all nodes that are sent along, newest first. */
export const MAX_EVENTS = 50;

/** Calls of each list. */
const MAX_CALLS = 10;

/** Of the newest calls, whatever became of them. */
const MAX_RECENT = 20;

/** Of the doctor's findings, the worst first. */
const MAX_FINDINGS = 20;

/** Nodes of an explanation. */
const MAX_CANDIDATES = 50;

/** How an agent's exec is routed now. */
export type AgentRoute = Pick<
  AgentStatus,
  "agent" | "rule" | "outcome" | "node" | "transport" | "binding" | "guard" | "message"
>;

export interface NodesData
  extends NodesReport,
    Pick<StatusReport, "version" | "mode" | "hooks" | "sources" | "ssh" | "audit"> {
  /** Epoch ms on the gateway when this was made: all ages are reckoned from it. */
  readonly nowMs: number;
  /** The only node with facts, other places and history; "" none; null: every node has them. */
  readonly detail: string | null;
  /** Whose exec would be refused now. */
  readonly refused: readonly RefusedAgent[];
  readonly agents: readonly AgentRoute[];
  /** Of the asked agent's exec, with at most 50 nodes, those that fit first; null: of nobody, or nobody of that name. */
  readonly explained: ExplainReport | null;
  /** The doctor's errors and warnings, the worst first; null: it could not be asked. */
  readonly findings: readonly Finding[] | null;
  readonly events: readonly Transition[];
  /** Of the newest: those on the node `detail` and those of its agents that ran nowhere; newest first. */
  readonly calls: readonly CallRow[];
  /** Of the newest: those that were refused, with their reasons; newest first. */
  readonly refusals: readonly CallRow[];
  /** The newest of all; newest first. */
  readonly recent: readonly CallRow[];
  /** Other gateways, and the tasks that go to and come from them; null: none is configured. */
  readonly peers: Omit<PeersOverview, "counts"> | null;
  /** Of the last week by region, and of today; absent or null: not asked for (`?usage`), or not counted. */
  readonly usage?: UsageOverview | null;
}

export interface NodesDataInput {
  readonly nodes: NodesReport;
  readonly status: StatusReport;
  readonly events: readonly Transition[];
  /** The newest of the ledger, newest first. */
  readonly calls: readonly CallRow[];
  readonly peers: PeersOverview | null;
  readonly explained: ExplainReport | null;
  readonly findings: readonly Finding[] | null;
  readonly nowMs: number;
  /** As in the answer: the page asks every few seconds and shows the details of one. */
  readonly detail: string | null;
}

/**
 * @param input `nowMs` is epoch ms; `detail` is the one node that comes with all of its facts, null: every node does.
 */
export function createNodesData(input: NodesDataInput): NodesData {
  const { nodes, status, events, calls, peers, explained, findings, nowMs, detail } = input;
  const agents = status.agents.filter(({ node }) => node === detail).map(({ agent }) => agent);
  const isOfDetail = ({ node, agent }: CallRow): boolean =>
    node === null ? agents.some((one) => one === agent) : node === detail;
  return {
    ...nodes,
    nowMs,
    detail,
    version: status.version,
    mode: status.mode,
    hooks: status.hooks,
    sources: status.sources,
    ssh: status.ssh,
    audit: status.audit,
    nodes: nodes.nodes.map((node) => (detail === null || node.name === detail ? node : brief(node))),
    refused: refusedNow(status, nodes, calls),
    agents: status.agents.map(({ agent, rule, outcome, node, transport, binding, guard, message }) => ({
      agent,
      rule,
      outcome,
      node,
      transport,
      binding,
      guard,
      message,
    })),
    explained: explained === null ? null : shortened(explained),
    findings: findings?.filter(({ severity }) => severity !== "info").slice(0, MAX_FINDINGS) ?? null,
    events: events.slice(0, MAX_EVENTS),
    calls: calls.filter(isOfDetail).slice(0, MAX_CALLS),
    refusals: calls.filter(({ outcome }) => outcome === "refused").slice(0, MAX_CALLS),
    recent: calls.slice(0, MAX_RECENT),
    peers: peers === null ? null : withoutCounts(peers),
  };
}

function shortened(report: ExplainReport): ExplainReport {
  const [fitting, others] = [true, false].map((fits) => report.candidates.filter((one) => one.fits === fits));
  return { ...report, candidates: [...(fitting ?? []), ...(others ?? [])].slice(0, MAX_CANDIDATES) };
}

function withoutCounts({ peers, delegations, left }: PeersOverview): NodesData["peers"] {
  return { peers, delegations, left };
}

function brief(node: NodeReport): NodeReport {
  return { ...node, facts: {}, otherPlaces: [], history: null };
}
