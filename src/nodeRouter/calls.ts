// Tool calls between their decision and their result: what was decided, and where it ended.
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
  /** The complete parameters that the host was told. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly jobId: string | null;
  readonly notes: readonly string[];
  /** Epoch ms. */
  readonly startedAtMs: number;
  /** False once its result was seen; kept a while longer for the line in an outer tool's result. */
  running: boolean;
}

export interface CallRegistry {
  add(call: Omit<PlacedCall, "key" | "running">): PlacedCall;
  find(runId: string, toolCallId: string): PlacedCall | null;
  /** Calls of the run that `tool_call` or Code Mode made inside the outer call `toolCallId`. */
  nestedIn(runId: string, toolCallId: string): readonly PlacedCall[];
  /** Node ids of exec calls of this session that are running now. */
  runningExecNodes(sessionKey: string): ReadonlySet<string>;
}

/** Far above what one gateway runs at once; a forgotten call only loses its line in the result. */
const MAX_CALLS = 4_096;

export function createCallRegistry(): CallRegistry {
  const calls = new BoundedMap<string, PlacedCall>(MAX_CALLS);
  return {
    add(call) {
      const entry = { ...call, key: keyOf(call.runId, call.toolCallId), running: true };
      calls.set(entry.key, entry);
      return entry;
    },
    find: (runId, toolCallId) => calls.get(keyOf(runId, toolCallId)) ?? null,
    nestedIn: (runId, toolCallId) =>
      [...calls.values()].filter((call) => call.runId === runId && isNested(call.toolCallId, toolCallId)),
    runningExecNodes: (sessionKey) =>
      new Set(
        [...calls.values()]
          .filter((call) => call.running && call.tool === "exec" && call.sessionKey === sessionKey)
          .map((call) => call.nodeId),
      ),
  };
}

function keyOf(runId: string, toolCallId: string): string {
  return `${runId}\0${toolCallId}`;
}

/** The host names an inner call `<how>:<outer id>:<tool>:<n>`. */
function isNested(inner: string, outer: string): boolean {
  return inner.includes(`:${outer}:`);
}
