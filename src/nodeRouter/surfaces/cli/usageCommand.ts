// `openclaw node-router usage`: what agents spent, by agent, node, region or model; asks again while OpenClaw still counts.
import { quote } from "../../../shared/safeText.ts";
import { countOf, type TokenCount } from "../../../shared/tokenCount.ts";
import { USAGE_BY, type UsageRow } from "../../usage/spending.ts";
import { USAGE_KEEP_DAYS } from "../../usage/usageHistory.ts";
import type { UsageReport } from "../methods/usageMethod.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { COLUMNS, DASH, paragraph, table, textLines } from "./output.ts";
import { type CommandUse, tell, type Verb } from "./verb.ts";

/** OpenClaw counts in the background when it is first asked; ms until it is asked again. */
const AGAIN_MS = [5_000, 10_000, 20_000];

/** A history that was not asked for in months is read day by day. */
const ASK_MS = 120_000;

export const usageVerb: Verb = {
  description: "Tokens and cost of agents, by agent, node, region or model",
  options: [
    ["--by <what>", "agent (the default), node, region or model"],
    ["--days <number>", "so many days (UTC), today included (default 7, at most 400)"],
  ],
  examples: ["usage", "usage --by region --days 30"],
  isLong: true,
  problem: usageProblem,
  run: runUsage,
};

function usageProblem({ by, days }: CommandOptions): string | null {
  if (by !== undefined && !USAGE_BY.some((known) => known === by.trim()))
    return `--by takes ${USAGE_BY.join(", ")}, not ${quote(by)}`;
  if (days !== undefined && !(/^[1-9]\d{0,2}$/.test(days.trim()) && Number(days) <= USAGE_KEEP_DAYS))
    return `--days takes a number from 1 to ${USAGE_KEEP_DAYS}, not ${quote(days)}`;
  return null;
}

/** @returns the exit code: 1 while transcripts are missing. */
async function runUsage(call: CommandUse): Promise<number> {
  const { options, ask, machine } = call;
  const { by, days } = options;
  const params = {
    ...(by === undefined ? {} : { by: by.trim() }),
    ...(days === undefined ? {} : { days: Number(days) }),
  };
  const look = () => ask<UsageReport>("noderouter.usage", params, ASK_MS);
  let report = await look();
  for (const [at, waitMs] of AGAIN_MS.entries()) {
    // What agents at work write is never counted to the end; once more is enough for what they wrote before.
    if (report.complete || (at > 0 && isOnlyBehind(report))) break;
    await machine.sleep(waitMs);
    if (machine.stop.aborted) break;
    report = await look();
  }
  return tell(call, report, usageText, (last) => last.complete || isOnlyBehind(last));
}

function isOnlyBehind({ behind, missing }: UsageReport): boolean {
  return behind > 0 && missing === 0;
}

/** @param columns width of the terminal. */
export function usageText(report: UsageReport, columns: number = COLUMNS): string {
  const { by, from, to, at, complete, behind, missing, rows, totals, unattributed, attribution, uncounted } =
    report;
  const unread = missing > 0 ? transcripts(missing) : "transcripts";
  const counting = isOnlyBehind(report)
    ? `${transcripts(behind)} ${behind === 1 ? "was" : "were"} written to since OpenClaw counted: the newest tokens are not in these numbers.`
    : `Still counting: OpenClaw has ${unread} to read that ${missing === 1 ? "is" : "are"} in none of these numbers. Ask again in a minute.`;
  const first = complete ? [] : [...textLines(counting, columns), ""];
  // Zeros would look like an answer.
  if (rows.length === 0 && countOf(unattributed) === 0)
    return [...first, ...(complete ? [`Nothing was spent from ${from} to ${to}.`] : [])].join("\n").trimEnd();
  const header = [by.toUpperCase(), "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "COST", "SESSIONS"];
  const cells = [
    ...rows.map((row) => [row.key, ...numbers(row)]),
    ...(unattributed.why === null ? [] : [["(unattributed)", ...numbers(unattributed)]]),
    ...(rows.length + Number(unattributed.why !== null) > 1 ? [["total", ...numbers(totals)]] : []),
  ];
  const drop = ["CACHE WRITE", "CACHE READ", "SESSIONS"];
  return [
    ...first,
    table(header, cells, { columns, drop }),
    ...paragraph(
      [
        `From ${from} to ${to} (UTC days), as of ${at.replace(/\.\d+Z$/, "Z")}.`,
        attribution,
        ...(unattributed.why === null ? [] : [`Unattributed: ${unattributed.why}.`]),
        ...(totals.unpriced > 0
          ? [`${totals.unpriced} answers came from models without a price in OpenClaw: COST lacks theirs.`]
          : []),
        uncounted,
      ],
      columns,
    ),
  ].join("\n");
}

function numbers(row: Omit<UsageRow, "key">): readonly string[] {
  const { input, output, cacheRead, cacheWrite, sessions } = row;
  return [
    String(input),
    String(output),
    String(cacheRead),
    String(cacheWrite),
    costText(row),
    String(sessions),
  ];
}

function transcripts(count: number): string {
  return `${count} ${count === 1 ? "transcript" : "transcripts"}`;
}

/** Without any price there is nothing to say. */
function costText({ cost, unpriced }: TokenCount): string {
  if (cost === 0) return unpriced > 0 ? DASH : "0";
  return `${unpriced > 0 ? ">" : ""}${cost.toFixed(cost < 1 ? 4 : 2)}`;
}
