// The fields of the host's tool hook events and contexts that we read.

export interface ToolEvent {
  readonly toolName: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly toolKind?: string | undefined;
  readonly runId?: string | undefined;
  readonly toolCallId?: string | undefined;
}

export interface ToolContext {
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
  readonly runId?: string | undefined;
  readonly toolCallId?: string | undefined;
}

/** The agent of a call: the host's own statement, else the one its session key names, else null. */
export function agentOf(context: ToolContext): string | null {
  return context.agentId ?? /^agent:([^:]+):/.exec(context.sessionKey ?? "")?.[1] ?? null;
}
