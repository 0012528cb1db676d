// On which node each agent's calls under each rule last ran, so that the next one does not move for a trifle.
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";
import type { Rule } from "../placement/model/rule.ts";
import { createSessionNodes, type SessionNodes } from "./sessionNodes.ts";

export interface LastNodes {
  /** By `stickKey`: the node that holds the files of earlier commands, under rules with `stick`. Kept over restarts. */
  readonly stuck: Pick<SessionNodes, "get" | "put" | "told" | "ready" | "keepIn" | "flush" | "on">;
  /** Inventory name; null: nothing ran yet, or it was long ago. */
  of(agent: string, rule: string): string | null;
  set(agent: string, rule: string, node: string): void;
}

/** A forgotten one is only placed as if it were the first. */
const MAX_ENTRIES = 4_096;

/** A call stays where its agent's last one ran unless another node is clearly better. */
export const LAST_NODES = definePart("last-nodes", 2, createLastNodes);

/** Empty. At its bound the agent that has most loses its oldest entry. */
export function createLastNodes(): LastNodes {
  const nodes = new FairMap<string, string>(MAX_ENTRIES, (key) => key.split("\0", 1)[0] ?? "");
  return {
    stuck: createSessionNodes(),
    of: (agent, rule) => nodes.get(keyOf(agent, rule)) ?? null,
    set: (agent, rule, node) => nodes.set(keyOf(agent, rule), node),
  };
}

/** Where nothing ran before. */
export const NO_LAST_NODES: Pick<LastNodes, "of"> = { of: () => null };

/** Whose files it is about, by the rule that speaks first; null: it does not say `stick`. */
export function stickKey(
  { name, stick }: Pick<Rule, "name" | "stick">,
  agent: string,
  sessionKey: string,
): string | null {
  if (stick === "none" || (stick === "session" && sessionKey === "")) return null;
  // As sessions' keys begin, so that no agent makes room by another's.
  return `${stick === "agent" ? `agent:${agent}:` : sessionKey}\0${name}`;
}

/** Names may hold any character that can be shown; this one cannot. */
function keyOf(agent: string, rule: string): string {
  return `${agent}\0${rule}`;
}
