// The fields of the host's tool hook events and contexts that we read.
export { agentOf } from "../../shared/hostNames.ts";

export interface ToolEvent {
  readonly toolName: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly toolKind?: string | undefined;
  readonly runId?: string | undefined;
  readonly toolCallId?: string | undefined;
}

/** What names one call; empty where the host says nothing. */
export interface CallIds {
  readonly runId: string;
  readonly toolCallId: string;
}

export interface ToolContext {
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
  readonly runId?: string | undefined;
  readonly toolCallId?: string | undefined;
  /** Of the run. */
  readonly abortSignal?: AbortSignal | undefined;
}

/** Run and tool call, as the event says them, else its context; `""` for what neither says. */
export function idsOf(event: Pick<ToolEvent, "runId" | "toolCallId">, context: ToolContext): CallIds {
  return {
    runId: event.runId ?? context.runId ?? "",
    toolCallId: event.toolCallId ?? context.toolCallId ?? "",
  };
}
