// Sessions that the host runs on another machine as a whole, beside what the rules say of it. Pure.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { HostNode } from "../../../presence/sources/gateway/hostNode.ts";
import type { HostedRecords, HostedSession } from "../../hostedSessions/hostedSession.ts";
import { hostingHosts } from "../../hostedSessions/hosts.ts";
import { mend } from "../../hostedSessions/words.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { agentPolicy } from "../../policy/agentPolicy.ts";
import { fittingHosts, hostingProblem } from "../../policy/hosting.ts";

export interface HostedStatus {
  /** The session's key. */
  readonly session: string;
  readonly agent: string;
  /** Name of the hosting node; null: not known, or no node that is. */
  readonly node: string | null;
  /** The host's word: `active` when it can run turns there. */
  readonly state: string;
  /** Whether the agent's rule allows it; null: no rule speaks for the agent. */
  readonly fits: boolean | null;
  /** Why it does not fit; else null. */
  readonly problem: string | null;
  /** What to do when it does not fit; else null. */
  readonly fix: string | null;
}

/** What a node does for agents that no call parameter chooses. */
export interface NodeHosting {
  /** Whether it hosts whole sessions; null: the host does not say. */
  readonly sessions: boolean | null;
  /** Sessions that it hosts now; null: nobody can tell. */
  readonly hosted: number | null;
  /** Names of the tools that it publishes to agents. */
  readonly tools: readonly string[];
}

export const NO_HOSTING: NodeHosting = { sessions: null, hosted: null, tools: [] };

/** Empty when the host's records cannot be read. */
export function hostedStatus(
  config: ResolvedConfig,
  hostConfig: unknown,
  snapshot: NodeSnapshot,
  hostNodes: readonly HostNode[],
  records: HostedRecords | undefined,
): readonly HostedStatus[] {
  if (records?.ok !== true) return [];
  const hosts = hostingHosts({ nodes: hostNodes });
  return records.sessions.map((session: HostedSession): HostedStatus => {
    const { agent, sessionKey, nodeId, state } = session;
    const policy = agentPolicy(config, hostConfig, agent);
    const isPlaced = policy.mustBePlaced;
    const problem = isPlaced ? hostingProblem(policy, nodeId, snapshot) : null;
    return {
      session: sessionKey,
      agent,
      node: snapshot.nodes.find((node) => nodeId !== null && node.nodeId === nodeId)?.name ?? null,
      state,
      fits: isPlaced ? problem === null : null,
      problem,
      fix: problem === null ? null : mend(session, fittingHosts(policy, snapshot, hosts)),
    };
  });
}

/** By device id. */
export function nodeHosting(
  hostNodes: readonly HostNode[],
  records: HostedRecords | undefined,
): ReadonlyMap<string, NodeHosting> {
  return new Map(
    hostNodes.map(({ nodeId, sessionHost, tools = [] }) => [
      nodeId,
      {
        sessions: sessionHost ?? null,
        hosted: records?.ok === true ? records.sessions.filter((one) => one.nodeId === nodeId).length : null,
        tools: tools.map(({ name }) => name),
      },
    ]),
  );
}
