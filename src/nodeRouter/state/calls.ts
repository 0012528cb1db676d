// Tool calls between their decision and their result: what was decided, and where it ended.
import { isDeepStrictEqual } from "node:util";
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import { CallIndex } from "./callIndex.ts";

/** One call that the plugin placed. */
export interface PlacedCall {
  readonly toolCallId: string;
  readonly runId: string;
  readonly sessionKey: string;
  readonly agent: string;
  readonly tool: string;
  readonly decision: PlacementDecision;
  /** Of the paired node; null for a call that goes to a workspace. */
  readonly nodeId: string | null;
  readonly jobId: string | null;
  /** Id in `WORKSPACE_CALLS`; null for a call that OpenClaw carries out, and for a file tool. */
  readonly workspaceCallId: string | null;
  /** Under which the node of its session's files is kept; absent: under none. */
  readonly stickKey?: string;
  readonly notes: readonly string[];
  /** False once its result was seen; kept a while longer for the line in an outer tool's result. */
  running: boolean;
  /** When its run ended without its result, epoch ms: what became of it only its node knows. */
  untoldAtMs: number | null;
}

type Params = Readonly<Record<string, unknown>>;

/** A person's consent to one call, as far as it was given. */
export interface Consent {
  readonly title: string;
  readonly description: string;
  granted: boolean;
}

/** What the trusted policy answered about one call of a tool. */
export interface PolicyAnswer {
  readonly tool: string;
  /** The parameters it was asked about. */
  readonly asked: Params;
  /** The complete parameters that it gave; null when it left the call alone. */
  readonly params: Params | null;
  /** Null when nobody needs to be asked. */
  readonly consent: Consent | null;
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
  add(call: Omit<PlacedCall, "running" | "untoldAtMs">): void;
  find(runId: string, toolCallId: string): PlacedCall | null;
  /** Kept until the call's result, for the hook that says it once more. */
  answer(runId: string, toolCallId: string, answer: PolicyAnswer): void;
  /**
   * The answer about the call that now has these parameters; when others changed them, the only answer there
   * is. Null when the policy was not asked, or when of several calls with this id none can be told to be it.
   */
  answered(runId: string, toolCallId: string, tool: string, params: Params): PolicyAnswer | null;
  /** The result was seen. */
  end(runId: string, toolCallId: string): void;
  /** The run is over: no result of any of its calls comes any more. @param atMs epoch ms. */
  endRun(runId: string, atMs: number): void;
  /** Calls of the run that `tool_call` or Code Mode made inside the outer call `toolCallId`. */
  nestedIn(runId: string, toolCallId: string): readonly PlacedCall[];
  /** Ids of the paired nodes with exec calls of this agent in this session that are running now. */
  runningExecNodes(agent: string, sessionKey: string): ReadonlySet<string>;
  /** Calls whose result has not come. */
  running(): readonly PlacedCall[];
  /** Those that OpenClaw carried out on a node and of which nobody told the end, since their runs ended after `sinceMs`. */
  untold(sinceMs: number): readonly PlacedCall[];
}

/** Far above what one gateway runs at once; a forgotten call only loses its line in the result. Fair by agent. */
const MAX_CALLS = 4_096;
/** Answers hold whole commands, so fewer of them; a forgotten one is only worked out again. Fair by run. */
const MAX_ANSWERS = 1_024;
/** Some models give several calls of one turn the same id. */
const MAX_ANSWERS_OF_ONE_ID = 16;

export const CALLS = definePart("calls", 4, createCallRegistry);

/** An empty registry. At its bounds the agent or run that has most loses its oldest entry. */
export function createCallRegistry(): CallRegistry {
  const calls = new CallIndex<PlacedCall>(MAX_CALLS);
  /** exec calls over the node protocol by agent and session, for as long as they run. */
  const running = new FairMap<PlacedCall, true>(MAX_CALLS, ({ agent }) => agent);
  const answers = new FairMap<string, readonly PolicyAnswer[]>(
    MAX_ANSWERS,
    (key) => key.split("\0", 1)[0] ?? "",
  );
  const nestedIn = (runId: string, toolCallId: string): PlacedCall[] => {
    const part = `:${asHostPart(toolCallId)}:`;
    return calls.of(runId).filter((call) => call.toolCallId.includes(part));
  };
  const forget = (runId: string, toolCallId: string): void => {
    const call = calls.get(runId, toolCallId);
    if (call !== null) running.delete(call);
    calls.delete(runId, toolCallId);
  };
  return {
    begin(runId, toolCallId) {
      if (keyOf(runId, toolCallId) === null) return;
      forget(runId, toolCallId);
      for (const call of nestedIn(runId, toolCallId)) forget(runId, call.toolCallId);
    },
    add(call) {
      if (keyOf(call.runId, call.toolCallId) === null) return;
      forget(call.runId, call.toolCallId);
      const kept: PlacedCall = { ...call, running: true, untoldAtMs: null };
      calls.set(kept);
      if (call.tool === "exec") running.set(kept, true);
    },
    find: (runId, toolCallId) => calls.get(runId, toolCallId),
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
      answers.delete(keyOf(runId, toolCallId) ?? "");
      const call = calls.get(runId, toolCallId);
      if (call === null) return;
      call.running = false;
      call.untoldAtMs = null;
      running.delete(call);
    },
    endRun(runId, atMs) {
      for (const call of calls.of(runId)) {
        if (!call.running) continue;
        call.running = false;
        call.untoldAtMs = atMs;
        running.delete(call);
      }
    },
    nestedIn: (runId, toolCallId) => (keyOf(runId, toolCallId) === null ? [] : nestedIn(runId, toolCallId)),
    runningExecNodes: (agent, sessionKey) =>
      new Set(
        [...running.keys()]
          .filter((call) => call.agent === agent && call.sessionKey === sessionKey)
          .filter((call) => calls.get(call.runId, call.toolCallId) === call)
          .flatMap(({ nodeId }) => nodeId ?? []),
      ),
    running: () => [...calls.values()].filter((call) => call.running),
    // Of what a workspace carries out its transport knows the end.
    untold: (sinceMs) =>
      [...calls.values()].filter(
        ({ untoldAtMs, workspaceCallId }) =>
          untoldAtMs !== null && untoldAtMs >= sinceMs && workspaceCallId === null,
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
