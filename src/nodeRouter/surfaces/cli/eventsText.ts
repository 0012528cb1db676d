// What `events` shows in a terminal: a log of changes, the newest last, at most as wide as it. Pure.
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import type { EventsReport, NodeEvent } from "../reports/eventsReport.ts";
import { COLUMNS, table, textLines } from "./output.ts";

/** @param columns width of the terminal. */
export function eventsText(report: EventsReport, columns: number = COLUMNS): string {
  if (report.events.length > 0) {
    const rows = report.events.map((event) => [
      timeText(event.at),
      nameText(event.node),
      stateChangeText(event),
      event.reason,
    ]);
    return table(["TIME", "NODE", "CHANGE", "REASON"], rows, { columns, keep: ["NODE"], wrapLast: true });
  }
  const none = (text: string) => textLines(text, columns).join("\n");
  if (!report.observing)
    return none("No changes are known: this gateway process does not observe its nodes yet.");
  const node = report.node === null ? "" : ` of node ${quote(report.node)}`;
  const since = report.since === null ? "" : ` since ${timeText(report.since)}`;
  return none(`No changes${node}${since}.`);
}

/** One change as a line of a log. */
export function eventLine({ at, node, from, to, reason }: NodeEvent): string {
  return safe(`${timeText(at)}  ${nameText(node)}  ${stateChangeText({ from, to })}  ${reason}`);
}

/** `ready → offline`; a node that was not known before comes from nowhere. */
export function stateChangeText({ from, to }: Pick<NodeEvent, "from" | "to">): string {
  return `${from ?? "(new)"} → ${to}`;
}

/** `2026-11-22 22:16:10Z`, of ISO 8601. */
export function timeText(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, "Z");
}
