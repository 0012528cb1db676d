// The words of a message to a chat: one message for everything that began or ended, bounded and harmless. Pure.
import { chatText } from "../../shared/chatText.ts";
import { roughDuration } from "../../shared/roughDuration.ts";
import { nameText, shortened } from "../../shared/safeText.ts";
import type { Alert, AlertKind, Digest } from "./alertState.ts";

/** Lines of each sort; what has no room is counted. All of it is below the 4,096 characters of a Telegram message. */
const MAX_LINES = 8;
const MAX_NAME = 80;
const MAX_DETAIL = 160;

const WORDS: Readonly<
  Record<AlertKind, readonly [wrong: (who: string) => string, over: (who: string) => string]>
> = {
  refused: [
    (who) => `commands of agent ${who} are refused`,
    (who) => `commands of agent ${who} are not refused any more`,
  ],
  offline: [(who) => `node ${who} is offline`, (who) => `node ${who} is back`],
  unlisted: [() => "no node can be seen", () => "nodes can be seen again"],
  residency: [
    (who) => `the place of node ${who} is in doubt, and rules with residency give it no calls`,
    (who) => `the place of node ${who} is not in doubt any more`,
  ],
  mismatch: [
    (who) => `a command of agent ${who} ran on another machine than it was placed on`,
    (who) => `no further command of agent ${who} ran on a wrong machine`,
  ],
};

/** @param gateway its name; null: it has none. */
export function digestText({ begun, over }: Digest, gateway: string | null, nowMs: number): string {
  const wrong = (alert: Alert): string => {
    const detail = alert.detail === "" ? "" : `: ${cut(alert.detail, MAX_DETAIL)}`;
    return `${WORDS[alert.kind][0](whoOf(alert))}${lasted(alert, nowMs)}${detail}`;
  };
  const ended = (alert: Alert): string =>
    `${WORDS[alert.kind][1](whoOf(alert))}${lasted(alert, alert.wellSinceMs ?? nowMs)}`;
  return [
    `node-router${gateway === null ? "" : ` on ${cut(nameText(gateway), MAX_NAME)}`}`,
    ...lines("Alert", begun, wrong),
    ...lines("Over", over, ended),
  ].join("\n");
}

function lines(head: string, alerts: readonly Alert[], text: (alert: Alert) => string): readonly string[] {
  const shown = alerts.slice(0, MAX_LINES).map((alert) => `${head}: ${text(alert)}`);
  const left = alerts.length - shown.length;
  return left === 0 ? shown : [...shown, `${head}: ${left} more, see openclaw node-router status`];
}

function lasted({ sinceMs }: Alert, untilMs: number): string {
  const ms = untilMs - sinceMs;
  return ms < 1_000 ? "" : ` (${roughDuration(ms)})`;
}

function whoOf({ name }: Alert): string {
  return cut(nameText(name), MAX_NAME);
}

function cut(text: string, max: number): string {
  return shortened(chatText(text), max);
}
