// What a model was given and gave: numbers that are added up, and shared out without losing one. Pure.

/** Tokens, and what they cost in the currency of OpenClaw's prices (USD). */
export interface TokenCount {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cost: number;
  /** Answers of models without a price: `cost` lacks theirs. */
  readonly unpriced: number;
}

export const NO_TOKENS: TokenCount = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  cost: 0,
  unpriced: 0,
};

/** In the order in which they are stored. */
export const TOKEN_FIELDS = ["input", "output", "cacheRead", "cacheWrite", "cost", "unpriced"] as const;

/** All tokens of it. */
export function countOf({ input, output, cacheRead, cacheWrite }: TokenCount): number {
  return input + output + cacheRead + cacheWrite;
}

/** Nothing was given, nothing came, and nothing is to be paid. */
export function isNothing(tokens: TokenCount): boolean {
  return countOf(tokens) === 0 && tokens.cost === 0 && tokens.unpriced === 0;
}

export function added(one: TokenCount, other: TokenCount): TokenCount {
  return mapped((field) => one[field] + other[field]);
}

/** What is left of the first without the second; never below zero. */
export function lessTokens(one: TokenCount, other: TokenCount): TokenCount {
  return mapped((field) => Math.max(0, one[field] - other[field]));
}

/**
 * In proportion to the weights; the parts together are the whole to the token. What cannot be divided goes to those
 * that lack the largest fraction, the first of equals.
 * @param weights at least one, none below zero, at least one above.
 */
export function shared(tokens: TokenCount, weights: readonly number[]): readonly TokenCount[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const parts = new Map(TOKEN_FIELDS.map((field) => [field, whole(tokens[field], weights, sum)]));
  const costs = weights.map((weight) => (tokens.cost * weight) / sum);
  return weights.map((_, at) =>
    mapped((field) => (field === "cost" ? costs[at] : parts.get(field)?.[at]) ?? 0),
  );
}

function whole(amount: number, weights: readonly number[], sum: number): readonly number[] {
  const exact = weights.map((weight) => (amount * weight) / sum);
  const parts = exact.map(Math.floor);
  const left = amount - parts.reduce((total, part) => total + part, 0);
  const order = exact
    .map((part, at) => ({ at, lacks: part - Math.floor(part) }))
    .sort((one, other) => other.lacks - one.lacks || one.at - other.at);
  for (const { at } of order.slice(0, Math.round(left))) parts[at] = (parts[at] ?? 0) + 1;
  return parts;
}

function mapped(of: (field: (typeof TOKEN_FIELDS)[number]) => number): TokenCount {
  return {
    input: of("input"),
    output: of("output"),
    cacheRead: of("cacheRead"),
    cacheWrite: of("cacheWrite"),
    cost: of("cost"),
    unpriced: of("unpriced"),
  };
}
