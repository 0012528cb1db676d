// What is asked of a peer: method and params of each request. Pure.
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { type Blank, EXTENSION, type FoundTask, OWN_METHODS, type SendExtension } from "./wire.ts";

/** Headers of every request. A2A 1.0 takes a request without a version for one of 0.3 (section 3.6.2). */
export const REQUEST_HEADERS = {
  "content-type": "application/json",
  "a2a-version": "1.0",
  "a2a-extensions": EXTENSION,
} as const;

export interface PeerCall {
  readonly method: string;
  readonly params: object;
}

/** @param extension null: the peer speaks plain A2A */
export function askSend(
  message: { readonly id: string; readonly context: string; readonly text: string },
  extension: SendExtension | null,
): PeerCall {
  const { id, context, text } = message;
  return {
    method: "SendMessage",
    params: {
      message: { messageId: id, contextId: context, role: "ROLE_USER", parts: [{ text }] },
      configuration: { returnImmediately: true, acceptedOutputModes: ["text/plain"], historyLength: 0 },
      ...(extension === null ? {} : { metadata: { [EXTENSION]: extension } }),
    },
  };
}

/** @param waitMs how long the answer may wait for the task's end; null: the peer speaks plain A2A */
export function askGet(id: string, waitMs: number | null): PeerCall {
  const metadata = waitMs === null ? {} : { metadata: { [EXTENSION]: { waitMs } } };
  return { method: "GetTask", params: { id, historyLength: 0, ...metadata } };
}

export function askCancel(id: string): PeerCall {
  return { method: "CancelTask", params: { id } };
}

export function askCard(): PeerCall {
  return { method: "GetExtendedAgentCard", params: {} };
}

/** What became of a message; `fence`: and it is refused from now on where it was never seen. */
export function askFind(messageId: string, fence: boolean): PeerCall {
  return { method: OWN_METHODS[fence ? 1 : 0], params: { messageId } };
}

/** What a peer says of a message. @returns null for what is no such answer: then nobody knows */
export function readFound(given: unknown): FoundTask | null {
  const found = fieldOf(given, "found");
  const task = fieldOf(given, "task");
  if (found === "task") return task === undefined ? null : { found, task };
  const gateway = fieldOf(given, "gateway");
  const sinceMs = fieldOf(given, "sinceMs");
  const nowMs = fieldOf(given, "nowMs");
  if (found !== "unknown" && found !== "fenced") return null;
  if (typeof gateway !== "string" || typeof sinceMs !== "number" || typeof nowMs !== "number") return null;
  const blanks = itemsOf(fieldOf(given, "blanks")).map(readBlank);
  return blanks.every((blank) => blank !== null) ? { found, gateway, sinceMs, blanks, nowMs } : null;
}

function readBlank(given: unknown): Blank | null {
  const [fromMs, toMs] = [fieldOf(given, "fromMs"), fieldOf(given, "toMs")];
  return typeof fromMs === "number" && typeof toMs === "number" ? { fromMs, toMs } : null;
}
