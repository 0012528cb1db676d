// Which call was asked for, and which result is of it, also where OpenClaw has the model ask again.
import { expect, test } from "vitest";
import { transcriptOf } from "../../chaos/transcript.ts";
import type { ChatMessage } from "../support/modelScript.ts";

const args = (issue: number): string => JSON.stringify({ command: `echo "1.exec-a.00000.0.${issue} x"` });
const call = (id: string, issue: number) => ({
  id,
  type: "function",
  function: { name: "exec", arguments: args(issue) },
});
const asks = (...tool_calls: object[]): ChatMessage => ({ role: "assistant", content: null, tool_calls });
const result = (tool_call_id: string, content: string): ChatMessage => ({
  role: "tool",
  content,
  tool_call_id,
});
const reply = (...issues: number[]) => ({
  calls: issues.map((issue) => ({ id: `call_${issue}`, name: "exec", args: args(issue) })),
});
const END = { text: "RESULT" };

test("results go to the calls of their ids, in whatever order they stand", () => {
  const messages = [asks(call("x", 1), call("y", 2)), result("y", "second"), result("x", "first")];
  const { issued, shown } = transcriptOf([
    { messages: [], reply: reply(1, 2), atMs: 10 },
    { messages, reply: END, atMs: 20 },
    { messages, reply: END, atMs: 30 },
  ]);
  expect(issued.map(({ id, kind, atMs }) => [id, kind, atMs])).toEqual([
    ["1.exec-a.00000.0.1", "quick", 10],
    ["1.exec-a.00000.0.2", "quick", 10],
  ]);
  expect(shown).toEqual([
    { id: "1.exec-a.00000.0.2", text: "second", atMs: 20 },
    { id: "1.exec-a.00000.0.1", text: "first", atMs: 20 },
  ]);
});

test("a call that a resumed turn asks for again is another call, and the first one stays without a result", () => {
  const messages = [asks(call("z", 2)), result("z", "again")];
  const { issued, shown } = transcriptOf([
    { messages: [], reply: reply(1), atMs: 10 },
    { messages: [], reply: reply(2), atMs: 50 },
    { messages, reply: END, atMs: 60 },
  ]);
  expect(issued.map(({ id }) => id)).toEqual(["1.exec-a.00000.0.1", "1.exec-a.00000.0.2"]);
  expect(shown).toEqual([{ id: "1.exec-a.00000.0.2", text: "again", atMs: 60 }]);
});

test("calls of nobody's are left out", () => {
  const messages = [asks({ id: "x", function: { arguments: '{"command":"ls"}' } }), result("x", "a b")];
  expect(transcriptOf([{ messages, reply: END, atMs: 1 }])).toEqual({ issued: [], shown: [] });
});
