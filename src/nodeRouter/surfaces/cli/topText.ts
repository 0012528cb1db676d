// What `top` shows: how busy every node is, the busiest first. Pure but for colour.
import { nameText } from "../../../shared/safeText.ts";
import type { NodeReport, NodesReport } from "../reports/nodesReport.ts";
import { type Cell, COLUMNS, DASH, table, textLines } from "./output.ts";
import { stateCell } from "./stateCell.ts";

const HEADER = ["NODE", "STATE", "LOAD", "CPUS", "MEMORY", "DISK", "CALLS", "AGENTS"];
/** From here on a number is worth a look. Per cent. */
const HIGH = 90;

/**
 * `LOAD` is the load average of one minute by processors, `MEMORY` and `DISK` what is used of them, all in per cent;
 * `CALLS` those that run, of how many may.
 * @param columns width of the terminal.
 */
export function topText({ nodes }: NodesReport, _nowMs: number, columns: number = COLUMNS): string {
  if (nodes.length === 0) return textLines("No nodes are known.", columns).join("\n");
  return table(HEADER, nodes.map(cells), { columns, drop: ["AGENTS", "CPUS", "DISK"] });
}

function cells({ name, state, resources, calls, agents }: NodeReport): Cell[] {
  const { cpuCount, load1, memoryAvailableBytes, memoryTotalBytes } = resources;
  const { diskAvailableBytes, diskTotalBytes } = resources;
  return [
    nameText(name),
    stateCell(state),
    percent(load1, cpuCount),
    cpuCount === null ? DASH : String(cpuCount),
    used(memoryAvailableBytes, memoryTotalBytes),
    used(diskAvailableBytes, diskTotalBytes),
    callsCell(calls),
    agents.join(",") || DASH,
  ];
}

function callsCell(calls: NodeReport["calls"]): string {
  if (calls === undefined) return DASH;
  const most = calls.maxRunning === null ? "" : `/${calls.maxRunning}`;
  return `${calls.running}${most}${calls.waiting === 0 ? "" : ` +${calls.waiting}`}`;
}

function used(free: number | null, all: number | null): Cell {
  return percent(free === null || all === null ? null : all - free, all);
}

function percent(part: number | null, whole: number | null): Cell {
  if (part === null || whole === null || whole === 0) return DASH;
  const share = Math.round((part / whole) * 100);
  const text = `${share} %`;
  return share >= HIGH ? { text, color: "yellow" } : text;
}
