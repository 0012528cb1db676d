// What `nodes` shows in a terminal: one table where it is wide enough, else two. Pure but for colour.

import { nameText } from "../../../shared/safeText.ts";
import { callLoadText } from "../../explain/callLoadText.ts";
import { cordonText } from "../../explain/cordonText.ts";
import { placeLabel } from "../reports/nodePlace.ts";
import type { NodeReport, NodesReport } from "../reports/nodesReport.ts";
import { ageOf, shortBytes, shortMs, shortNumber } from "../reports/units.ts";
import { type Cell, COLUMNS, DASH, naturalWidth, paragraph, table, textLines } from "./output.ts";
import { stateCell } from "./stateCell.ts";

interface Column {
  readonly heading: string;
  readonly cell: (node: NodeReport, nowMs: number) => Cell;
}

const NAME: Column = { heading: "NAME", cell: ({ name }) => nameText(name) };

const REACH: readonly Column[] = [
  { heading: "STATE", cell: ({ state }) => stateCell(state) },
  { heading: "IP", cell: ({ ip }) => ip ?? DASH },
  { heading: "PLACE", cell: ({ location }) => placeLabel(location) ?? DASH },
  { heading: "TRANSPORT", cell: ({ transports }) => transports.join("+") || DASH },
  { heading: "RTT", cell: ({ rttMs }) => (rttMs === null ? DASH : shortMs(rttMs)) },
];

const LAST_CHANGE: Column = {
  heading: "LAST CHANGE",
  cell: ({ since }, nowMs) => {
    const age = ageOf(since, nowMs);
    return age === null ? DASH : `${age} ago`;
  },
};

const MACHINE: readonly Column[] = [
  { heading: "CPU/LOAD", cell: ({ resources }) => cpuText(resources) },
  {
    heading: "MEMORY FREE",
    cell: ({ resources }) => shortBytes(resources.memoryAvailableBytes, resources.memoryTotalBytes) ?? DASH,
  },
  {
    heading: "DISK FREE",
    cell: ({ resources }) => shortBytes(resources.diskAvailableBytes, resources.diskTotalBytes) ?? DASH,
  },
  { heading: "AGENTS", cell: ({ agents }) => agents.join(",") || DASH },
];

const TAGS: Column = {
  heading: "TAGS",
  cell: ({ tags }) =>
    Object.entries(tags)
      .filter(([key]) => !key.startsWith("node."))
      .map(([key, value]) => (value === "" ? key : `${key}=${value}`))
      .join(",") || DASH,
};

/**
 * The page of all nodes.
 * @param nowMs epoch ms, for the ages.
 * @param columns width of the terminal.
 */
export function nodesText(report: NodesReport, nowMs: number, columns: number = COLUMNS): string {
  const { nodes } = report;
  if (nodes.length === 0) {
    return textLines(
      "No nodes are known: none is paired with this gateway, and none is configured.",
      columns,
    ).join("\n");
  }
  const whole = [NAME, ...REACH, ...MACHINE, LAST_CHANGE, TAGS];
  const headings = (shown: readonly Column[]) => shown.map(({ heading }) => heading);
  const rows = (shown: readonly Column[]) => nodes.map((node) => shown.map(({ cell }) => cell(node, nowMs)));
  const part = (shown: readonly Column[], drop: readonly string[]) =>
    table(headings(shown), rows(shown), { columns, drop });
  const isWide = naturalWidth(headings(whole), rows(whole)) <= columns;
  const tables = isWide
    ? [part(whole, [])]
    : [
        part([NAME, ...REACH, LAST_CHANGE], ["TRANSPORT", "IP", "LAST CHANGE", "RTT"]),
        "",
        part([NAME, ...MACHINE, TAGS], ["DISK FREE", "CPU/LOAD", "MEMORY FREE"]),
      ];
  return [
    ...tables,
    ...paragraph(
      nodes.flatMap((node) => notesOf(node, nowMs)),
      columns,
    ),
    ...paragraph(report.attributions, columns),
  ].join("\n");
}

/** What a row has no room for: why a node is not ready, what waits for the operator, and its ghosts. */
function notesOf(node: NodeReport, nowMs: number): readonly string[] {
  const { nodeId, configured, state, reason, approval, contradictions, ghostIds, hosting } = node;
  const { cordon, tunnel, calls } = node;
  const name = nameText(node.name);
  const notes: string[] = [];
  if (state !== "ready") {
    const age = ageOf(node.since, nowMs);
    notes.push(`${name}: ${state}${age === null ? "" : ` for ${age}`}: ${reason}`);
  }
  if (calls !== undefined && (calls.maxRunning !== null || calls.waiting > 0 || calls.ejected !== null))
    notes.push(`${name}: of its calls ${callLoadText(calls)}`);
  if (cordon !== null) notes.push(`${name}: ${cordonText(cordon)}`);
  if (approval === "pending") notes.push(`${name}: its commands wait for your approval`);
  if (tunnel != null && tunnel.state !== "up") {
    const age = ageOf(tunnel.since, nowMs);
    notes.push(
      `${name}: tunnel ${tunnel.state}${age === null ? "" : ` for ${age}`}: ${tunnel.reason ?? "not opened yet"}`,
    );
  }
  for (const { fact, values } of contradictions) {
    notes.push(
      `${name}: sources differ on ${fact}: ${values.map(({ value, source }) => `${value} (${source})`).join(", ")}`,
    );
  }
  if (hosting?.sessions === true) {
    notes.push(`${name}: hosts whole sessions${hosting.hosted === null ? "" : `, ${hosting.hosted} now`}`);
  }
  if (hosting !== undefined && hosting.tools.length > 0)
    notes.push(`${name}: publishes ${hosting.tools.length} tool(s) that run there`);
  if (ghostIds.length > 0 && (nodeId !== null || !configured)) {
    notes.push(`${name}: ${ghostIds.length} more paired id(s) of the same display name, not used`);
  }
  return notes;
}

/** Processors and the load average of one minute. */
function cpuText({ cpuCount, load1 }: NodeReport["resources"]): string {
  if (cpuCount === null && load1 === null) return DASH;
  return `${cpuCount ?? "?"}/${load1 === null ? "?" : shortNumber(load1)}`;
}
