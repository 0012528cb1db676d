// Filter: the node must be reachable the way that the call goes.
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

export const OFFLINE = aboutNode("presence", "was offline", "were offline");

/** Unknown is never reported as false: the remedy is to find out, not to start the machine. */
export const UNKNOWN_PRESENCE = aboutNode("presence", "had unknown presence");

const passing = () => "is offline";

const OVER_NODE: readonly WayCheck[] = [
  { reason: OFFLINE, over: "node", keeps: ({ online }) => online !== false, passing },
  {
    reason: UNKNOWN_PRESENCE,
    over: "node",
    keeps: ({ online }) => online !== null,
    passing: () => "may be connected or not, which nobody knows now",
  },
];

const CHECKS: readonly WayCheck[] = [
  { reason: OFFLINE, over: "ssh", keeps: ({ sshReachable }) => sshReachable !== false, passing },
  { reason: OFFLINE, over: "node", keeps: ({ online }) => online === true, parts: OVER_NODE },
  // As over SSH: a peer that nobody has asked yet is asked by the task.
  { reason: OFFLINE, over: "peer", keeps: ({ online }) => online !== false, passing },
];

/**
 * `online` speaks of the connection to the gateway; sshd answers without one. Over SSH a node that nobody has asked yet
 * stays in: the call finds out, and nothing has run when it does not get through.
 */
export const presenceFilter: Filter = () => CHECKS;
