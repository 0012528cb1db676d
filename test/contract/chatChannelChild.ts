// Sends by the real OpenClaw in a process of its own, whose state folder is thrown away. Argument: the text.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChatRuntime } from "../../src/nodeRouter/host/chatMessages.ts";

const { sendToChat } = await import("../../src/nodeRouter/host/chatMessages.ts");
const config: unknown = JSON.parse(
  readFileSync(join(process.env.OPENCLAW_STATE_DIR ?? "", "openclaw.json"), "utf8"),
);
const runtime = {
  config: { current: () => config },
  channel: { outbound: { loadAdapter: async () => undefined } },
} as unknown as ChatRuntime;
const [, , text = ""] = process.argv;
const outcome = await sendToChat(runtime, { channel: "pager", to: "ops", accountId: null }, text).then(
  () => "sent",
  (error: unknown) => (error instanceof Error ? error.message : "?"),
);
process.stdout.write(`${JSON.stringify({ outcome })}\n`, () => process.exit(0));
