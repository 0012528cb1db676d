// What is said to screen readers of nodes and agents that changed.
import { nameText } from "../../../../shared/safeText.ts";
import type { NodesData } from "../data.ts";

/** State by node, and which agents are refused. */
export function statesOf({ nodes, refused }: NodesData): ReadonlyMap<string, string> {
  return new Map([
    ...nodes.map(({ name, state }) => [`node ${name}`, state] as const),
    ...refused.map(({ agent }) => [`agent ${agent}`, "refused"] as const),
  ]);
}

/** The first three changes and how many more there are; "": nothing changed. */
export function changesText({ nodes, refused }: NodesData, before: ReadonlyMap<string, string>): string {
  const words = [
    ...refused
      .filter(({ agent }) => !before.has(`agent ${agent}`))
      .map(({ agent }) => `agent ${nameText(agent.slice(0, 60))} is refused`),
    ...nodes
      .filter(({ name, state }) => before.has(`node ${name}`) && before.get(`node ${name}`) !== state)
      .map(({ name, state }) => `${nameText(name.slice(0, 60))} is ${state}`),
  ];
  const more = words.length > 3 ? [`and ${words.length - 3} more changed`] : [];
  return [...words.slice(0, 3), ...more].join(", ");
}
