// Calls that are in the ledger and have no end there yet, and what became of the scripts that file tools send.
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";
import type { CallSubject } from "./ledgerRecord.ts";

/** Far above what one gateway runs at once; the end of a forgotten one is read as unknown. Fair by agent. */
const MAX_CALLS = 4_096;

/** How one script on the node ended; `changed`: it has changed a file. */
export type ScriptEnd = "ran" | "notStarted" | "unknown" | "changed";

export interface OpenCall {
  readonly subject: CallSubject;
  /** How the scripts ended that a file tool sent; null: it is no file tool. */
  readonly scripts: Set<ScriptEnd> | null;
}

export interface OpenCalls {
  /**
   * @param isFileTool its scripts come without the call's ids.
   * @returns the call that had the ids until now, whose end nobody will tell; null: there was none.
   */
  add(subject: CallSubject, isFileTool: boolean): CallSubject | null;
  /** Null: it has its end already, or was never there. */
  find(runId: string, toolCallId: string): OpenCall | null;
  /** The same, and it is over. */
  take(runId: string, toolCallId: string): OpenCall | null;
  /**
   * A script of a file tool has ended. OpenClaw does not say of which call, so all of the session that are open are
   * told: of calls at one time, one that may be another's is taken for its own.
   */
  script(agent: string, sessionKey: string, end: ScriptEnd): void;
}

export const OPEN_CALLS = definePart("open-calls", 1, createOpenCalls);

export function createOpenCalls(): OpenCalls {
  const calls = new FairMap<string, OpenCall>(MAX_CALLS, (_key, { subject }) => subject.agent ?? "");
  const fileCalls = new Set<OpenCall>();
  const take = (key: string): OpenCall | null => {
    const call = calls.get(key) ?? null;
    calls.delete(key);
    if (call !== null) fileCalls.delete(call);
    return call;
  };
  return {
    add(subject, isFileTool) {
      const key = keyOf(subject.runId ?? "", subject.toolCallId ?? "");
      const before = take(key)?.subject ?? null;
      const call: OpenCall = { subject, scripts: isFileTool ? new Set() : null };
      calls.set(key, call);
      if (isFileTool) fileCalls.add(call);
      // Of calls that nobody ends the oldest go.
      for (const oldest of fileCalls) {
        if (fileCalls.size <= MAX_CALLS) break;
        fileCalls.delete(oldest);
      }
      return before;
    },
    find: (runId, toolCallId) => calls.get(keyOf(runId, toolCallId)) ?? null,
    take: (runId, toolCallId) => take(keyOf(runId, toolCallId)),
    script(agent, sessionKey, end) {
      for (const { subject, scripts } of fileCalls) {
        if (subject.agent === agent && subject.sessionKey === sessionKey) scripts?.add(end);
      }
    },
  };
}

/** What the scripts say of their call; null: none was sent. One that changed a file and one that never began: unknown. */
export function endOfScripts(ends: ReadonlySet<ScriptEnd>): "ran" | "notStarted" | "unknown" | null {
  if (ends.has("unknown")) return "unknown";
  if (ends.has("notStarted")) return ends.has("changed") ? "unknown" : "notStarted";
  return ends.size > 0 ? "ran" : null;
}

function keyOf(runId: string, toolCallId: string): string {
  return `${runId}\0${toolCallId}`;
}
