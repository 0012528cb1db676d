// What the model asked for and what it was shown of it, out of the requests that it got. Pure.
import type { ModelRequest } from "../test/support/model.ts";
import type { ChatMessage } from "../test/support/modelScript.ts";
import { type CallKind, kindOf } from "./asks.ts";

export interface Issued {
  readonly id: string;
  /** By which OpenClaw and the plugin name it. */
  readonly callId: string;
  readonly kind: CallKind;
  readonly atMs: number;
}

export interface Shown {
  readonly id: string;
  readonly text: string;
  readonly atMs: number;
}

export interface Transcript {
  readonly issued: readonly Issued[];
  /** Each result once, when it was first shown. */
  readonly shown: readonly Shown[];
}

/** An id with the number of its issue; see `asks.ts`. */
export const ID = /\b\d+\.[a-z-]+\.\d{5}\.\d+\.\d+(?=[". ]|$)/;

/** @param requests in their order. */
export function transcriptOf(
  requests: readonly Pick<ModelRequest, "messages" | "reply" | "atMs">[],
): Transcript {
  const issued = requests.flatMap(({ reply, atMs }) =>
    "calls" in reply
      ? reply.calls.flatMap(({ id: callId, args }) =>
          idsIn(args).map((id) => ({ id, callId, kind: kindOf(args), atMs })),
        )
      : [],
  );
  const shown = new Map<string, Shown>();
  for (const { messages, atMs } of requests) {
    for (const { id, text } of resultsIn(messages)) if (!shown.has(id)) shown.set(id, { id, text, atMs });
  }
  return { issued, shown: [...shown.values()] };
}

/** Each tool result with the id in the arguments of its call. */
function resultsIn(
  messages: readonly ChatMessage[],
): readonly { readonly id: string; readonly text: string }[] {
  const asked = new Map<string, string>();
  return messages.flatMap((message) => {
    for (const { id, args } of callsIn(message)) for (const mark of idsIn(args)) asked.set(id, mark);
    const id = message.role === "tool" ? asked.get(message.tool_call_id ?? "") : undefined;
    return id === undefined ? [] : [{ id, text: plainText(message) }];
  });
}

interface WireCall {
  readonly id?: string;
  readonly function?: { readonly arguments?: string };
}

function callsIn({
  tool_calls = [],
}: ChatMessage): readonly { readonly id: string; readonly args: string }[] {
  return (tool_calls as readonly WireCall[]).map((call) => ({
    id: call.id ?? "",
    args: call.function?.arguments ?? "",
  }));
}

const idsIn = (text: string): readonly string[] => ID.exec(text)?.slice(0, 1) ?? [];

function plainText({ content }: ChatMessage): string {
  return typeof content === "string" ? content : (content ?? []).map(({ text = "" }) => text).join("\n");
}
