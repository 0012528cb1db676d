// What is known of each peer, kept up by the service that asks them; read by whoever chooses one or shows them.
import type { Transition } from "../../../presence/presence.ts";
import { defineSlot } from "../../../shared/processMemory.ts";
import type { CardExtension } from "../protocol/wire.ts";

/** One peer as it answered last. */
export interface KnownPeer {
  /** Whether it answers; null: nobody has asked it yet. */
  readonly online: boolean | null;
  /** Epoch ms at which that changed last; null: it never did. */
  readonly sinceMs: number | null;
  /** How often it went away or came back, ever. */
  readonly flaps: number;
  /** Looks in a row that nothing came of. */
  readonly misses: number;
  /** Of the last look that was answered; null: none was. */
  readonly rttMs: number | null;
  /** The newest; null: none was ever read, or it speaks plain A2A. */
  readonly card: CardExtension | null;
  /** Agents that it offers; null: it has not said. */
  readonly agents: readonly string[] | null;
  /** Epoch ms by this gateway's clock of the last look that was answered; null: none was. */
  readonly heardMs: number | null;
  /** Its clock less this gateway's, to half the round trip; null: not known. */
  readonly clockOffsetMs: number | null;
  /** Why it does not answer, safe to print; null: it does, or nobody has asked it. */
  readonly failure: string | null;
  /** Why it cannot be used although it answers, a verb phrase in the past tense: `refused our token`; null: it can. */
  readonly unfit: string | null;
}

export interface PeerWatch {
  /** By name, of those that were asked; a new object with each change. */
  known(): ReadonlyMap<string, KnownPeer>;
  /** Newest first, since this gateway began to ask; absent: nobody keeps them. */
  changes?(): readonly Transition[];
  /** A task found out whether the peer answers: seen at once, not with the next look. */
  saw(peer: string, answered: boolean): void;
  /** Asks one now, and says what is known then. */
  probe(peer: string): Promise<KnownPeer>;
}

/** Empty where no peer is configured, and until the service has begun. */
export const PEERS = defineSlot<PeerWatch>("peers", 1);

/** Of a peer that nobody has asked. */
export const UNKNOWN_PEER: KnownPeer = {
  online: null,
  sinceMs: null,
  flaps: 0,
  misses: 0,
  rttMs: null,
  card: null,
  agents: null,
  heardMs: null,
  clockOffsetMs: null,
  failure: null,
  unfit: null,
};
