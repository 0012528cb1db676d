// TokenCount, uses and readings with as few words as a test needs.
import type { DayUse, Reading, UsagePlace } from "../../../src/nodeRouter/usage/usageHistory.ts";
import { NO_TOKENS, type TokenCount } from "../../../src/shared/tokenCount.ts";

export const DAY_MS = 86_400_000;
/** Noon of the day. */
export const noon = (day: string): number => Date.parse(day) + DAY_MS / 2;

export const spent = (input: number, output = 0): TokenCount => ({ ...NO_TOKENS, input, output });

export const SG: UsagePlace = { node: "mac-sg", region: "sg", calls: 1 };
export const CN: UsagePlace = { node: "mac-cn", region: "cn", calls: 1 };
export const AT_GATEWAY: UsagePlace = { node: null, region: "gateway", calls: 0 };

export function use(input: number, change: Partial<DayUse> = {}): DayUse {
  return {
    agent: "worker-sg",
    key: "agent:worker-sg:main",
    models: new Map([["p/m", spent(input)]]),
    places: [SG],
    ...change,
  };
}

export function reading(
  atMs: number,
  days: Readonly<Record<string, Readonly<Record<string, DayUse>>>>,
  complete = true,
): Reading {
  const read = Object.entries(days).map(
    ([day, all]) => [day, { complete, uses: new Map(Object.entries(all)) }] as const,
  );
  return { atMs, days: new Map(read) };
}
