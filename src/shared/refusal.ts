// An expected no as a value, and the one place where it becomes a text.
import { type CATALOGUE, type ErrorCode, entryOf } from "./errorCatalogue.ts";

/** Why something was not done, or may not have been. The parts hold no code, no full stop and no secret. */
export interface Refusal {
  readonly code: ErrorCode;
  /** What failed, on what, and the observed fact. */
  readonly fact: string;
  /** Says that nothing ran, was changed, was opened; null: the fact leaves no doubt, or nobody knows. */
  readonly nothingRan: string | null;
  /** What to do: a sentence of its own when it begins with a capital letter, else a part of the fact's; null: nothing. */
  readonly advice: string | null;
  /** The same for the agent whose call it was; absent: what the catalogue has for agents, else `advice` is for it too. */
  readonly agentAdvice?: string;
}

type Told = Partial<Pick<Refusal, "nothingRan" | "advice" | "agentAdvice">>;

type Holes<T> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name extends `${string} ${string}`
    ? Holes<Rest>
    : Name | Holes<Rest>
  : never;
type Template<C extends ErrorCode> = (typeof CATALOGUE)[C] extends { readonly advice: infer T } ? T : never;
/** Codes whose advice is the same each time, or that have none. */
type PlainCode = { [C in ErrorCode]: [Holes<Template<C>>] extends [never] ? C : never }[ErrorCode];

/** What is not told is what the catalogue says of the code. Advice with holes is made by `adviceOf`. */
export function refusal(code: PlainCode, fact: string, told?: Told): Refusal;
export function refusal(code: ErrorCode, fact: string, told: Told & Pick<Refusal, "advice">): Refusal;
export function refusal(code: ErrorCode, fact: string, told: Told = {}): Refusal {
  const { nothingRan = null, advice = null } = { ...entryOf(code), ...told };
  const { agentAdvice } = told;
  return { code, fact, nothingRan, advice, ...(agentAdvice === undefined ? {} : { agentAdvice }) };
}

/** The catalogue's advice for a code, with its holes filled. */
export function adviceOf<C extends Exclude<ErrorCode, PlainCode>>(
  code: C,
  values: Readonly<Record<Holes<Template<C>>, string>>,
): string {
  const known: Readonly<Record<string, string>> = values;
  return (entryOf(code).advice ?? "").replace(/\{(\w+)\}/g, (hole, name: string) => known[name] ?? hole);
}

/**
 * The whole text as the agent reads it, who can run no command of the operator's: what it can do instead, and that nothing
 * ran where it is left to the operator.
 */
export function agentText(why: Refusal): string {
  return `${lineForAgent(why)}.`;
}

/** The same without its full stop. */
export function lineForAgent(why: Refusal): string {
  const { outcome, agentAdvice: usual } = entryOf(why.code);
  const advice = why.agentAdvice ?? usual;
  if (advice === undefined) return refusalLine(why);
  const nothingRan = why.nothingRan ?? (outcome === "nothingRan" ? "nothing ran" : null);
  return refusalLine({ ...why, nothingRan, advice });
}

/** The whole text, as a log, the CLI or `health` shows it: `CODE: fact; nothing ran. What to do.` */
export function refusalText(refusal: Refusal): string {
  return `${refusalLine(refusal)}.`;
}

/** The same without its full stop: the message of an error, and a text that more words follow. */
export function refusalLine(refusal: Refusal): string {
  return coded(refusal.code, refusalWords(refusal));
}

/** A line of the log, or a fixed text, that tells which code it is about. */
export function coded(code: ErrorCode, text: string): string {
  return `${code}: ${text}`;
}

/** The same without its code, where the reader knows that. */
export function refusalWords({ fact, nothingRan, advice }: Refusal): string {
  const said = nothingRan === null ? fact : `${fact}; ${nothingRan}`;
  if (advice === null) return said;
  return /^\p{Lu}/u.test(advice) ? `${said}. ${advice}` : `${said}; ${advice}`;
}
