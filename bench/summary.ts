// Numbers of one kind of run. Pure.

export interface Summary {
  readonly runs: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
}

/** @param times milliseconds, in any order; at least one. */
export function summary(times: readonly number[]): Summary {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { runs: sorted.length, minMs: at(0), p50Ms: at(0.5), p90Ms: at(0.9) };
}
