import { describe, expect, test } from "vitest";
import { openSubagents, readRunEnd, type SubagentRuntime } from "../../../src/nodeRouter/host/subagents.ts";

function runtime(answers: { messages?: unknown; entry?: unknown; wait?: unknown } = {}) {
  const asked: unknown[] = [];
  const note = (what: string, answer: unknown) => async (params: unknown) => {
    asked.push([what, params]);
    return answer;
  };
  const host: SubagentRuntime = {
    subagent: {
      run: note("run", { runId: "k" }),
      waitForRun: note("wait", answers.wait),
      getSessionMessages: note("messages", { messages: answers.messages }),
      deleteSession: note("delete", undefined),
    },
    agent: { session: { getSessionEntry: () => answers.entry } },
  };
  return { asked, subagents: openSubagents(host) };
}

describe("a run", () => {
  test("is asked for with its own key, delivers to no chat, and chooses no model, folder or tool", async () => {
    const { asked, subagents } = runtime();
    await subagents.run({ session: "agent:a:subagent:x", message: "do it", key: "k", prompt: "who" });
    expect(asked).toEqual([
      [
        "run",
        {
          sessionKey: "agent:a:subagent:x",
          message: "do it",
          extraSystemPrompt: "who",
          deliver: false,
          idempotencyKey: "k",
        },
      ],
    ]);
  });

  test.each<[string, unknown, unknown]>([
    [
      "ended well",
      { status: "ok", terminalReply: { disposition: "visible", text: "done" } },
      ["done", true, null],
    ],
    ["ended without a word", { status: "ok", terminalReply: { disposition: "silent" } }, ["", true, null]],
    ["ended well, and the host has not kept what it said", { status: "ok" }, [null, true, null]],
    ["failed", { status: "error", error: "aborted", stopReason: "rpc" }, [null, false, "aborted"]],
    [
      "took too long for the host",
      { status: "timeout", endedAt: 5, stopReason: "hard" },
      [null, false, "hard"],
    ],
  ])("that %s has ended", (_what, answer, expected) => {
    const end = readRunEnd(answer);
    expect([end?.text, end?.isOk, end?.error]).toEqual(expected);
  });

  test.each([
    { status: "timeout" },
    { status: "timeout", timeoutPhase: "gateway_draining" },
    { status: "pending" },
    null,
    {},
    "ok",
  ])("of which the host says %j has not", (answer) => expect(readRunEnd(answer)).toBeNull());

  test("that ended well may have ended its turn alone", () => {
    expect(readRunEnd({ status: "ok", yielded: true })?.isYielded).toBe(true);
    expect(readRunEnd({ status: "ok" })).not.toHaveProperty("isYielded");
    expect(readRunEnd({ status: "error", yielded: true })).not.toHaveProperty("isYielded");
  });

  test("has the last text of the agent as its answer, not what it thought, called or was told", async () => {
    const messages = [
      { role: "assistant", content: [{ type: "text", text: "first" }] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "last" },
          { type: "toolCall", text: "no" },
        ],
      },
      { role: "assistant", content: [{ type: "thinking", thinking: "hm" }] },
      { role: "toolResult", content: [{ type: "text", text: "a result" }] },
      { role: "user", content: "me" },
    ];
    expect(await runtime({ messages }).subagents.lastAnswer("s")).toBe("last");
    expect(await runtime({ messages: "none" }).subagents.lastAnswer("s")).toBeNull();
  });

  test("is ended with its session, whose transcript stays", async () => {
    const { asked, subagents } = runtime();
    await subagents.end("s");
    expect(asked).toEqual([["delete", { sessionKey: "s", deleteTranscript: false }]]);
  });

  test("is told of by its session's entry, as far as there is one", () => {
    const entry = { status: "done", endedAt: 9, inputTokens: 3 };
    expect(runtime({ entry }).subagents.session("a", "s")).toEqual({
      status: "done",
      endedAtMs: 9,
      tokens: 3,
    });
    expect(runtime({ entry: {} }).subagents.session("a", "s")).toEqual({
      status: null,
      endedAtMs: null,
      tokens: null,
    });
    expect(runtime().subagents.session("a", "s")).toBeNull();
  });
});
