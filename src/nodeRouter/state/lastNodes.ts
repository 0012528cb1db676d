// On which node each agent's calls under each rule last ran, so that the next one does not move for a trifle.
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";

export interface LastNodes {
  /** Inventory name; null: nothing ran yet, or it was long ago. */
  of(agent: string, rule: string): string | null;
  set(agent: string, rule: string, node: string): void;
}

/** A forgotten one is only placed as if it were the first. */
const MAX_ENTRIES = 4_096;

/** A call stays where its agent's last one ran unless another node is clearly better. */
export const LAST_NODES = definePart("last-nodes", 1, createLastNodes);

/** Empty. At its bound the agent that has most loses its oldest entry. */
export function createLastNodes(): LastNodes {
  const nodes = new FairMap<string, string>(MAX_ENTRIES, (key) => key.split("\0", 1)[0] ?? "");
  return {
    of: (agent, rule) => nodes.get(keyOf(agent, rule)) ?? null,
    set: (agent, rule, node) => nodes.set(keyOf(agent, rule), node),
  };
}

/** Where nothing ran before. */
export const NO_LAST_NODES: Pick<LastNodes, "of"> = { of: () => null };

/** Names may hold any character that can be shown; this one cannot. */
function keyOf(agent: string, rule: string): string {
  return `${agent}\0${rule}`;
}
