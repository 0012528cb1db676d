// Filter: of other gateways, the task must be one that the peer takes: its agent, its version, its clock, and not refused before.
import type { NodeState } from "../model/snapshot.ts";
import { needsPeer } from "../model/way.ts";
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

/** It answered that it does not take this one; nothing of it ran there. */
export const DECLINED = aboutNode("declined", "did not accept it");
export const UNFIT = aboutNode("unfit", "could not be used");
export const DRAINING = aboutNode("peer", "was draining", "were draining");
export const SEVERAL_AGENTS = aboutNode("peer", "offered several agents, of which none was named");

/** Which agent there gets the task; null: nobody knows, or none was named of several. */
export function agentAt({ peer }: Pick<NodeState, "peer">, named: string | null): string | null {
  return named ?? (peer?.agents?.length === 1 ? (peer.agents[0] ?? null) : null);
}

/** Only of tasks. What the card says passes by itself: the peer may say otherwise the next time that it is asked. */
export const peerFilter: Filter = ({ request }) => {
  if (!needsPeer(request)) return [];
  const { agentThere: named = null, declined = new Map<string, string>() } = request;
  const notOffered = aboutNode("agent", named === null ? "offered no agent" : `offered no agent "${named}"`);
  const offers = ({ peer }: NodeState): boolean => {
    const agents = peer?.agents ?? null;
    return agents === null || (named === null ? agents.length > 0 : agents.includes(named));
  };
  const isClear = (node: NodeState): boolean =>
    (node.peer?.agents ?? null) === null || agentAt(node, named) !== null;
  const checks: readonly Omit<WayCheck, "over">[] = [
    {
      reason: UNFIT,
      keeps: ({ peer }) => (peer?.unfit ?? null) === null,
      passing: () => "cannot be used now",
      detail: ({ peer }) => peer?.unfit ?? "",
    },
    { reason: DRAINING, keeps: ({ peer }) => peer?.draining !== true, passing: () => "is draining" },
    { reason: notOffered, keeps: offers },
    { reason: SEVERAL_AGENTS, keeps: isClear },
    {
      reason: DECLINED,
      keeps: ({ name }) => !declined.has(name),
      detail: ({ name }) => declined.get(name) ?? "",
    },
  ];
  return checks.map((check) => ({ ...check, over: "peer" }));
};
