// Whether the node of a session cannot be used only for the moment: then its files are waited for. Pure.
import { quote } from "../../shared/safeText.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { Rule } from "../placement/model/rule.ts";
import type { NodeSnapshot, NodeState } from "../placement/model/snapshot.ts";
import { matches, type Requirement } from "../placement/selector/selector.ts";
import { reservedPrefix } from "../placement/selector/tags.ts";

export interface Absence {
  /** Id of the filter that kept it out. */
  readonly filter: string;
  /** Verb phrase in the present tense: `is offline`. */
  readonly fact: string;
}

/** Filters whose answer changes by itself. What another one says, only the config or the operator can change. */
const PASSING: ReadonlyMap<string, string> = new Map([
  ["presence", "is offline"],
  ["minimum", "does not have free now what the rule asks for"],
]);

/**
 * Why the session's node does not fit now, when that can pass; null when it fits, and when the session is to move: the
 * node is gone, or its rule means it no longer.
 * @param decision of the same rule, agent and snapshot.
 */
export function absenceOf(
  decision: PlacementDecision,
  rule: Rule | null,
  kept: string,
  snapshot: NodeSnapshot,
): Absence | null {
  const reason = decision.candidates().find((candidate) => candidate.node === kept)?.reason ?? null;
  const node = snapshot.nodes.find(({ name }) => name === kept);
  if (reason === null || node === undefined) return null;
  const fact = PASSING.get(reason.filter);
  if (fact !== undefined)
    return { filter: reason.filter, fact: `${fact}${detailOf(reason.filter, reason.one)}` };
  return reason.filter === "selector" ? unknownTag(rule, node) : null;
}

/** Of a minimum the reason's own words, for there are several. */
function detailOf(filter: string, words: string): string {
  return filter === "minimum" ? ` (it ${words})` : "";
}

/**
 * A tag that the plugin finds by itself is missing while nobody knows its fact, and a missing one is no proof that the
 * rule means another node. Everything else that the rule asks for must hold.
 */
function unknownTag(rule: Rule | null, node: NodeState): Absence | null {
  const unmet = (rule?.require?.requirements ?? []).filter(
    (requirement) => !matches({ text: "", requirements: [requirement] }, node.tags),
  );
  const [first] = unmet;
  if (first === undefined || !unmet.every((requirement) => isUnknown(requirement, node))) return null;
  return {
    filter: "selector",
    fact: `has no tag ${quote(first.key)} now, because nobody knows that fact of it`,
  };
}

function isUnknown({ key }: Requirement, { tags }: NodeState): boolean {
  return reservedPrefix(key) !== null && !tags.has(key);
}
