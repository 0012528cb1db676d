// What `/nodes` answers in a chat: a few lines of plain text, what is wrong first. Pure.

import { chatText } from "../../../shared/chatText.ts";
import { displayWidth } from "../../../shared/displayWidth.ts";
import { nameText } from "../../../shared/safeText.ts";
import type { KnownPeer } from "../../delegation/peers/knownPeers.ts";
import { callLoadText, closedBy } from "../../explain/callLoadText.ts";
import { cordonText } from "../../explain/cordonText.ts";
import { placeLabel } from "../reports/nodePlace.ts";
import { countStates, countsText } from "../reports/nodeState.ts";
import type { NodeReport, NodesReport } from "../reports/nodesReport.ts";
import { ageOf, shortDuration, shortMs } from "../reports/units.ts";

/** A chat is no terminal: more lines than these are read by nobody. */
const MAX_NODES = 12;
const MAX_COLUMNS = 200;
/** The host's list is read for every answer; one that is older could not be read now. */
const FRESH_MS = 30_000;

/** @param nowMs epoch ms, for the ages; @param peers what is known of them, by name. */
export function nodesReply(
  report: NodesReport,
  nowMs: number,
  peers: ReadonlyMap<string, KnownPeer> = new Map(),
): string {
  const { nodes, snapshotAgeMs } = report;
  const order = (node: NodeReport) =>
    node.state === "ready" && node.cordon === null && closedBy(node.calls) === null ? 1 : 0;
  const shown = [...nodes].sort((a, b) => order(a) - order(b)).slice(0, MAX_NODES);
  const more = nodes.length - shown.length;
  return [
    countsText(countStates(nodes.map(({ state }) => state))),
    ...shown.map((node) => cut(chatText(lineOf(node, nowMs)))),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...awayLine(peers, nowMs),
    ...ageNote(snapshotAgeMs),
    ...credits(report, shown),
  ].join("\n");
}

/** `mac-sg · ready · SG Singapore (declared) · 71 ms · worker-sg`. */
function lineOf(node: NodeReport, nowMs: number): string {
  const { name, state, location, rttMs, agents, reason } = node;
  const age = ageOf(node.since, nowMs);
  const isReady = state === "ready";
  return [
    nameText(name),
    isReady || age === null ? state : `${state} for ${age}`,
    placeLabel(location) ?? "place unknown",
    ...(rttMs === null ? [] : [shortMs(rttMs)]),
    ...(agents.length === 0 ? [] : [agents.join(", ")]),
    ...(isReady ? [] : [reason]),
    ...(node.calls !== undefined && closedBy(node.calls) !== null
      ? [`calls: ${callLoadText(node.calls)}`]
      : []),
    ...(node.cordon === null ? [] : [cordonText(node.cordon)]),
  ].join(" · ");
}

/** `peers away: gw-sg for 4m, gw-hk`; nothing while each answers, or nobody has asked it. */
function awayLine(peers: ReadonlyMap<string, KnownPeer>, nowMs: number): readonly string[] {
  const away = [...peers]
    .filter(([, { online }]) => online === false)
    .map(([name, { sinceMs }]) => {
      const since = sinceMs === null ? "" : ` for ${shortDuration(Math.max(0, nowMs - sinceMs))}`;
      return `${nameText(name)}${since}`;
    });
  return away.length === 0 ? [] : [cut(chatText(`peers away: ${away.join(", ")}`))];
}

function ageNote(ageMs: number | null): readonly string[] {
  if (ageMs === null) return ["(the gateway's node list has never been read)"];
  return ageMs > FRESH_MS ? [`(the gateway's node list is ${shortDuration(ageMs)} old)`] : [];
}

/** Where places of the GeoIP file are shown, its owner asks to be named. */
function credits({ attributions }: NodesReport, shown: readonly NodeReport[]): readonly string[] {
  return shown.some(({ place }) => place?.source === "geoip") ? attributions.map(chatText) : [];
}

function cut(text: string): string {
  if (displayWidth(text) <= MAX_COLUMNS) return text;
  return `${[...text].slice(0, MAX_COLUMNS - 1).join("")}…`;
}
