// Whose commands ran on another machine than they were placed on, and when last.
import { BoundedMap } from "../../shared/bounded.ts";
import { definePart } from "../../shared/processMemory.ts";

export interface WrongMachines {
  /** Epoch ms: of what was before nobody knows. */
  readonly sinceMs: number;
  /** By agent. */
  readonly last: Map<string, { readonly atMs: number; readonly detail: string }>;
}

const MAX_AGENTS = 256;

export const WRONG_MACHINES = definePart(
  "wrong-machines",
  1,
  (now): WrongMachines => ({ sinceMs: now(), last: new BoundedMap(MAX_AGENTS) }),
);
