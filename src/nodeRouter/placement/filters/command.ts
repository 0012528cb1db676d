// Filter: over the node protocol, the node must offer every command that the call needs.
import { aboutNode, type Filter, type WayCheck } from "./filter.ts";

/** One check a command, in the request's order, so a node's reason names the first one that it lacks. */
export const commandFilter: Filter = ({ request }) =>
  request.commands.map(
    (command): WayCheck => ({
      reason: aboutNode("command", `didn't offer "${command}"`),
      over: "node",
      keeps: ({ commands }) => commands.has(command),
    }),
  );
