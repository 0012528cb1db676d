// A text to a chat by OpenClaw's own way: what it is handed, and which of its answers mean that it was sent.
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type ChatRuntime, hasChannel, sendToChat } from "../../../src/nodeRouter/host/chatMessages.ts";

const send = vi.hoisted(() => vi.fn());
vi.mock("openclaw/plugin-sdk/channel-outbound", () => ({ sendDurableMessageBatch: send }));

const CONFIG = { channels: { slack: {}, discord: { enabled: false } } };
const TO = { channel: "pager", to: "ops", accountId: null };

function runtimeOf(adapter: object | undefined): ChatRuntime {
  const loadAdapter = async (id: string) => (id === "pager" ? adapter : undefined);
  return {
    config: { current: () => CONFIG },
    channel: { outbound: { loadAdapter } },
  } as unknown as ChatRuntime;
}

beforeEach(() => {
  send.mockReset();
  send.mockResolvedValue({ status: "sent" });
});

test("a channel is there when it is loaded, or configured and not turned off", async () => {
  expect(await hasChannel(runtimeOf({}), "pager")).toBe(true);
  expect(await hasChannel(runtimeOf({}), "slack")).toBe(true);
  expect(await hasChannel(runtimeOf({}), "discord")).toBe(false);
  expect(await hasChannel(runtimeOf({}), "telegram")).toBe(false);
});

test("one text goes to the chat, and OpenClaw keeps nothing to send again by itself", async () => {
  await sendToChat(runtimeOf({}), TO, "hello");
  expect(send.mock.calls).toEqual([
    [
      {
        cfg: CONFIG,
        channel: "pager",
        to: "ops",
        payloads: [{ text: "hello" }],
        durability: "best_effort",
        skipQueue: true,
      },
    ],
  ]);
});

test("a channel that is not loaded yet is OpenClaw's to load", async () => {
  await sendToChat(runtimeOf(undefined), TO, "hello");
  expect(send).toHaveBeenCalledOnce();
});

test("the chat is named as its channel has it, from the account that is wanted", async () => {
  const resolveTarget = vi.fn(() => ({ ok: true, to: "chat:ops" }));
  await sendToChat(runtimeOf({ resolveTarget }), { ...TO, accountId: "second" }, "hello");
  expect(resolveTarget).toHaveBeenCalledWith({
    cfg: CONFIG,
    to: "ops",
    accountId: "second",
    mode: "explicit",
  });
  expect(send.mock.calls[0]?.[0]).toMatchObject({ to: "chat:ops", accountId: "second" });
});

describe("it was not sent", () => {
  test("where the channel knows no such chat", async () => {
    const error = new Error("no chat ops");
    const adapter = { resolveTarget: () => ({ ok: false, error }) };
    await expect(sendToChat(runtimeOf(adapter), TO, "x")).rejects.toThrow(error);
    expect(send).not.toHaveBeenCalled();
  });

  test.each([
    [{ status: "failed", error: new Error("offline") }, "offline"],
    [
      {
        status: "failed",
        error: new Error(
          "request to https://api.telegram.org/bot1234567890:AAHxyzABCDEFGHIJKLMNOPQRSTUVWXYZ123/sendMessage failed",
        ),
      },
      /^request to https:\/\/api\.telegram\.org\/bot123456…Z123\/sendMessage failed$/,
    ],
    [
      { status: "suppressed", reason: "cancelled_by_hook" },
      "OpenClaw held the message back: cancelled_by_hook",
    ],
  ])("when OpenClaw answers %j", async (answer, words) => {
    send.mockResolvedValue(answer);
    await expect(sendToChat(runtimeOf({}), TO, "x")).rejects.toThrow(words);
  });
});

test.each([
  { status: "sent" },
  { status: "partial_failed", error: new Error("the rest") },
  { status: "suppressed", reason: "adapter_returned_no_identity" },
])("it counts as sent when OpenClaw answers %j: the chat may have it", async (answer) => {
  send.mockResolvedValue(answer);
  await sendToChat(runtimeOf({}), TO, "x");
});
