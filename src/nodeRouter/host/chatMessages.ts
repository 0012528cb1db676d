// Sends a text to a person or a chat by a channel of OpenClaw, without a run of any agent.
import type { OpenClawConfig, OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { messageOf } from "../../shared/errors.ts";
import { fieldOf } from "../../shared/jsonParts.ts";

/** What is used of `api.runtime`. */
export interface ChatRuntime {
  readonly config: Pick<OpenClawPluginApi["runtime"]["config"], "current">;
  readonly channel: Pick<OpenClawPluginApi["runtime"]["channel"], "outbound">;
}

export interface ChatTarget {
  /** By its id: `telegram`. */
  readonly channel: string;
  /** As the channel names chats and people. */
  readonly to: string;
  /** Null: the channel's default. */
  readonly accountId: string | null;
}

/** Whether the gateway has the channel. One that is configured may load with the first message alone. */
export async function hasChannel({ channel, config }: ChatRuntime, id: string): Promise<boolean> {
  if ((await channel.outbound.loadAdapter(id)) !== undefined) return true;
  const configured = fieldOf(fieldOf(config.current(), "channels"), id);
  return configured !== undefined && fieldOf(configured, "enabled") !== false;
}

/**
 * By OpenClaw's own way to a channel, with the hooks of other plugins. It keeps nothing to try again by itself.
 * @throws Error it was not sent, or nobody knows; what looks like a secret in it is masked, for its words reach people
 */
export async function sendToChat(runtime: ChatRuntime, target: ChatTarget, text: string): Promise<void> {
  try {
    await send(runtime, target, text);
  } catch (error) {
    // SECURITY: an address that could not be reached may hold a bot's token.
    const { redactSensitiveText } = await import("openclaw/plugin-sdk/logging-core");
    throw new Error(redactSensitiveText(messageOf(error), { mode: "tools" }));
  }
}

async function send(runtime: ChatRuntime, target: ChatTarget, text: string): Promise<void> {
  const { channel, to, accountId } = target;
  // The host hands out a read-only view of what it takes back; its own types do not say so.
  const cfg = runtime.config.current() as OpenClawConfig;
  const adapter = await runtime.channel.outbound.loadAdapter(channel);
  const resolved = adapter?.resolveTarget?.({ cfg, to, accountId, mode: "explicit" }) ?? { ok: true, to };
  if (!resolved.ok) throw resolved.error;
  const { sendDurableMessageBatch } = await import("openclaw/plugin-sdk/channel-outbound");
  const outcome = await sendDurableMessageBatch({
    cfg,
    channel,
    to: resolved.to,
    ...(accountId === null ? {} : { accountId }),
    payloads: [{ text }],
    durability: "best_effort",
    // In its queue OpenClaw keeps what failed, for its next start: an alert would come twice, and hours late.
    skipQueue: true,
  });
  if (outcome.status === "failed") throw outcome.error;
  // Of a channel that names no message nobody knows more than that it took it.
  if (outcome.status === "suppressed" && outcome.reason !== "adapter_returned_no_identity")
    throw new Error(`OpenClaw held the message back: ${outcome.reason}`);
}
