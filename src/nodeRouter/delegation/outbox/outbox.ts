// What the rest of the plugin knows of the tasks that agents here have given to peers.
import { defineSlot } from "../../../shared/processMemory.ts";
import type { Refusal } from "../../../shared/refusal.ts";
import type { Delegation, Requester } from "../model/delegation.ts";

/** What an agent wants done elsewhere. */
export interface DelegateAsk {
  readonly requester: Requester;
  readonly task: string;
  /** Agent at the peer; null: the rule's, or the only one there. */
  readonly agent: string | null;
  /** A selector that narrows the rule's choice; null: it does not. */
  readonly to: string | null;
  /** Conversation to go on with; null: a new one. */
  readonly context: string | null;
  /** So long the answer waits for the end, ms. */
  readonly waitMs: number;
  /** Ends the wait, and not the delegation. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each state. */
  readonly onProgress?: ((delegation: Delegation) => void) | undefined;
  /** Ids of the gateways that the asking run's own task came through, without this one; empty: it is no delegated one. */
  readonly through: readonly string[];
  /** How many it may go through in all, by the word of whoever gave that task; null: nobody says. */
  readonly maxHops: number | null;
}

export interface Outbox {
  /**
   * Resolves with the end, or as it is when the wait is over. Never rejects for what can be expected. Whoever is given
   * the end shows it to the agent, and says `told`.
   */
  delegate(ask: DelegateAsk): Promise<Delegation | Refusal>;
  all(): readonly Delegation[];
  find(id: string): Delegation | null;
  /** Why its peer could not be asked about it last; null: it could. */
  trouble(id: string): Refusal | null;
  /** As `delegate` does; null: there is none of that id. Whoever is given the end shows it to the agent, and says `told`. */
  wait(id: string, waitMs: number, signal?: AbortSignal): Promise<Delegation | null>;
  /** Resolves when it is kept that it is to be ended. What has ended stays as it is. */
  cancel(id: string): Promise<Delegation | Refusal>;
  /** Ends one that is `unknown` as `lost`, for this reason; its peer is asked nothing more. Any other one is refused. */
  writeOff(id: string, reason: Refusal): Promise<Delegation | Refusal>;
  /** The same task as a new delegation. @param again also where something of it may have run. */
  retry(id: string, again: boolean): Promise<Delegation | Refusal>;
  /** Its agent was shown the end. */
  told(id: string): Promise<void>;
}

/** Empty where no peer is configured, and until the service has begun. */
export const OUTBOX = defineSlot<Outbox>("outbox", 1);

/** Whether it is a refusal. */
export function isRefusal(given: Delegation | Refusal): given is Refusal {
  return "fact" in given;
}
