// Calls that are in the ledger and have no end there yet, and what became of the scripts that file tools send.
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";
import type { CallSubject } from "./ledgerSubject.ts";

/** Far above what one gateway runs at once; the end of a forgotten one is read as unknown. Fair by agent. */
const MAX_CALLS = 4_096;

/** How one script on the node ended; `changed`: it has changed a file. */
export type ScriptEnd = "ran" | "notStarted" | "unknown" | "changed";

export interface OpenCall {
  readonly subject: CallSubject;
  /** How the scripts ended that a file tool sent; null: it is no file tool. */
  readonly scripts: Set<ScriptEnd> | null;
  /** Files that it names, as its parameters do. */
  readonly files: readonly string[];
}

export interface OpenCalls {
  /**
   * @param files of a file tool, whose scripts come without the call's ids; null: it is none.
   * @returns the call that had the ids until now, whose end nobody will tell; null: there was none.
   */
  add(subject: CallSubject, files: readonly string[] | null): CallSubject | null;
  /** Null: it has its end already, or was never there. */
  find(runId: string, toolCallId: string): OpenCall | null;
  /** The same, and it is over. */
  take(runId: string, toolCallId: string): OpenCall | null;
  /**
   * A call of a file tool has begun on the node. It is the one open call of the session of which nobody knew that yet and
   * which means that file; where that are several, or none, it stays unknown which it is.
   * @param call the host's object of it.
   * @param means whether a file that a call names is the one that this call has begun with.
   */
  begins(agent: string, sessionKey: string, call: object, means: (file: string) => boolean): void;
  /**
   * A script of a file tool has ended. Where it is unknown of which call, all of the session that are open are told: of
   * calls at one time, one that may be another's is taken for its own.
   * @param call the host's object of it; null: it does not tell.
   */
  script(agent: string, sessionKey: string, end: ScriptEnd, call: object | null): void;
}

export const OPEN_CALLS = definePart("open-calls", 2, createOpenCalls);

export function createOpenCalls(): OpenCalls {
  const calls = new FairMap<string, OpenCall>(MAX_CALLS, (_key, { subject }) => subject.agent ?? "");
  const fileCalls = new Set<OpenCall>();
  const byHost = new WeakMap<object, OpenCall>();
  const begun = new WeakSet<OpenCall>();
  const ofSession = (agent: string, sessionKey: string): readonly OpenCall[] =>
    [...fileCalls].filter(({ subject }) => subject.agent === agent && subject.sessionKey === sessionKey);
  const take = (key: string): OpenCall | null => {
    const call = calls.get(key) ?? null;
    calls.delete(key);
    if (call !== null) fileCalls.delete(call);
    return call;
  };
  return {
    add(subject, files) {
      const key = keyOf(subject.runId ?? "", subject.toolCallId ?? "");
      const before = take(key)?.subject ?? null;
      const call: OpenCall = { subject, scripts: files === null ? null : new Set(), files: files ?? [] };
      calls.set(key, call);
      if (files !== null) fileCalls.add(call);
      // Of calls that nobody ends the oldest go.
      for (const oldest of fileCalls) {
        if (fileCalls.size <= MAX_CALLS) break;
        fileCalls.delete(oldest);
      }
      return before;
    },
    find: (runId, toolCallId) => calls.get(keyOf(runId, toolCallId)) ?? null,
    take: (runId, toolCallId) => take(keyOf(runId, toolCallId)),
    begins(agent, sessionKey, call, means) {
      if (byHost.has(call)) return;
      const [it, other] = ofSession(agent, sessionKey).filter(
        (one) => !begun.has(one) && one.files.some(means),
      );
      if (it === undefined || other !== undefined) return;
      byHost.set(call, it);
      begun.add(it);
    },
    script(agent, sessionKey, end, call) {
      const it = call === null ? undefined : byHost.get(call);
      // Of one that is over nobody else is told.
      for (const one of it === undefined ? ofSession(agent, sessionKey) : [it]) one.scripts?.add(end);
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
