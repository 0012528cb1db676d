import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  askCard,
  askFind,
  askGet,
  askSend,
  readFound,
} from "../../../../src/nodeRouter/delegation/protocol/askPeer.ts";
import { readCard, writeCard } from "../../../../src/nodeRouter/delegation/protocol/card.ts";
import { MAX_POLL_MS, readPeerRequest } from "../../../../src/nodeRouter/delegation/protocol/peerRequest.ts";
import {
  isFailure,
  readRpcReply,
  readRpcRequest,
  rejection,
  rpcError,
  rpcRequest,
  rpcResult,
} from "../../../../src/nodeRouter/delegation/protocol/rpc.ts";
import { readTask, writeTask } from "../../../../src/nodeRouter/delegation/protocol/task.ts";
import {
  EXTENSION,
  TASK_PHASES,
  type TaskExtension,
} from "../../../../src/nodeRouter/delegation/protocol/wire.ts";

const ASK = {
  agent: "worker-sg",
  requester: "master",
  chain: ["gw-a"],
  maxHops: 1,
  acceptBeforeMs: 9,
  maxMinutes: 5,
};
const MESSAGE = { id: "m1", context: "c1", text: "count the logs" };
const TASK: TaskExtension = {
  messageId: "m1",
  gateway: "gw-b",
  phase: "working",
  mayHaveRun: true,
  acceptedAtMs: 1_000,
  startedAtMs: 2_000,
  endedAtMs: null,
  nowMs: 3_000,
  reason: null,
  ran: [{ tool: "exec", node: "mac-sg", country: "SG", calls: 2 }],
  tokens: 17,
};

const plain = (change: object = {}) => ({
  message: { messageId: "m1", role: "ROLE_USER", parts: [{ text: "hello" }], ...change },
});
const send = (params: object) => readPeerRequest({ method: "SendMessage", params });

