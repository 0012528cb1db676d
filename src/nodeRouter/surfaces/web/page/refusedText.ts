// What the first line of the page says of an agent that is refused. Pure.
import type { Mode } from "../../../../shared/types.ts";
import type { RefusedAgent } from "../refusedNow.ts";
import { duration } from "./format.ts";

/** `is refused for 4 min:`; in shadow mode nothing is. @param nowMs epoch ms on the gateway. */
export function refusedHead({ since }: RefusedAgent, mode: Mode, nowMs: number): string {
  const head = mode === "shadow" ? "would be refused" : "is refused";
  return since === null ? `${head}:` : `${head} for ${spanOf(since, nowMs)}:`;
}

function spanOf(since: string, nowMs: number): string {
  return duration((nowMs - Date.parse(since)) / 1000);
}

/** `mac-sg is offline, mac-cn is offline for 2 h`; where no node is meant, what the agent reads. */
export function whyRefused({ nodes, message, since: all }: RefusedAgent, nowMs: number): string {
  if (nodes.length === 0) return message;
  return nodes
    .map(({ node, why, state, since }) => {
      if (state === null || state === "ready" || state === "degraded") return `${node} ${why}`;
      // The same span is not said twice.
      const isSaid = since === null || since === all;
      return isSaid ? `${node} is ${state}` : `${node} is ${state} for ${spanOf(since, nowMs)}`;
    })
    .join(", ");
}
