// Which sessions work on a task of another gateway, so that each call of theirs is known by it, sub-agents' too.
import { BoundedMap } from "../../shared/bounded.ts";
import { definePart } from "../../shared/processMemory.ts";

/** The task that a session works on. */
export interface DelegatedRun {
  /** Its id in the ledgers of both gateways. */
  readonly delegation: string;
  /** The gateway that gave it, by its name in `peers`. */
  readonly peer: string;
  /** Ids of the gateways that it came through, without this one. */
  readonly chain: readonly string[];
  /** How many it may go through in all, by its sender's word; null: it says nothing. */
  readonly maxHops: number | null;
}

/** How often a tool was called for a task, and where. */
export interface CountedTool {
  readonly tool: string;
  readonly node: string | null;
  readonly country: string | null;
  calls: number;
}

export interface DelegatedRuns {
  /** From now on the session works on that task. */
  set(session: string, run: DelegatedRun): void;
  /**
   * @param parentOf the session that a session was spawned by; null: by none
   * @returns null: it works on no task of another gateway
   */
  find(session: string, parentOf: (session: string) => string | null): DelegatedRun | null;
  /** One call of a tool for the task. */
  count(delegation: string, tool: string, node: string | null, country: string | null): void;
  /** The counts of a task. */
  counted(delegation: string): readonly CountedTool[];
}

/** Sub-agents of sub-agents: OpenClaw's own limit is 5 (`subagents.maxSpawnDepth`). */
const MAX_DEPTH = 8;
const MAX_SESSIONS = 5_000;
/** Different ones of one task. */
const MAX_TOOLS = 100;

export const DELEGATED_RUNS = definePart("delegated-runs", 2, createDelegatedRuns);

export function createDelegatedRuns(): DelegatedRuns {
  const runs = new BoundedMap<string, DelegatedRun>(MAX_SESSIONS);
  const counts = new BoundedMap<string, Map<string, CountedTool>>(MAX_SESSIONS);
  return {
    set: (session, run) => void runs.set(session, run),
    find(session, parentOf) {
      if (runs.size === 0) return null;
      let at: string | null = session;
      for (let depth = 0; at !== null && depth < MAX_DEPTH; depth++) {
        const run = runs.get(at);
        if (run !== undefined) return run;
        at = parentOf(at);
      }
      return null;
    },
    count(delegation, tool, node, country) {
      const tools = counts.get(delegation) ?? new Map<string, CountedTool>();
      const key = `${tool}\0${node}`;
      const known = tools.get(key);
      if (known !== undefined) known.calls += 1;
      else if (tools.size < MAX_TOOLS) tools.set(key, { tool, node, country, calls: 1 });
      counts.set(delegation, tools);
    },
    counted: (delegation) => [...(counts.get(delegation)?.values() ?? [])],
  };
}
