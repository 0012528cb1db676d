// Tool calls between their decision and their result: what was decided, and where it ended.
import { isDeepStrictEqual } from "node:util";
import { BoundedMap } from "./bounded.ts";
import type { PlacementDecision } from "./placement/decision.ts";

/** One call that the plugin placed. */
export interface PlacedCall {
  readonly key: string;
  readonly toolCallId: string;
  readonly runId: string;
  readonly sessionKey: string;
  readonly agent: string;
  readonly tool: string;
  readonly decision: PlacementDecision;
  readonly nodeId: string;
  readonly jobId: string | null;
  readonly notes: readonly string[];
  /** False once its result was seen; kept a while longer for the line in an outer tool's result. */
  running: boolean;
}

type Params = Readonly<Record<string, unknown>>;

/** What the trusted policy answered about one call of a tool. */
export interface Answer {
  readonly tool: string;
  /** The parameters it was asked about. */
  readonly asked: Params;
  /** The complete parameters that it gave; null when it left the call alone. */
  readonly params: Params | null;
}

/**
 * A call is known by its run and its own id. One that lacks either is never kept, because it could not be
 * told from another's: calls over HTTP have no run, and two in one millisecond have the same id.
 */
export interface CallRegistry {
  /**
   * A new call has this id now: what an earlier one left behind is forgotten. Some model servers number the
   * calls of every turn from 0.
   */
  begin(runId: string, toolCallId: string): void;
  add(call: Omit<PlacedCall, "key" | "running">): void;
  find(runId: string, toolCallId: string): PlacedCall | null;
  /** Kept until the call's result, for the hook that says it once more. */
  answer(runId: string, toolCallId: string, answer: Answer): void;
  /**
   * The answer about the call that now has these parameters; when others changed them, the only answer there
   * is. Null when the policy was not asked, or when of several calls with this id none can be told to be it.
   */
  answered(runId: string, toolCallId: string, tool: string, params: Params): Answer | null;
  /** The result was seen. */
  end(runId: string, toolCallId: string): void;
  /** Calls of the run that `tool_call` or Code Mode made inside the outer call `toolCallId`. */
  nestedIn(runId: string, toolCallId: string): readonly PlacedCall[];
  /** Node ids of exec calls of this agent in this session that are running now. */
  runningExecNodes(agent: string, sessionKey: string): ReadonlySet<string>;
}

/** Far above what one gateway runs at once; a forgotten call only loses its line in the result. */
const MAX_CALLS = 4_096;
/** Answers hold whole commands, so fewer of them; a forgotten one is only worked out again. */
const MAX_ANSWERS = 1_024;
/** Some models give several calls of one turn the same id. */
const MAX_ANSWERS_OF_ONE_ID = 16;

export function createCallRegistry(): CallRegistry {
  const calls = new BoundedMap<string, PlacedCall>(MAX_CALLS);
  const answers = new BoundedMap<string, readonly Answer[]>(MAX_ANSWERS);
  const nestedIn = (runId: string, toolCallId: string): PlacedCall[] => {
    const part = `:${asHostPart(toolCallId)}:`;
    return [...calls.values()].filter((call) => call.runId === runId && call.toolCallId.includes(part));
  };
  return {
    begin(runId, toolCallId) {
      const key = keyOf(runId, toolCallId);
      if (key === null) return;
      calls.delete(key);
      for (const call of nestedIn(runId, toolCallId)) calls.delete(call.key);
    },
    add(call) {
      const key = keyOf(call.runId, call.toolCallId);
      if (key !== null) calls.set(key, { ...call, key, running: true });
    },
    find: (runId, toolCallId) => calls.get(keyOf(runId, toolCallId) ?? "") ?? null,
    answer(runId, toolCallId, answer) {
      const key = keyOf(runId, toolCallId);
      if (key !== null) answers.set(key, [...(answers.get(key) ?? []), answer].slice(-MAX_ANSWERS_OF_ONE_ID));
    },
    answered(runId, toolCallId, tool, params) {
      const all = answers.get(keyOf(runId, toolCallId) ?? "")?.filter((answer) => answer.tool === tool) ?? [];
      const same = all.findLast((answer) => isDeepStrictEqual(answer.params ?? answer.asked, params));
      return same ?? (all.length === 1 ? (all[0] ?? null) : null);
    },
    end(runId, toolCallId) {
      const key = keyOf(runId, toolCallId) ?? "";
      answers.delete(key);
      const call = calls.get(key);
      if (call !== undefined) call.running = false;
    },
    nestedIn: (runId, toolCallId) => (keyOf(runId, toolCallId) === null ? [] : nestedIn(runId, toolCallId)),
    runningExecNodes: (agent, sessionKey) =>
      new Set(
        [...calls.values()]
          .filter((call) => call.running && call.tool === "exec")
          .filter((call) => call.agent === agent && call.sessionKey === sessionKey)
          .map((call) => call.nodeId),
      ),
  };
}

function keyOf(runId: string, toolCallId: string): string | null {
  return runId === "" || toolCallId === "" ? null : `${runId}\0${toolCallId}`;
}

/** The host names an inner call `<how>:<outer id>:<tool>:<n>`, and cleans the outer id like this before. */
function asHostPart(toolCallId: string): string {
  return toolCallId
    .trim()
    .replace(/[^A-Za-z0-9_.:-]+/g, "_")
    .slice(0, 120);
}
