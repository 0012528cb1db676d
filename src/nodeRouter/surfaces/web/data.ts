// What the page and scripts get as JSON: the nodes report, who is routed where, and what changed. Pure.
import type { Transition } from "../../../presence/presence.ts";
import type { CallRow } from "../../ledger/readCalls.ts";
import type { NodeReport, NodesReport } from "../reports/nodeReport.ts";
import type { AgentStatus, StatusReport } from "../reports/statusReport.ts";

/** Changes of all nodes that are sent along, newest first. */
export const MAX_EVENTS = 50;

/** Calls of each list. */
const MAX_CALLS = 10;

/** How an agent's exec is routed now. */
export type AgentRoute = Pick<
  AgentStatus,
  "agent" | "rule" | "outcome" | "node" | "transport" | "binding" | "message"
>;

export interface NodesData extends NodesReport, Pick<StatusReport, "version" | "mode" | "hooks" | "sources"> {
  /** Epoch ms on the gateway when this was made: all ages are reckoned from it. */
  readonly nowMs: number;
  /** The only node with facts, other places and history; "" none; null: every node has them. */
  readonly detail: string | null;
  readonly agents: readonly AgentRoute[];
  readonly events: readonly Transition[];
  /** Of the newest: those on the node `detail` and those of its agents that ran nowhere; newest first. */
  readonly calls: readonly CallRow[];
  /** Of the newest: those that were refused, with their reasons; newest first. */
  readonly refusals: readonly CallRow[];
}

export interface NodesDataInput {
  readonly nodes: NodesReport;
  readonly status: StatusReport;
  readonly events: readonly Transition[];
  /** The newest of the ledger, newest first. */
  readonly calls: readonly CallRow[];
  readonly nowMs: number;
  /** As in the answer: the page asks every few seconds and shows the details of one. */
  readonly detail: string | null;
}

/**
 * @param input `nowMs` is epoch ms; `detail` is the one node that comes with all of its facts, null: every node does.
 */
export function createNodesData({ nodes, status, events, calls, nowMs, detail }: NodesDataInput): NodesData {
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
    nodes: nodes.nodes.map((node) => (detail === null || node.name === detail ? node : brief(node))),
    agents: status.agents.map(({ agent, rule, outcome, node, transport, binding, message }) => ({
      agent,
      rule,
      outcome,
      node,
      transport,
      binding,
      message,
    })),
    events: events.slice(0, MAX_EVENTS),
    calls: calls.filter(isOfDetail).slice(0, MAX_CALLS),
    refusals: calls.filter(({ outcome }) => outcome === "refused").slice(0, MAX_CALLS),
  };
}

function brief(node: NodeReport): NodeReport {
  return { ...node, facts: {}, otherPlaces: [], history: null };
}
