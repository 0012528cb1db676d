// Whose turn the code runs in that the host calls back without saying so.
import { AsyncLocalStorage } from "node:async_hooks";
import { definePart } from "../../shared/processMemory.ts";

/** One turn of one session: the same object until it ends, another one for every other turn. */
export interface CurrentTurn {
  /** As OpenClaw writes ids. */
  readonly agent: string;
  readonly sessionKey: string;
}

/** Set around every turn that the gate lets in; what a turn begins inherits it. Empty outside of any. */
export const CURRENT_TURN = definePart("current-turn", 1, () => new AsyncLocalStorage<CurrentTurn>());
