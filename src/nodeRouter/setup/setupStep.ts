// One step of setting up a node: what it looks at, what it does, and what it takes back.
import type { Refusal } from "../../shared/refusal.ts";

/** Why a step fails: a refusal, or the text of one that another report has told already. */
export type StepFault = Refusal | string;

/** What a step finds before it does anything. */
export type StepLook =
  /** What it would do is there already; the fact says what. */
  | { readonly state: "done"; readonly fact: string }
  | { readonly state: "todo" }
  /** It cannot be done as things are. */
  | { readonly state: "impossible"; readonly why: StepFault };

export type StepResult =
  | { readonly ok: true; readonly fact: string }
  | { readonly ok: false; readonly why: StepFault };

/**
 * Safe to run again at any time: `look` goes by what is there, not by what was done before. What throws is a failure of
 * the step, and `undo` is then asked too.
 */
export interface SetupStep {
  readonly name: string;
  look(): Promise<StepLook>;
  act(): Promise<StepResult>;
  /**
   * Takes back what this `act` has changed, however far it came, and nothing that was there before. Absent: it changes
   * nothing, or what it changes is kept. Resolves with what was taken back; null: nothing was.
   */
  undo?(): Promise<string | null>;
}

export const done = (fact: string): StepLook => ({ state: "done", fact });
export const todo: StepLook = { state: "todo" };
export const impossible = (why: StepFault): StepLook => ({ state: "impossible", why });
export const acted = (fact: string): StepResult => ({ ok: true, fact });
export const failed = (why: StepFault): StepResult => ({ ok: false, why });
