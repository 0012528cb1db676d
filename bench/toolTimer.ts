// Times the tool calls of one run from the gateway's own events: `start` comes before any hook, `result` after the last.
import type { Gateway } from "../test/support/gateway.ts";

interface AgentEvent {
  readonly runId: string;
  readonly stream: string;
  /** Epoch ms, when the gateway said it. */
  readonly ts: number;
  readonly data: { readonly phase?: string; readonly name?: string; readonly toolCallId?: string };
}

export interface TimedRun {
  /** Milliseconds of every call of the tool, in call order. */
  readonly times: readonly number[];
  /** What the model read, of every call of any tool. */
  readonly results: readonly string[];
}

export type ToolTimer = (agent: string, tool: string, lines: readonly string[]) => Promise<TimedRun>;

export async function startToolTimer(gateway: Gateway, timeoutMs = 900_000): Promise<ToolTimer> {
  const calls = new Map<string, { readonly tool: string; readonly start: number; end: number | null }>();
  await gateway.on("agent", (payload) => {
    const { runId, stream, ts, data } = payload as AgentEvent;
    if (stream !== "tool") return;
    const key = `${runId} ${data.toolCallId}`;
    if (data.phase === "start") calls.set(key, { tool: data.name ?? "", start: ts, end: null });
    const call = calls.get(key);
    if (data.phase === "result" && call !== undefined) call.end = ts;
  });
  return async (agent, tool, lines) => {
    calls.clear();
    const { results, runId } = await gateway.agent(agent, lines.join("\n"), { timeoutMs });
    const times = [...calls]
      .filter(([key, call]) => key.startsWith(runId) && call.tool === tool)
      .map(([, { start, end }]) => (end ?? start) - start);
    return { times, results };
  };
}
