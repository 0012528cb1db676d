// Filter: over the node protocol, the node must offer every command that the call needs.
import type { Reason } from "../model/decision.ts";
import { transportFor } from "../model/transportFor.ts";
import type { Check, Filter } from "./filter.ts";

/** One check a command, in the request's order, so a node's reason names the first one that it lacks. */
export const commandFilter: Filter = ({ request }) =>
  transportFor(request.binding) === "ssh"
    ? []
    : request.commands.map(
        (command): Check => ({
          reason: missing(command),
          keeps: ({ commands }) => commands.has(command),
        }),
      );

function missing(command: string): Reason {
  const phrase = `didn't offer "${command}"`;
  return { filter: "command", one: phrase, many: phrase };
}
