// The shape of `alerts`: what a person is told in a chat, unasked.
import * as Type from "@sinclair/typebox";
import * as defaults from "./defaults.ts";
import { closed, text } from "./kinds.ts";
import { MAX_NAME_LENGTH, MAX_SELECTOR_LENGTH } from "./limits.ts";

/** What stands for a span that nobody waits for. */
export const OFF = "off";

const span = (value: string, description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH, default: value, description }));

export const AlertsSchema = closed(
  {
    channel: text(MAX_NAME_LENGTH, 'Channel of OpenClaw that the messages go by, for example "telegram".'),
    to: text(
      MAX_NAME_LENGTH,
      'Chat or person there, as in "openclaw message send --target": for example a Telegram chat id.',
    ),
    accountId: Type.Optional(
      text(MAX_NAME_LENGTH, "Account of the channel that sends. Default: the channel's own default."),
    ),
    refusedFor: span(
      defaults.DEFAULT_REFUSED_FOR,
      'An agent\'s commands are refused for so long, for example "5m". "off": nobody is told.',
    ),
    offlineFor: span(
      defaults.DEFAULT_OFFLINE_FOR,
      'A node of the config is offline for so long, and nobody has cordoned it. "off": nobody is told.',
    ),
    nodes: Type.Optional(
      text(
        MAX_SELECTOR_LENGTH,
        'Tag selector of the nodes that are told of as offline, for example "!laptop". Default: all of the config.',
      ),
    ),
    residency: Type.Optional(
      Type.Boolean({
        default: defaults.DEFAULT_ALERT,
        description: "Something contradicts the place of a node, so a rule with residency gives it no calls.",
      }),
    ),
    mismatch: Type.Optional(
      Type.Boolean({
        default: defaults.DEFAULT_ALERT,
        description: "A command ran on another machine than it was placed on.",
      }),
    ),
  },
  { description: "Messages to a chat when something stays wrong, and when it is over. Default: none." },
);
