// What keeps the outbox over reloads of the plugin, as those who register it see it.
import { defineSlot } from "../../../shared/processMemory.ts";
import type { RouterDeps } from "../../process/deps.ts";
import type { Requester } from "../model/delegation.ts";

/** What a registration brings. */
export interface OutboxNeeds {
  readonly deps: Pick<RouterDeps, "memory" | "log" | "now">;
  /** The host's. */
  readonly stateFolder: string;
  /** Gives the session of whoever asked something to read, and a turn. */
  readonly wake: (requester: Requester, text: string) => void;
  /** The keeper has ended: the next registration makes another one. */
  readonly onEnd: () => void;
}

export interface OutboxKeeper {
  /** The newest registration's needs hold from now on. */
  use(needs: OutboxNeeds): void;
  /** Ends everything after a while, where no later registration has taken over. */
  release(of: OutboxNeeds): void;
  /** At once. Resolves when nothing is under way. */
  stop(): Promise<void>;
}

export const OUTBOX_KEEPER = defineSlot<OutboxKeeper>("outbox-keeper", 1);