describe("a request", () => {
  test("of ours is read by the other side as it was meant", () => {
    const text = rpcRequest({ id: 7, ...askSend(MESSAGE, ASK) });
    const read = readRpcRequest(text);
    expect(read).toMatchObject({ id: 7, method: "SendMessage" });
    expect("failure" in read ? null : readPeerRequest(read)).toEqual({
      ask: "send",
      task: {
        messageId: "m1",
        context: "c1",
        text: "count the logs",
        agent: "worker-sg",
        extension: ASK,
        waits: false,
        historyLength: 0,
      },
    });
    expect(readPeerRequest(askGet("t1", 60_000))).toMatchObject({
      ask: "get",
      id: "t1",
      waitMs: MAX_POLL_MS,
    });
    expect(readPeerRequest(askGet("t1", null))).toMatchObject({ ask: "get", waitMs: 0 });
    expect(readPeerRequest(askFind("m1", false))).toEqual({ ask: "find", messageId: "m1" });
    expect(readPeerRequest(askFind("m1", true))).toEqual({ ask: "fence", messageId: "m1" });
    expect(readPeerRequest(askCard())).toEqual({ ask: "card" });
  });

  test("of a plain A2A client waits for the end unless it says otherwise, and may name the agent", () => {
    expect(send(plain())).toMatchObject({
      task: { waits: true, agent: null, extension: null, context: null },
    });
    expect(
      send({ ...plain({ metadata: { agent: "b" } }), configuration: { returnImmediately: true } }),
    ).toMatchObject({
      task: { waits: false, agent: "b" },
    });
  });

  test.each<[string, object, number]>([
    ["no message", {}, -32_602],
    ["no id", plain({ messageId: "" }), -32_602],
    ["an id with a line feed", plain({ messageId: "a\nb" }), -32_602],
    ["an id of 257 characters", plain({ messageId: "a".repeat(257) }), -32_602],
    ["the role of an agent", plain({ role: "ROLE_AGENT" }), -32_602],
    ["no parts", plain({ parts: [] }), -32_602],
    ["a file", plain({ parts: [{ text: "see" }, { url: "file:///etc/passwd" }] }), -32_005],
    ["an empty task", plain({ parts: [{ text: " \n" }] }), -32_000],
    ["a slash command", plain({ parts: [{ text: "  /new" }] }), -32_000],
    ["a NUL", plain({ parts: [{ text: "a\0b" }] }), -32_000],
    ["half a surrogate pair", plain({ parts: [{ text: "a\ud800b" }] }), -32_000],
    ["a task id", plain({ taskId: "t1" }), -32_004],
    [
      "a push configuration",
      { ...plain(), configuration: { taskPushNotificationConfig: { url: "x" } } },
      -32_003,
    ],
    ["pictures wanted", { ...plain(), configuration: { acceptedOutputModes: ["image/png"] } }, -32_005],
    [
      "an extension without a chain",
      { ...plain(), metadata: { [EXTENSION]: { ...ASK, chain: [] } } },
      -32_602,
    ],
    [
      "a chain with a number",
      { ...plain(), metadata: { [EXTENSION]: { ...ASK, chain: ["a", 1] } } },
      -32_602,
    ],
  ])("with %s is refused by its code", (_what, params, code) => {
    expect(send(params)).toMatchObject({ code });
  });

  test.each([
    ["SendStreamingMessage", -32_004],
    ["SubscribeToTask", -32_004],
    ["CreateTaskPushNotificationConfig", -32_003],
    ["DeleteTaskPushNotificationConfig", -32_003],
    ["message/send", -32_601],
    ["toString", -32_601],
  ])("for %s is refused by the spec's code", (method, code) => {
    expect(readPeerRequest({ method, params: {} })).toMatchObject({ code });
  });

  test.each([
    ["no JSON", "{", -32_700],
    ["a batch", "[]", -32_600],
    ["no id", '{"jsonrpc":"2.0","method":"GetTask"}', -32_600],
    ["an object as id", '{"jsonrpc":"2.0","method":"GetTask","id":{}}', -32_600],
    [
      "too deep",
      `{"jsonrpc":"2.0","id":1,"method":"x","params":${"[".repeat(40)}${"]".repeat(40)}}`,
      -32_700,
    ],
  ])("that is %s is refused", (_what, text, code) => {
    expect(readRpcRequest(text)).toMatchObject({ failure: { code } });
  });

  test("may hold brackets in its text as many as it likes", () => {
    const text = `{[\\"`.repeat(100);
    const read = readRpcRequest(rpcRequest({ id: 1, ...askSend({ ...MESSAGE, text: `a${text}` }, ASK) }));
    expect(read).toMatchObject({ method: "SendMessage" });
  });

  test("no params of anybody make the reader throw", () => {
    const methods = [
      "SendMessage",
      "GetTask",
      "ListTasks",
      "CancelTask",
      ...askFind("m", true).method.split(" "),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...methods), fc.jsonValue(), (method, params) => {
        const read = readPeerRequest({ method, params });
        expect(isFailure(read) || "ask" in read).toBe(true);
      }),
    );
  });
});

describe("a reply", () => {
  test("is read as what it is, and only for its own request", () => {
    expect(readRpcReply(rpcResult(3, { a: 1 }), 3)).toEqual({ is: "result", result: { a: 1 } });
    const full = rejection("FULL", "2 of 2 run");
    expect(readRpcReply(rpcError(3, full), 3)).toEqual({ is: "error", error: full });
    expect(readRpcReply(rpcResult(3, {}), 4)).toBeNull();
  });

  test.each([
    "",
    "null",
    "<html>",
    '{"jsonrpc":"2.0","id":3}',
    '{"jsonrpc":"2.0","id":3,"error":{"code":"x"}}',
  ])("%j says nothing", (text) => expect(readRpcReply(text, 3)).toBeNull());

  test("with error and result at once says nothing", () => {
    expect(readRpcReply('{"jsonrpc":"2.0","id":3,"result":{},"error":{"code":-1}}', 3)).toBeNull();
  });

  test("to a question for a message is one of three, or nothing", () => {
    const unknown = {
      found: "unknown",
      gateway: "g",
      sinceMs: 1,
      blanks: [{ fromMs: 1, toMs: 2 }],
      nowMs: 2,
    };
    expect(readFound(unknown)).toEqual(unknown);
    expect(readFound({ ...unknown, blanks: [{ fromMs: 1 }] })).toBeNull();
    expect(readFound({ found: "fenced" })).toBeNull();
    expect(readFound({ found: "task" })).toBeNull();
    expect(readFound({ found: "task", task: {} })).toEqual({ found: "task", task: {} });
  });
});

