// The gate of last resort, by a public hook, for a host without a place for the other one: no user message, no turn.
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { isRecord } from "../../shared/isRecord.ts";
import type { Logger } from "../../shared/logger.ts";
import type { HostedReader, TurnGate } from "./hostedSession.ts";

/** What the host says about a message that is about to be written into a transcript. */
export interface MessageEvent {
  readonly message?: unknown;
}

export interface MessageContext {
  readonly agentId?: string | undefined;
  readonly sessionKey?: string | undefined;
}

/**
 * Blocks the message that begins a turn which the gate refuses; the host then ends the turn before any model is
 * asked. It must answer at once, and is told agent and session key only.
 */
export function createMessageGate(gate: TurnGate, reader: HostedReader, log: Logger) {
  return (event: MessageEvent, context: MessageContext): { block: true } | undefined => {
    if (!isRecord(event.message) || event.message.role !== "user" || !context.sessionKey) return undefined;
    const record = reader.ofKey(context.sessionKey);
    // Where the records cannot be read nothing shows that a session is hosted; doctor and health say so.
    if (!record.ok || record.session === null) return undefined;
    const { sessionId } = record.session;
    const turn = { sessionId, agent: context.agentId ?? null, sessionKey: context.sessionKey, runId: null };
    try {
      gate.check(turn, "none");
      return undefined;
    } catch (error) {
      if (!(error instanceof NodeRouterError)) log.error({ reason: messageOf(error) }, "HOSTED_ELSEWHERE");
      return { block: true };
    }
  };
}
