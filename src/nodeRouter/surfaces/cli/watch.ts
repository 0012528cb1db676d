// `--watch`: looks again and again until it is stopped, also while the gateway restarts.

import { isoTime } from "../../../shared/isoTime.ts";
import { nameText, safe, safeJson } from "../../../shared/safeText.ts";
import type { NodeReport, NodesReport } from "../reports/nodesReport.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { stateChangeText, timeText } from "./eventsText.ts";
import { createPatience } from "./gatewayPatience.ts";
import { type Output, textLines } from "./output.ts";
import type { Terminal } from "./terminal.ts";

const DEFAULT_SECONDS = 2;
const [MIN_SECONDS, MAX_SECONDS] = [0.5, 3_600];

export interface WatchOptions {
  readonly intervalMs: number;
  /** One JSON document a line. */
  readonly json: boolean;
}

/** What is watched. */
export interface WatchView<T> {
  readonly page: (report: T, columns?: number) => string;
  /** What differs, a line each, for where nothing can be redrawn; numbers that always differ are left out. */
  readonly changes: (before: T, after: T) => readonly string[];
}

/** Cursor home; clear to the end of the line; clear below. A screen that is written over does not flicker. */
const [HOME, END_OF_LINE, BELOW] = ["\u001b[H", "\u001b[K", "\u001b[J"];
const CLEAR = `\u001b[2J${HOME}`;

/** Of `--watch [seconds]`, in ms; null for what is no number of seconds from 0.5 to 3600. */
export function watchInterval(value: string | true): number | null {
  if (value === true) return DEFAULT_SECONDS * 1_000;
  const seconds = /^\d{1,4}(\.\d{1,3})?$/.test(value) ? Number(value) : Number.NaN;
  return seconds >= MIN_SECONDS && seconds <= MAX_SECONDS ? seconds * 1_000 : null;
}

/** The same of the options of a command that were found right; null: it looks once. */
export function intervalOf({ watch: value }: Pick<CommandOptions, "watch">): number | null {
  return value === undefined || value === false ? null : watchInterval(value);
}

/**
 * Resolves once it is stopped. A terminal is redrawn; elsewhere the first table is followed by a line a change.
 * @throws what `ask` throws, at the first time, and later what will not pass by itself
 */
export async function watch<T>(
  { intervalMs, json }: WatchOptions,
  ask: () => Promise<T>,
  view: WatchView<T>,
  out: Output,
  machine: Terminal,
): Promise<void> {
  let last: { readonly report: T } | null = null;
  const patience = createPatience(machine.now);
  while (!machine.stop.aborted) {
    try {
      const report = await unlessStopped(ask(), machine.stop);
      if (report === null) return;
      show(report, last?.report ?? null);
      const told = patience.answered();
      if (told !== null) note(told);
      last = { report };
    } catch (error) {
      const { text, isNew } = patience.failed(error);
      if (last === null) throw error;
      if (redraws()) draw(last.report, text, false);
      else if (isNew) note(text);
    }
    await machine.sleep(intervalMs);
  }

  function redraws(): boolean {
    return machine.isTerminal && !json;
  }

  function show(report: T, before: T | null): void {
    if (json) out.print(safeJson(report, 0));
    else if (redraws()) draw(report, `every ${intervalMs / 1_000} s`, before === null);
    else if (before === null) out.print(view.page(report, out.columns));
    else for (const line of view.changes(before, report)) out.print(safe(`${now()}  ${line}`));
  }

  /** Beside the reports, so that what reads stdout is not disturbed. */
  function note(text: string): void {
    if (!redraws()) out.fail(safe(`${now()}  ${text}`));
  }

  function draw(report: T, head: string, isFirst: boolean): void {
    const page = view.page(report, out.columns).split("\n");
    const top = textLines(`${now()} · ${head}`, out.columns);
    const lines = fitRows([...top, "", ...page], machine.rows - 1);
    const screen = lines.map((line) => `${line}${END_OF_LINE}`).join("\n");
    out.print(`${isFirst ? CLEAR : HOME}${screen}${BELOW}`);
  }

  function now(): string {
    return timeText(isoTime(machine.now()) ?? "");
  }
}

/** What differs in state and agents, a line a node; measured numbers always differ. */
export function nodeChanges(before: NodesReport, after: NodesReport): readonly string[] {
  const old = new Map(before.nodes.map((node) => [node.name, node]));
  const gone = before.nodes.filter(({ name }) => !after.nodes.some((node) => node.name === name));
  return [
    ...after.nodes.flatMap((node) => changesOf(old.get(node.name), node)),
    ...gone.map(({ name }) => `${nameText(name)}: gone`),
  ];
}

/** What became of agents, a line each: where they run now, or why not. */
export function agentChanges(before: StatusReport, after: StatusReport): readonly string[] {
  const old = new Map(before.agents.map((agent) => [agent.agent, agent]));
  const hooks = before.hooks === after.hooks ? [] : [`hooks ${before.hooks} → ${after.hooks}`];
  return [
    ...hooks,
    ...after.agents.flatMap((agent) => {
      const was = old.get(agent.agent);
      const same = was?.outcome === agent.outcome && was.node === agent.node && was.state === agent.state;
      return same ? [] : [`${nameText(agent.agent)}: ${agent.message}`];
    }),
  ];
}

function changesOf(before: NodeReport | undefined, { name, state, reason, agents }: NodeReport): string[] {
  const [had, has] = [before?.agents.join(",") || "none", agents.join(",") || "none"];
  return [
    ...(before?.state === state
      ? []
      : [`${nameText(name)}: ${stateChangeText({ from: before?.state ?? null, to: state })}: ${reason}`]),
    ...(before === undefined || had === has ? [] : [`${nameText(name)}: agents ${had} → ${has}`]),
  ];
}

/** A screen that scrolls cannot be written over. */
function fitRows(lines: readonly string[], rows: number): readonly string[] {
  const room = Math.max(2, rows);
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more lines`];
}

/** Null when it was stopped first; what the promise becomes later is nobody's concern then. */
export async function unlessStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T | null> {
  const { promise: stopped, resolve } = Promise.withResolvers<null>();
  const end = () => resolve(null);
  stop.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    stop.removeEventListener("abort", end);
  }
}
