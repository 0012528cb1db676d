// How the scripted model's answer looks on the wire: chat completions, whole or as an event stream.
import type { ServerResponse } from "node:http";
import type { AskedCall, Reply } from "./modelScript.ts";

const toMessage = (reply: Reply<AskedCall>): Record<string, unknown> =>
  "text" in reply
    ? { role: "assistant", content: reply.text }
    : {
        role: "assistant",
        content: null,
        tool_calls: reply.calls.map(({ id, name, args }, index) => ({
          index,
          id,
          type: "function",
          function: { name, arguments: args },
        })),
      };

/** What one answer costs: a quarter of the characters, which is stable, and good enough for usage tests. */
export interface AnswerTokens {
  readonly input: number;
  readonly output: number;
}

export function tokensOf(reply: Reply<AskedCall>, promptChars: number): AnswerTokens {
  return { input: Math.ceil(promptChars / 4), output: Math.ceil(JSON.stringify(reply).length / 4) };
}

/** Writes one completion. */
export function writeReply(
  response: ServerResponse,
  answer: { model: string; stream: boolean; reply: Reply<AskedCall>; tokens: AnswerTokens },
): void {
  const { model, stream, reply, tokens } = answer;
  const [prompt_tokens, completion_tokens] = [tokens.input, tokens.output];
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  const finish_reason = "text" in reply ? "stop" : "tool_calls";
  const head = { id: "scripted", created: Math.floor(Date.now() / 1000), model };
  const message = toMessage(reply);

  if (!stream) {
    response.setHeader("content-type", "application/json");
    const choices = [{ index: 0, message, finish_reason }];
    response.end(JSON.stringify({ ...head, object: "chat.completion", choices, usage }));
    return;
  }
  response.setHeader("content-type", "text/event-stream");
  const chunk = (rest: Record<string, unknown>): void => {
    response.write(`data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", ...rest })}\n\n`);
  };
  chunk({ choices: [{ index: 0, delta: message }] });
  chunk({ choices: [{ index: 0, delta: {}, finish_reason }] });
  chunk({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}
