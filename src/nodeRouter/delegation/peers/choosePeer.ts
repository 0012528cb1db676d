// Which peer gets a task: the rules of delegation, asked by the same placement as calls to nodes. Pure.
import type { DelegationRule, DelegationSettings } from "../../../config/resolvePeers.ts";
import { pointOf } from "../../../shared/distance.ts";
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { type Refusal, refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { NodeLocation } from "../../../shared/types.ts";
import { noNodeFits } from "../../explain/message.ts";
import { agentAt } from "../../placement/filters/acceptance.ts";
import type { PlacementDecision } from "../../placement/model/decision.ts";
import type { Near, Rule } from "../../placement/model/rule.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { TASK_NEEDS } from "../../placement/model/way.ts";
import { placeByRule } from "../../placement/place.ts";
import { matchesAgent } from "../../placement/selector/agentGlob.ts";
import type { Selector } from "../../placement/selector/selector.ts";
import { DELEGATE_TOOL } from "../../toolCatalog/toolNames.ts";

/** Who wants what done. */
export interface TaskRequest {
  /** Agent here that asks. */
  readonly agent: string;
  /** Agent there; null: the rule's, or the only one that a peer offers. */
  readonly agentThere: string | null;
  /** Narrows the rule's choice; null: not. */
  readonly to: Selector | null;
  /** Peer that has the conversation: nobody else knows it; null: it is a new one. */
  readonly heldBy: string | null;
  /** Peers that did not accept it, with why. */
  readonly declined: ReadonlyMap<string, string>;
}

export type PeerChoice =
  | {
      readonly kind: "chosen";
      readonly peer: string;
      /** Null: the peer's only one, which it knows. */
      readonly agent: string | null;
      readonly rule: string;
      readonly decision: PlacementDecision;
    }
  | {
      readonly kind: "refused";
      readonly refusal: Refusal;
      /** Waiting for a peer is what the rule says, and may help. */
      readonly mayQueue: boolean;
      readonly rule: string | null;
      /** Null: no rule was asked. */
      readonly decision: PlacementDecision | null;
    };

/**
 * The first rule that names the agent decides; without one, or where that one is broken, nothing is given away. `to` and
 * `agentThere` only narrow it.
 * @param placeOf where a node is, for rules that are near one; null: nobody knows.
 */
export function choosePeer(
  request: TaskRequest,
  snapshot: NodeSnapshot,
  { rules }: Pick<DelegationSettings, "rules">,
  placeOf: (node: string) => NodeLocation | null = () => null,
): PeerChoice {
  const id = normalizeAgentId(request.agent);
  const rule = rules.find(({ agents }) => agents.some((pattern) => matchesAgent(pattern, id)));
  if (rule === undefined) {
    const fact = `no rule of plugins.entries.node-router.config.delegation.rules names agent ${quote(request.agent)}`;
    return refused(refusal("NO_NODE_FITS", fact, { advice: "Let the operator add one" }), null, null, false);
  }
  if (rule.isBroken) {
    const fact = `rule ${quote(rule.name)} of plugins.entries.node-router.config.delegation.rules has an error`;
    const advice = 'Run "openclaw node-router doctor" to see it';
    return refused(refusal("CONFIG_INVALID", fact, { advice }), rule.name, null, false);
  }
  if (rule.agent !== null && request.agentThere !== null && rule.agent !== request.agentThere) {
    const fact = `rule ${quote(rule.name)} gives tasks to agent ${quote(rule.agent)}, not to ${quote(request.agentThere)}`;
    return refused(refusal("NO_NODE_FITS", fact, LEAVE_OUT), rule.name, null, false);
  }
  const agentThere = rule.agent ?? request.agentThere;
  const decision = placeByRule(
    placementRule(rule, request.to, placeOf),
    {
      agent: id,
      tool: DELEGATE_TOOL,
      commands: [],
      needs: TASK_NEEDS,
      binding: "exec",
      current: null,
      agentThere,
      declined: request.declined,
    },
    heldAlone(snapshot, request.heldBy),
  );
  if (decision.node !== null)
    return {
      kind: "chosen",
      peer: decision.node.name,
      agent: agentAt(decision.node, agentThere),
      rule: rule.name,
      decision,
    };
  const mayQueue =
    rule.onUnavailable === "queue" && decision.candidates().some(({ passing }) => passing !== null);
  return refused(noNodeFits(decision), rule.name, decision, mayQueue);
}

const LEAVE_OUT = { advice: "Leave agent out", agentAdvice: "Leave agent out" };

function refused(
  why: Refusal,
  rule: string | null,
  decision: PlacementDecision | null,
  mayQueue: boolean,
): PeerChoice {
  return { kind: "refused", refusal: why, rule, decision, mayQueue };
}

/** A conversation is where it began: the others are no candidates. */
function heldAlone(snapshot: NodeSnapshot, heldBy: string | null): NodeSnapshot {
  return heldBy === null
    ? snapshot
    : { ...snapshot, nodes: snapshot.nodes.filter(({ name }) => name === heldBy) };
}

function placementRule(
  { name, agents, require, prefer, near, residency }: DelegationRule,
  to: Selector | null,
  placeOf: (node: string) => NodeLocation | null,
): Rule {
  return {
    name,
    agents,
    tools: null,
    require: both(require, to),
    prefer,
    near: near?.kind === "node" ? pointOfNode(placeOf(near.name)) : near,
    minimum: null,
    residency,
    tolerate: [],
    onUnavailable: "refuse",
    files: "gateway",
    stick: "none",
  };
}

/** Peers are compared with a point: the node itself is no candidate. Null: nobody knows where it is. */
function pointOfNode(place: NodeLocation | null): Near | null {
  const point = place === null ? null : pointOf(place);
  return point === null ? null : { kind: "point", ...point };
}

function both(one: Selector | null, other: Selector | null): Selector | null {
  if (one === null || other === null) return one ?? other;
  return { text: `${one.text},${other.text}`, requirements: [...one.requirements, ...other.requirements] };
}
