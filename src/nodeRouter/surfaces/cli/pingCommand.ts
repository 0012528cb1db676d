// `openclaw node-router ping <node>`: round trips over every way to a node, one after the other.
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import type { PingAnswer, PingReport, PingWay } from "../methods/pingMethod.ts";
import { shortMs } from "../reports/units.ts";
import { NODE_TOO, nodeProblem } from "./flags.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { DASH, EXIT_FINDING, EXIT_OK, type Output, table, textLines } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";

const INTERVAL_MS = 1_000;
const DEFAULT_PINGS = 4;
const MAX_PINGS = 1_000;

export const pingVerb: Verb = {
  description: "Ask a node over every way that there is to it, and show how long each took",
  argument: ["[node]", "name of a node"],
  options: [NODE_TOO, ["--count <number>", "how often, a second apart (default 4)"]],
  examples: ["ping mac-sg", "ping mac-sg --count 20 --json"],
  isLong: true,
  problem(options) {
    const { count } = options;
    if (count !== undefined && !(/^[1-9]\d{0,3}$/.test(count) && Number(count) <= MAX_PINGS))
      return `--count takes a number from 1 to ${MAX_PINGS}, not ${quote(count)}`;
    return nodeProblem("ping")(options);
  },
  run({ options, ask, out, machine }) {
    const { node = "", count, json = false } = options;
    return runPing({ node: node.trim(), count: Number(count ?? DEFAULT_PINGS), json }, ask, out, machine);
  },
};

/** What each number is the time of. */
const MEANING: Readonly<Record<PingWay, string>> = {
  node: "a look-up by OpenClaw's node host there",
  plugin: "a greeting of this plugin there",
  ssh: "a line to the waiting shell of the kept SSH connection",
};

/** Of one way. Milliseconds; null: no answer came. */
export interface PingTotal {
  readonly way: PingWay;
  readonly sent: number;
  readonly answered: number;
  readonly minMs: number | null;
  readonly avgMs: number | null;
  readonly maxMs: number | null;
  /** Of the last one that was not answered; null: all were. */
  readonly reason: string | null;
}

/** @returns the exit code: 1 when some way did not answer. */
async function runPing(
  { node, count, json }: { readonly node: string; readonly count: number; readonly json: boolean },
  ask: AskGateway,
  out: Output,
  machine: Terminal,
): Promise<number> {
  const answers: PingAnswer[] = [];
  for (let round = 0; round < count && !machine.stop.aborted; round++) {
    if (round > 0) await machine.sleep(INTERVAL_MS);
    if (machine.stop.aborted) break;
    const { ways } = await ask<PingReport>("noderouter.ping", { node });
    // What is said at once is read at once; the table comes at the end.
    if (!json) for (const line of textLines(ways.map(answerText).join(" · "), out.columns)) out.print(line);
    answers.push(...ways);
  }
  const totals = totalsOf(answers);
  if (json) out.data({ node, ways: totals });
  else out.print(`\n${totalsText(node, totals, out.columns)}`);
  return totals.length > 0 && totals.every(({ sent, answered }) => sent === answered)
    ? EXIT_OK
    : EXIT_FINDING;
}

function answerText({ way, ok, rttMs, reason }: PingAnswer): string {
  return `${way} ${ok ? (rttMs === null ? "there" : shortMs(rttMs)) : `no (${safe(reason ?? "?")})`}`;
}

/** Pure. */
export function totalsOf(answers: readonly PingAnswer[]): readonly PingTotal[] {
  const ways = [...new Set(answers.map(({ way }) => way))];
  return ways.map((way) => {
    const mine = answers.filter((answer) => answer.way === way);
    const times = mine.flatMap(({ rttMs }) => (rttMs === null ? [] : [rttMs]));
    const known = times.length > 0;
    return {
      way,
      sent: mine.length,
      answered: mine.filter(({ ok }) => ok).length,
      minMs: known ? Math.min(...times) : null,
      avgMs: known ? times.reduce((sum, ms) => sum + ms, 0) / times.length : null,
      maxMs: known ? Math.max(...times) : null,
      reason: mine.findLast(({ ok }) => !ok)?.reason ?? null,
    };
  });
}

export function totalsText(node: string, totals: readonly PingTotal[], columns?: number): string {
  const time = (ms: number | null) => (ms === null ? DASH : shortMs(ms));
  const rows = totals.map(({ way, sent, answered, minMs, avgMs, maxMs, reason }) => [
    way,
    `${answered}/${sent}`,
    time(minMs),
    time(avgMs),
    time(maxMs),
    reason ?? MEANING[way],
  ]);
  const head = textLines(`node ${nameText(node)}`, columns).join("\n");
  return `${head}\n${table(["WAY", "ANSWERED", "MIN", "AVG", "MAX", "WHAT"], rows, { ...(columns === undefined ? {} : { columns }), wrapLast: true })}`;
}
