// Filter: a node that runs as many calls as it may takes no more, nor does one to which calls failed lately.
import { roughDuration } from "../../../shared/roughDuration.ts";
import type { NodeState } from "../model/snapshot.ts";
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

export const FULL = aboutNode("room", "was full", "were full");

/** As Envoy says it: calls to it failed on the way, whatever commands themselves came to. */
export const EJECTED = aboutNode("outlier", "was ejected", "were ejected");

/**
 * Over every protocol: `nodes.<name>.maxRunning` counts them all. Files are looked at where they are, full or not. The
 * last filter of all, so that what is ejected fits but for this: `place` takes it where nothing else is left.
 */
export const roomFilter: Filter = ({ pressure, request: { held, settled, startsNothing } }) => {
  if (pressure.size === 0) return [];
  const hasRoom = ({ name }: NodeState): boolean =>
    pressure.get(name)?.full !== true || (startsNothing === true && (name === held || name === settled));
  const isSound = ({ name }: NodeState): boolean => (pressure.get(name)?.ejectedForMs ?? null) === null;
  const full: WayCheck = { reason: FULL, keeps: hasRoom, passing: () => "runs as many calls as it may" };
  const ejected: WayCheck = {
    reason: EJECTED,
    keeps: isSound,
    passing: () => "is ejected, because calls to it failed",
    detail: ({ name }) => `for ${roughDuration(pressure.get(name)?.ejectedForMs ?? 0)} more`,
  };
  // Most nodes have neither: one look for them.
  const keeps = (node: NodeState): boolean => !pressure.has(node.name) || (hasRoom(node) && isSound(node));
  return [{ reason: FULL, keeps, parts: [full, ejected] }];
};
