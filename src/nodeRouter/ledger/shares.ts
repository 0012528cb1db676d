// Each agent's share of the audit: whether a record of it is still taken, and a note of those that were not.
import type { ResolvedConfig } from "../../config/resolve.ts";
import {
  DEFAULT_AUDIT_AGENT_MIB,
  DEFAULT_AUDIT_KEEP_DAYS,
  DEFAULT_AUDIT_MAX_MIB,
} from "../../config/schema/defaults.ts";
import type { LedgerLimits, LedgerUsage } from "./usage.ts";

export const MIB = 1024 * 1024;
export const DAY_MS = 24 * 60 * 60 * 1000;

/** @param config in MiB and days, as the operator writes them. */
export function ledgerLimits(
  config: Pick<ResolvedConfig, "auditAgentMiB" | "auditKeepDays" | "auditMaxMiB">,
): LedgerLimits {
  return {
    agentBytes: config.auditAgentMiB * MIB,
    keepMs: config.auditKeepDays * DAY_MS,
    maxBytes: config.auditMaxMiB * MIB,
  };
}

export const DEFAULT_LIMITS: LedgerLimits = ledgerLimits({
  auditAgentMiB: DEFAULT_AUDIT_AGENT_MIB,
  auditKeepDays: DEFAULT_AUDIT_KEEP_DAYS,
  auditMaxMiB: DEFAULT_AUDIT_MAX_MIB,
});

/** Records of one agent that were not taken. */
export interface Untaken {
  readonly agent: string;
  /** Calls that were refused for it. */
  readonly refused: number;
  /** Records that were left out, of calls that ran. */
  readonly dropped: number;
}

export interface Shares {
  /** Whether so many bytes more fit into the agent's share; what does not is counted. */
  takes(agent: string, bytes: number, otherwise: "refused" | "dropped"): boolean;
  /** Agents whose share is used up. */
  full(): readonly Untaken[];
  /** Notes that were held back. */
  flush(): void;
}

/**
 * Notes come at the first, second, fourth, eighth … record, so that they cannot be used as a flood themselves, and once
 * more when the agent has room again.
 * @param note told with all that was counted since the share was used up.
 */
export function createShares(
  usage: LedgerUsage,
  limits: () => LedgerLimits,
  note: (untaken: Untaken) => void,
): Shares {
  const untaken = new Map<string, Untaken & { readonly noted: number }>();

  const tell = (one: Untaken): void => {
    untaken.set(one.agent, { ...one, noted: one.refused + one.dropped });
    note(one);
  };
  const settle = (agent: string): void => {
    const one = untaken.get(agent);
    if (one !== undefined && one.noted < one.refused + one.dropped) tell(one);
  };

  return {
    takes(agent, bytes, otherwise) {
      const { agentBytes, keepMs } = limits();
      if (usage.of(agent, keepMs) + bytes <= agentBytes) {
        settle(agent);
        untaken.delete(agent);
        return true;
      }
      const before = untaken.get(agent) ?? { agent, refused: 0, dropped: 0, noted: 0 };
      const after = { ...before, [otherwise]: before[otherwise] + 1 };
      untaken.set(agent, after);
      if (after.refused + after.dropped >= 2 * after.noted) tell(after);
      return false;
    },
    full: () => [...untaken.values()].map(({ agent, refused, dropped }) => ({ agent, refused, dropped })),
    flush() {
      for (const agent of untaken.keys()) settle(agent);
    },
  };
}
