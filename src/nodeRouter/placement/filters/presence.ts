// Filter: over the node protocol, the node must be connected to the gateway.
import type { Reason } from "../decision.ts";
import { transportFor } from "../transport.ts";
import type { Filter } from "./filter.ts";

export const OFFLINE: Reason = { filter: "presence", one: "was offline", many: "were offline" };

/** Unknown is never reported as false: the remedy is to find out, not to start the machine. */
export const UNKNOWN_PRESENCE: Reason = {
  filter: "presence",
  one: "had unknown presence",
  many: "had unknown presence",
};

/** `online` speaks of the connection to the gateway; sshd answers without one, so SSH does not ask. */
export const presenceFilter: Filter = ({ index, request }) =>
  transportFor(request.binding) === "ssh"
    ? []
    : [
        { reason: OFFLINE, keeps: index.where("presence: not offline", (node) => node.online !== false) },
        { reason: UNKNOWN_PRESENCE, keeps: index.where("presence: known", (node) => node.online !== null) },
      ];
