// Taints keep calls off a node, and tolerations let a rule's calls on it all the same: the words and rules of Kubernetes.
import { quote } from "../../../shared/safeText.ts";
import { didYouMean } from "../../../shared/suggest.ts";
import { keyProblem, printTag, valueProblem } from "../selector/tags.ts";

/**
 * `NoSchedule`: no new calls; what is there stays. `NoExecute`: sessions that are there leave too.
 * `PreferNoSchedule`: only where no node without it fits.
 */
export const TAINT_EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"] as const;
export type TaintEffect = (typeof TAINT_EFFECTS)[number];

/** One taint of a node. */
export interface Taint {
  readonly key: string;
  /** "" where none is written. */
  readonly value: string;
  readonly effect: TaintEffect;
}

/** Of most nodes, and one list for all of them: 10,000 lists are 10,000 looks into cold memory. */
export const NO_TAINTS: readonly Taint[] = [];

/** Which taints a rule does not mind. Null: any. */
export interface Toleration {
  readonly key: string | null;
  /** A text: `Equal`; null: `Exists`. */
  readonly value: string | null;
  readonly effect: TaintEffect | null;
}

/** Written for the key of a toleration: every taint. */
export const EVERY_TAINT = "*";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly suggestion: string | null };

/** Reads `key:Effect` or `key=value:Effect`. A refused text is a value that says what is wrong with it. */
export function parseTaint(text: string): Parsed<Taint> {
  const { key, value, effect } = partsOf(text);
  const wrong = wrongIn("taint", text);
  if (effect === null)
    return wrong("has no effect", `write ${quote(`${text}:NoSchedule`)} to keep calls off the node.`);
  if (!isEffect(effect)) return wrong(...noEffect(effect));
  const problem = keyProblem(key) ?? valueProblem(value ?? "");
  return problem === null ? { ok: true, value: { key, value: value ?? "", effect } } : wrong(problem, null);
}

/** Reads `key`, `key=value`, each also with `:Effect`, and `*` for every key. */
export function parseToleration(text: string): Parsed<Toleration> {
  const { key, value, effect } = partsOf(text);
  const wrong = wrongIn("toleration", text);
  if (effect !== null && !isEffect(effect)) return wrong(...noEffect(effect));
  if (key === EVERY_TAINT && value === null) return { ok: true, value: { key: null, value: null, effect } };
  const problem = keyProblem(key) ?? valueProblem(value ?? "");
  return problem === null ? { ok: true, value: { key, value, effect } } : wrong(problem, null);
}

/** As the config writes it. */
export function printTaint({ key, value, effect }: Taint): string {
  return `${printTag(key, value)}:${effect}`;
}

/** Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export function tolerates(tolerate: readonly Toleration[], taint: Taint): boolean {
  return tolerate.some(
    ({ key, value, effect }) =>
      (key === null || key === taint.key) &&
      (value === null || value === taint.value) &&
      (effect === null || effect === taint.effect),
  );
}

/** Whether a taint keeps calls off, and does not merely rank the node last. */
export function keepsOff({ effect }: Taint): boolean {
  return effect !== "PreferNoSchedule";
}

interface Parts {
  readonly key: string;
  readonly value: string | null;
  readonly effect: string | null;
}

function partsOf(text: string): Parts {
  const colon = text.lastIndexOf(":");
  const tag = colon < 0 ? text : text.slice(0, colon);
  const equals = tag.indexOf("=");
  return {
    key: equals < 0 ? tag : tag.slice(0, equals),
    value: equals < 0 ? null : tag.slice(equals + 1),
    effect: colon < 0 ? null : text.slice(colon + 1),
  };
}

function isEffect(text: string): text is TaintEffect {
  return TAINT_EFFECTS.some((effect) => effect === text);
}

function noEffect(effect: string): readonly [string, string | null] {
  return [
    `${quote(effect)} is no effect; there are ${TAINT_EFFECTS.join(", ")}`,
    didYouMean(effect, TAINT_EFFECTS),
  ];
}

function wrongIn(what: string, text: string) {
  return (problem: string, suggestion: string | null) =>
    ({ ok: false, message: `${what} ${quote(text)}: ${problem}`, suggestion }) as const;
}
