// The fields of the host's tool hook events and contexts that we read.

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
}

/** The agent of a call: the host's own statement, else the one its session key names, else null. */
export function agentOf(context: ToolContext): string | null {
  return context.agentId || (/^agent:([^:]+):/.exec(context.sessionKey ?? "")?.[1] ?? null);
}

export function idsOf(event: Pick<ToolEvent, "runId" | "toolCallId">, context: ToolContext): CallIds {
  return {
    runId: event.runId ?? context.runId ?? "",
    toolCallId: event.toolCallId ?? context.toolCallId ?? "",
  };
}
