// One turn of one agent, asked for over the operator connection.
import { randomUUID } from "node:crypto";
import type { Gateway } from "./gatewayTypes.ts";

export interface AgentOptions {
  /** Default: a new session for each run, so that no history leaks from one to the next. */
  readonly sessionKey?: string;
  readonly timeoutMs?: number;
}

export interface AgentRun {
  readonly runId: string;
  readonly sessionKey: string;
  /** "ok" when the run ended as it should. */
  readonly status: string;
  /** The agent's final text: `RESULT: …` of the last tool result for a script. */
  readonly text: string;
  /** The text of every tool result, in call order, exactly as the model saw it. */
  readonly results: readonly string[];
}

interface AgentAnswer {
  runId: string;
  status: string;
  summary?: string;
  result?: { payloads?: { text?: string }[] };
}

/** Sends `message` to the agent and waits for the end of its run. */
export async function runAgent(
  gateway: Pick<Gateway, "rpc" | "model">,
  agentId: string,
  message: string,
  options: AgentOptions = {},
): Promise<AgentRun> {
  const sessionKey = options.sessionKey ?? `agent:${agentId}:run-${randomUUID().slice(0, 8)}`;
  const params = { agentId, sessionKey, message, idempotencyKey: randomUUID(), deliver: false };
  const answer = await gateway.rpc<AgentAnswer>("agent", params, {
    final: true,
    timeoutMs: options.timeoutMs ?? 240_000,
  });
  return {
    runId: answer.runId,
    sessionKey,
    status: answer.status,
    text: (answer.result?.payloads ?? []).map((payload) => payload.text ?? "").join("\n"),
    results: gateway.model.results(sessionKey),
  };
}
