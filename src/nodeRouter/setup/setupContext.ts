// What the steps of a set-up work with: the gateway, the person, and what was found so far.
import type { TrustReport } from "../transports/ssh/connect/trust.ts";
import type { ConfigChange } from "./configChange.ts";
import type { PlaceGuess, SetupDraft, SetupGateway, SetupLook } from "./setupGateway.ts";
import type { SetupTarget } from "./setupTarget.ts";
import { type SetupWishes, sshEntry, wantedChange } from "./wantedEntry.ts";

export interface SetupPlace {
  readonly country: string;
  readonly city: string | null;
}

/** Whom the steps ask. Each may be called by steps only before they change anything. */
export interface SetupTalk {
  /** The fingerprint of the key that is the machine's; null: nobody says so. */
  hostKey(report: TrustReport): Promise<string | null>;
  /** Where the machine is; null: nobody says so, and a guess is not written. */
  place(guess: PlaceGuess | null): Promise<SetupPlace | null>;
  /** Whether that may be written. @param lines one a value. */
  change(lines: readonly string[]): Promise<boolean>;
}

export interface GuardLook {
  /** What is still to be written, one line a setting. */
  readonly changes: readonly string[];
  /** Why an agent can have none. */
  readonly notes: readonly string[];
}

export interface SetupContext {
  readonly target: SetupTarget;
  readonly wishes: SetupWishes;
  readonly gateway: SetupGateway;
  readonly talk: SetupTalk;
  /** The settings that make OpenClaw itself refuse, for these agents. */
  readonly guard: (agents: readonly string[], write: boolean) => Promise<GuardLook>;
  readonly stop: AbortSignal;
  /** Resolves after so many ms, or at once when `stop` is aborted. */
  readonly sleep: (ms: number) => Promise<void>;
  /** On the node's 127.0.0.1; null: there is to be no tunnel. */
  readonly tunnelPort: number | null;
  /** More of the node's entry than every set-up writes. */
  readonly more: (look: SetupLook) => Readonly<Record<string, unknown>>;
}

/** What one run has found; each step says which of it it needs. */
export interface SetupState {
  look: SetupLook | null;
  /** The login's home on the node. */
  home: string | null;
  /** What the node said of itself; null: nothing. */
  facts: string | null;
  place: SetupPlace | null;
}

export function newSetupState(): SetupState {
  return { look: null, home: null, facts: null, place: null };
}

/** The machine as it is reached, whether or not it is in the config yet. */
export function draftOf({ target, wishes }: SetupContext, { look }: SetupState): SetupDraft {
  return {
    change: { node: target.node, entry: { ssh: sshEntry(target, wishes, look?.entry ?? null) }, rule: null },
  };
}

/** All that is to be in the config in the end. */
export function changeOfSetup({ target, wishes, more }: SetupContext, state: SetupState): ConfigChange {
  const { look, home, place } = state;
  const said = wishes.country === null && place !== null ? { ...wishes, ...place } : wishes;
  const facts = {
    entry: look?.entry ?? null,
    rules: look?.rules ?? [],
    unrouted: (look?.agents ?? []).filter(({ rule }) => rule === null).map(({ agent }) => agent),
    home,
  };
  return wantedChange(target, said, facts, look === null ? {} : more(look));
}