describe("a task", () => {
  test("is read as it was written, in every phase", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TASK_PHASES),
        fc.option(fc.string({ unit: "grapheme" })),
        (phase, result) => {
          const extension = { ...TASK, phase };
          const written = writeTask({ id: "t1", context: "c1", extension, result, asked: null });
          expect(readTask(JSON.parse(JSON.stringify(written)), 1_000_000)).toEqual({
            id: "t1",
            context: "c1",
            phase,
            result,
            isCut: false,
            reason: null,
            extension,
          });
        },
      ),
    );
  });

  test("of a plain server has its state alone, and its words as result or reason", () => {
    const status = (state: string) => ({
      id: "t",
      contextId: "c",
      status: { state, message: { parts: [{ text: "done\u202e" }] } },
    });
    expect(readTask({ task: status("TASK_STATE_COMPLETED") }, 9)).toMatchObject({
      phase: "completed",
      result: "done\u202e",
      extension: null,
    });
    expect(readTask(status("TASK_STATE_INPUT_REQUIRED"), 9)).toMatchObject({
      phase: "failed",
      result: null,
      reason: "done\\u202e",
    });
    expect(readTask({ message: { contextId: "c", parts: [{ text: "at once" }] } }, 9)).toMatchObject({
      id: null,
      phase: "completed",
      result: "at once",
    });
  });

  test("may have run unless it is told that it did not", () => {
    const written = { id: "t", status: { state: "TASK_STATE_FAILED" } };
    const with_ = (mayHaveRun: unknown) =>
      readTask({ ...written, metadata: { [EXTENSION]: { ...TASK, mayHaveRun } } }, 9)?.extension?.mayHaveRun;
    expect(with_(false)).toBe(false);
    expect(with_("no")).toBe(true);
    expect(with_(undefined)).toBe(true);
  });

  test("with a longer result than is kept is cut, and says so", () => {
    const long = {
      id: "t",
      status: { state: "TASK_STATE_COMPLETED" },
      artifacts: [{ parts: [{ text: "abcd\u{1f600}" }] }],
    };
    expect(readTask(long, 5)).toMatchObject({ result: "abcd\ufffd", isCut: true });
    expect(readTask(long, 6)).toMatchObject({ result: "abcd\u{1f600}", isCut: false });
  });

  test("is none without an id or a state that A2A knows", () => {
    expect(readTask({ id: "t", status: { state: "DONE" } }, 9)).toBeNull();
    expect(readTask({ status: { state: "TASK_STATE_WORKING" } }, 9)).toBeNull();
    expect(readTask({ id: "t", status: { state: "constructor" } }, 9)).toBeNull();
    fc.assert(fc.property(fc.jsonValue(), (any) => void readTask(any, 10)));
  });
});

describe("a card", () => {
  const OWN = {
    gateway: "id-b",
    name: "gw-sg",
    pluginVersion: "1.2.3",
    agents: ["worker-sg", "b"],
    running: 1,
    queued: 2,
    maxRunning: 3,
    maxQueued: 4,
    maxMinutes: 5,
    maxTaskBytes: 6,
    draining: false,
    nowMs: 7,
  };

  test("is read as it was written, and says that it does not stream", () => {
    const card = writeCard("http://x/", OWN);
    expect(readCard(JSON.parse(JSON.stringify(card)))).toEqual({ agents: OWN.agents, extension: OWN });
    expect(card).toMatchObject({ capabilities: { streaming: false, pushNotifications: false } });
  });

  test("of a plain server has its skills as agents", () => {
    expect(readCard({ name: "OpenClaw", capabilities: {}, skills: [{ id: "main" }, { id: 4 }] })).toEqual({
      agents: ["main"],
      extension: null,
    });
    expect(readCard({ error: "no" })).toBeNull();
  });

  test("that does not say it takes tasks is draining", () => {
    const { draining: _, ...rest } = OWN;
    expect(readCard(writeCard("u", { ...rest } as typeof OWN))?.extension?.draining).toBe(true);
  });
});
