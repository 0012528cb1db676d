// What calls do to each node at this moment: how many run and wait there, and whether it is ejected.
import type { ResolvedConfig } from "../../config/resolve.ts";
import { isoTime } from "../../shared/isoTime.ts";
import type { Memory } from "../../shared/processMemory.ts";
import type { CallLoad } from "../explain/callLoadText.ts";
import { FULL } from "../placement/filters/room.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import { OUTLIERS } from "../state/outliers.ts";
import { runningOn } from "./pressure.ts";
import { WAITING } from "./waiting.ts";

/** The nodes to which the call would go if they had room, also by the rules that come before. */
export function fullFor(placement: PlacementDecision | null | undefined): readonly string[] {
  const asked = placement == null ? [] : [placement, ...(placement.before ?? [])];
  const full = asked.flatMap((one) => one.candidates().filter(({ reason }) => reason === FULL));
  return [...new Set(full.map(({ node }) => node))];
}

/**
 * By inventory name.
 * @param pressure of the snapshot that calls are decided by: of many that fail not all are ejected.
 */
export function callLoads(
  memory: Memory,
  config: ResolvedConfig,
  { pressure }: NodeSnapshot,
  nowMs: number,
): (node: string) => CallLoad {
  const waiting = new Map<string, number>();
  for (const { full } of memory.part(WAITING).calls)
    for (const node of full()) waiting.set(node, (waiting.get(node) ?? 0) + 1);
  return (node) => {
    const forMs = pressure?.get(node)?.ejectedForMs ?? null;
    return {
      running: runningOn(memory, node),
      maxRunning: config.nodes.get(node)?.maxRunning ?? null,
      waiting: waiting.get(node) ?? 0,
      ejected: forMs === null ? null : { until: isoTime(nowMs + forMs), ...memory.part(OUTLIERS).why(node) },
    };
  };
}
