// The words of a message to a chat: one message for everything that began or ended, bounded and harmless. Pure.
import { roughDuration } from "../../shared/roughDuration.ts";
import { nameText, safe, shortened } from "../../shared/safeText.ts";
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
    const detail = alert.detail === "" ? "" : `: ${chatText(alert.detail, MAX_DETAIL)}`;
    return `${WORDS[alert.kind][0](whoOf(alert))}${lasted(alert, nowMs)}${detail}`;
  };
  const ended = (alert: Alert): string =>
    `${WORDS[alert.kind][1](whoOf(alert))}${lasted(alert, alert.wellSinceMs ?? nowMs)}`;
  return [
    `node-router${gateway === null ? "" : ` on ${chatText(nameText(gateway), MAX_NAME)}`}`,
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
  return chatText(nameText(name), MAX_NAME);
}

/**
 * Text from outside that calls nobody, formats nothing and ends no line. SECURITY: chats read "@everyone" and
 * "<!channel>" as calls to people, "[…](…)" as a link, and "![…](…)" as an image that OpenClaw fetches for some of them; it
 * reads "[[…]]" as an order to itself.
 */
function chatText(text: string, max: number): string {
  const said = safe(text).replaceAll("@", "＠").replaceAll("<", "‹").replaceAll(">", "›");
  return shortened(said.replace(/\[(?=\[)|\](?=[[\](])/g, "$& ").replaceAll("`", "'"), max);
}
