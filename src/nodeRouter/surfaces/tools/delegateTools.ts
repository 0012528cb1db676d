// How the agent tools delegate and delegation describe themselves; what they do loads when they are first called.
import { DELEGATE_TOOL } from "../../toolCatalog/toolNames.ts";

export const DELEGATE = {
  name: DELEGATE_TOOL,
  label: "Delegate",
  description:
    "Gives a task to an agent of another gateway and waits for its answer. Your rule chooses the gateway. The other agent sees the text of task alone: no files, no history. A task runs once at most; when it takes longer than the wait you get its id, and are told of the end later.",
  parameters: {
    type: "object",
    additionalProperties: false,
    required: ["task"],
    properties: {
      task: { type: "string", description: "All that is to be done, as a message to the other agent." },
      agent: { type: "string", description: "Agent there, where your rule leaves that open." },
      to: { type: "string", description: "Selector that narrows the choice of gateways, such as region=sg." },
      context: { type: "string", description: "Context of an earlier delegation, to go on with it." },
      wait_seconds: { type: "number", minimum: 0, description: "How long to wait for the end." },
    },
  },
} as const;

export const DELEGATION = {
  name: "delegation",
  label: "Delegation",
  description:
    "Looks after a task that you gave away with delegate. status: how it is. wait: waits for its end. result: its whole answer. cancel: ends it there. follow_up: another task (text) in the same conversation. Without an id: the list of yours.",
  parameters: {
    type: "object",
    additionalProperties: false,
    required: ["action"],
    properties: {
      action: { type: "string", enum: ["list", "status", "wait", "result", "cancel", "follow_up"] },
      id: { type: "string", description: "As delegate told it; not needed for list." },
      text: { type: "string", description: "Of follow_up." },
      wait_seconds: { type: "number", minimum: 0, description: "Of wait and follow_up." },
    },
  },
} as const;
