// The script language of the model: which tool calls a user message asks for, and what comes next.
//
//   CALL exec {"command":"hostname"}      one call, then the next line
//   PARALLEL                              the calls up to END go out in one assistant message
//   CALL exec {"command":"a"}
//   CALL exec {"command":"b"}
//   END
//   CALL write {"path":"a","content":"@padded 1000000 v1"}   v1 and so many x that it has a million characters:
//                                         more than a message to an agent may have

export interface ToolCall {
  readonly name: string;
  readonly args: string;
}

/** One that the model asks for. */
export interface AskedCall extends ToolCall {
  readonly id: string;
}

export interface ChatMessage {
  readonly role: string;
  readonly content?: string | null | readonly { readonly type?: string; readonly text?: string }[];
  readonly tool_calls?: readonly unknown[];
  /** Of a result: the call that it is of. */
  readonly tool_call_id?: string;
}

export type Reply<Call = ToolCall> = { readonly text: string } | { readonly calls: readonly Call[] };

/** OpenClaw may quote other messages, scripts included, inside these marks. */
const INTERNAL = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>.*?<<<END_OPENCLAW_INTERNAL_CONTEXT>>>/gs;

/** The plain text of a message, without what the host wrapped around it. */
export function textOf(message: ChatMessage): string {
  const { content } = message;
  const text =
    typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("\n");
  return text.replace(INTERNAL, "").trim();
}

/** Quoted data, such as the tasks of the sub-agents that have ended: no script for whoever reads it. */
const QUOTED = /<prompt-data>.*?<\/prompt-data>/gs;

/** A sub-agent's report to its parent quotes the task it was given: that is no script for the parent. */
const isReport = (text: string): boolean => text.includes("sourceTool=subagent_announce");

/** Steps of a script; the calls of one step go out together. */
export function stepsOf(message: ChatMessage): ToolCall[][] {
  if (message.role !== "user") return [];
  const text = textOf(message).replace(QUOTED, "");
  if (isReport(text)) return [];
  const steps: ToolCall[][] = [];
  let together: ToolCall[] | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/^(?:\[[^\]]*\] )*/, "").trim(); // the host may put a time stamp in front
    if (line === "PARALLEL") together = [];
    else if (line === "END") {
      if (together?.length) steps.push(together);
      together = undefined;
    } else {
      const found = line.match(/^CALL ([\w.-]+) (\{.*\})$/);
      if (!found) continue;
      const call = { name: found[1] ?? "", args: padded(found[2] ?? "") };
      if (together) together.push(call);
      else steps.push([call]);
    }
  }
  if (together?.length) steps.push(together);
  return steps;
}

const padded = (args: string): string =>
  args.replace(/"@padded (\d+) (\w+)"/g, (_, size, text) => `"${text.padEnd(Number(size), "x")}"`);

/** The part of a conversation that belongs to the newest script: its message and all after it. */
function scriptInHand(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const lastAnswer = messages.findLastIndex((m) => m.role === "assistant" && !m.tool_calls?.length);
  const turn = messages.slice(lastAnswer + 1);
  const start = turn.findLastIndex((m) => stepsOf(m).length > 0);
  return start < 0 ? [] : turn.slice(start);
}

/** Texts of the tool results that the newest script has got so far. */
export const resultsOf = (messages: readonly ChatMessage[]): string[] =>
  scriptInHand(messages)
    .filter((m) => m.role === "tool")
    .map(textOf);

/** Decides the model's next message. */
export function nextReply(messages: readonly ChatMessage[]): Reply {
  const script = scriptInHand(messages);
  const first = script[0];
  if (!first) {
    const said =
      messages
        .filter((m) => m.role === "user")
        .map(textOf)
        .findLast(Boolean) ?? "";
    return { text: `ok ${said.slice(0, 200)}` };
  }
  const results = resultsOf(messages);
  let done = 0;
  for (const step of stepsOf(first)) {
    done += step.length;
    if (results.length >= done) continue;
    const broken = step.find((call) => !isJson(call.args));
    return broken ? { text: `BAD CALL (not JSON): ${broken.name} ${broken.args}` } : { calls: step };
  }
  return { text: `RESULT: ${results.at(-1) ?? ""}` };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
