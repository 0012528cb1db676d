// What two agents spent on a node and at the gateway, as the page and metrics get it.
import type { UsageOverview } from "../../../../src/nodeRouter/surfaces/methods/usageMethod.ts";
import { NO_TOKENS } from "../../../../src/shared/tokenCount.ts";

export function smallUsage(): UsageOverview {
  const sg = { ...NO_TOKENS, input: 12_000, output: 340, cacheRead: 90, cost: 0.0127 };
  const master = { ...NO_TOKENS, input: 800, output: 20, unpriced: 2 };
  return {
    at: "2026-11-30T08:00:00.000Z",
    complete: true,
    days: 7,
    regions: [
      { ...sg, key: "sg", sessions: 2 },
      { ...master, key: "gateway", sessions: 1 },
    ],
    today: [
      { agent: "worker-sg", node: "mac-sg", tokens: sg },
      { agent: "master", node: "gateway", tokens: master },
      { agent: "old", node: null, tokens: { ...NO_TOKENS, input: 1 } },
    ],
  };
}
