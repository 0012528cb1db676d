// `openclaw node-router wait --for ready mac-sg`: until a node is so, or the time is over.
import { messageOf } from "../../../shared/errors.ts";
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import { didYouMean } from "../../../shared/suggest.ts";
import { parseSpan } from "../../../shared/timeSpan.ts";
import { cordonText } from "../../explain/cordonText.ts";
import { codeOf } from "../methods/errorDetails.ts";
import type { NodeReport, NodesReport } from "../reports/nodesReport.ts";
import { NODE_TOO, nodeProblem } from "./flags.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { EXIT_FINDING, EXIT_OK, type Output, textLines } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";

const LOOK_MS = 1_000;
const DEFAULT_WAIT_MS = 60_000;

/** What can be waited for, and whether a node is so. */
export const AWAITED: Readonly<Record<string, (node: NodeReport) => boolean>> = {
  ready: ({ state }) => state === "ready",
  offline: ({ state }) => state === "offline",
  cordoned: ({ cordon }) => cordon !== null,
  uncordoned: ({ cordon }) => cordon === null,
};

export const waitVerb: Verb = {
  description: "Wait until a node is ready, offline, cordoned or uncordoned",
  argument: ["[node]", "name of a node"],
  options: [NODE_TOO, ["--for <state>", "ready (the default), offline, cordoned or uncordoned"]],
  examples: ["wait mac-sg --for ready", "wait mac-sg --for offline --timeout 5m"],
  timeout: "how long to wait: 60s (the default), 10m; a plain number is ms",
  isLong: true,
  problem(options) {
    const goal = options.for?.trim() ?? "ready";
    if (!Object.hasOwn(AWAITED, goal))
      return `--for takes ${Object.keys(AWAITED).join(", ")}, not ${quote(goal)}`;
    return nodeProblem("wait")(options);
  },
  run({ options, ask, out, machine }) {
    const { node = "", for: goal = "ready", timeout = "", json = false } = options;
    const given = /^\d+$/.test(timeout) ? Number(timeout) : parseSpan(timeout.trim());
    const timeoutMs = given ?? DEFAULT_WAIT_MS;
    return runWait({ node: node.trim(), goal: goal.trim(), timeoutMs, json }, ask, out, machine);
  },
};

interface WaitOptions {
  readonly node: string;
  /** A key of `AWAITED`. */
  readonly goal: string;
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** @returns the exit code: 0 it is so, 1 it is not when the time is over. @throws what the first question throws. */
async function runWait(
  { node, goal, timeoutMs, json }: WaitOptions,
  ask: AskGateway,
  out: Output,
  machine: Terminal,
): Promise<number> {
  const endMs = machine.now() + timeoutMs;
  const isSo = AWAITED[goal] ?? (() => false);
  let last: NodeReport | null = null;
  let told = "";
  for (let isFirst = true; ; isFirst = false) {
    try {
      const { nodes } = await ask<NodesReport>("noderouter.nodes", {});
      last = nodes.find(({ name }) => name === node) ?? null;
      if (isFirst && last === null) return unknown(nodes.map(({ name }) => name));
      if (last !== null && isSo(last)) return end(last, true);
      tell(`waiting: ${stateText(node, last)}`);
    } catch (error) {
      // It may be what is waited for that takes the gateway away for a moment.
      if (isFirst || codeOf(error) !== null) throw error;
      tell(`the gateway does not answer, this goes on: ${messageOf(error)}`);
    }
    if (machine.now() >= endMs || machine.stop.aborted) return end(last, false);
    await machine.sleep(Math.min(LOOK_MS, Math.max(1, endMs - machine.now())));
  }

  function unknown(known: readonly string[]): number {
    const near = didYouMean(node, known);
    const listed = known.slice(0, 10).map(quote).join(", ") || "none";
    out.fail(`no node ${quote(node)} is known; ${near === null ? "" : `${near} `}known are ${listed}`);
    return EXIT_FINDING;
  }

  function tell(line: string): void {
    if (line !== told && !json) out.fail(safe(line));
    told = line;
  }

  function end(found: NodeReport | null, met: boolean): number {
    const { state = null, cordon = null } = found ?? {};
    if (json) out.data({ node, for: goal, met, state, cordon });
    else {
      const text = met ? stateText(node, found) : `${stateText(node, found)}: not ${goal} in time`;
      out.print(textLines(text, out.columns).join("\n"));
    }
    return met ? EXIT_OK : EXIT_FINDING;
  }
}

function stateText(name: string, node: NodeReport | null): string {
  if (node === null) return `node ${nameText(name)} is not known any more`;
  const cordon = node.cordon === null ? "" : `, ${cordonText(node.cordon)}`;
  return `node ${nameText(name)} is ${node.state}${cordon} (${node.reason})`;
}
