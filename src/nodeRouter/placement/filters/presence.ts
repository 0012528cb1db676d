// Filter: the node must be reachable the way that the call goes.
import type { Reason } from "../model/decision.ts";
import { transportFor } from "../model/transportFor.ts";
import type { Filter } from "./filter.ts";

export const OFFLINE: Reason = { filter: "presence", one: "was offline", many: "were offline" };

/** Unknown is never reported as false: the remedy is to find out, not to start the machine. */
export const UNKNOWN_PRESENCE: Reason = {
  filter: "presence",
  one: "had unknown presence",
  many: "had unknown presence",
};

/**
 * `online` speaks of the connection to the gateway; sshd answers without one. Over SSH a node that nobody has asked yet
 * stays in: the call finds out, and nothing has run when it does not get through.
 */
export const presenceFilter: Filter = ({ request }) =>
  transportFor(request.binding) === "ssh"
    ? [{ reason: OFFLINE, keeps: ({ sshReachable }) => sshReachable !== false }]
    : [
        { reason: OFFLINE, keeps: ({ online }) => online !== false },
        { reason: UNKNOWN_PRESENCE, keeps: ({ online }) => online !== null },
      ];
