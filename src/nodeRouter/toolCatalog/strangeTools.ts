// Tools of no catalogue that routed agents called, so of other plugins; for the doctor.
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";

/** A routed agent's tool that no catalogue has. */
export interface StrangeTool {
  readonly agent: string;
  readonly tool: string;
}

/** Names remembered of tools that are not the host's. */
const MAX_STRANGE_TOOLS = 512;

export const STRANGE_TOOLS = definePart(
  "strange-tools",
  1,
  () => new FairMap<string, StrangeTool>(MAX_STRANGE_TOOLS, (_key, { agent }) => agent),
);
