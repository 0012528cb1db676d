// node_route with list: the nodes that the calling agent's rule may choose for exec. Never the nodes of others.
import type { PresenceState } from "../../../presence/record.ts";
import { agentText } from "../../../shared/refusal.ts";
import type { NodeState } from "../../placement/model/snapshot.ts";
import type { AgentPolicy } from "../../policy/agentPolicy.ts";
import type { LastNodesView, World } from "../../policy/callDecision.ts";
import { decisionRefusal, lookAhead, nodeOf } from "../../policy/explainTool.ts";
import { allowedNodes, toolPlacement } from "../../policy/toolPlacement.ts";
import { placeLabel, shownPlace } from "../reports/nodePlace.ts";
import { shownStateOf } from "../reports/nodeState.ts";

/** A model reads this; what it does not need costs it tokens. */
const MAX_NODES = 30;

export interface ListedNode {
  readonly name: string;
  readonly state: PresenceState;
  /** `SG Singapore (declared)`; null: not known. */
  readonly place: string | null;
  /** `region=sg`, `gpu`; the built-in ones only when they say what the machine is. */
  readonly tags: readonly string[];
  readonly fits: boolean;
  /** Why it does not fit; null when it does. */
  readonly reason: string | null;
  /** Where exec would run now. */
  readonly chosen: boolean;
}

export interface AgentNodeList {
  readonly agent: string;
  /** Null: no rule names this agent's exec, so there is no list. */
  readonly rule: string | null;
  readonly nodes: readonly ListedNode[];
  /** Nodes that were left out. */
  readonly more: number;
  /** What speaks against a list; null when nothing does. */
  readonly message: string | null;
}

/**
 * The nodes that the rule of the agent's `exec` allows, and no others: the one that would be chosen, those that fit, then
 * the rest with the reason. Without a rule, and where a rule cannot be believed, none and why.
 */
export function nodeList(policy: AgentPolicy, world: World, memory: LastNodesView): AgentNodeList {
  const { id: agent } = policy;
  const { snapshot, presence } = world;
  const none = { agent, rule: null, nodes: [], more: 0 };
  const call = lookAhead(policy, "exec", world, memory);
  const refused = decisionRefusal(call);
  const message = refused === null ? null : agentText(refused);
  const decision = call.placement ?? toolPlacement(policy, "exec", snapshot, memory);
  // A rule in error is left out: the one that is left may not be the one that is meant.
  if (policy.invalid !== null || (decision.rule === null && message !== null)) {
    return { ...none, message };
  }
  if (decision.rule === null) {
    return { ...none, message: "no rule names your exec, so OpenClaw decides where it runs" };
  }
  const chosen = nodeOf(call);
  const candidates = new Map(decision.candidates().map((candidate) => [candidate.node, candidate]));
  const allowed = allowedNodes(policy, snapshot);
  const nodes = [...allowed]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((node): ListedNode => {
      const record = presence.get(node.name);
      const candidate = candidates.get(node.name);
      return {
        name: node.name,
        state: shownStateOf(node, record).state,
        place: placeLabel(shownPlace(node.location, record)),
        tags: listedTags(node),
        fits: candidate?.fits ?? false,
        reason: candidate?.reason?.one ?? null,
        chosen: node.name === chosen,
      };
    })
    // What the agent can use comes first, so that it is never what is left out.
    .sort((a, b) => Number(b.chosen) - Number(a.chosen) || Number(b.fits) - Number(a.fits));
  const shown = nodes.slice(0, MAX_NODES);
  return {
    agent,
    rule: decision.rule,
    nodes: shown,
    more: nodes.length - shown.length,
    message,
  };
}

const TELLING = ["node.os", "node.arch"];

/** `region=sg`, `gpu`; the built-in ones only when they say what the machine is. */
export function listedTags({ tags }: NodeState): readonly string[] {
  return [...tags]
    .filter(([key]) => !key.startsWith("node.") || TELLING.includes(key))
    .map(([key, value]) => (value === "" ? key : `${key}=${value}`));
}
