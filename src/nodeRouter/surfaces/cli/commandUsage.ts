// How a command may be called, and what is wrong with how it was.
import { quote } from "../../../shared/safeText.ts";
import { parseSpan, SPAN_HELP } from "../../../shared/timeSpan.ts";
import type { PlannedAs } from "../methods/plannedConfig.ts";
import { parseSince, SINCE_HELP } from "../reports/since.ts";
import type { Output } from "./output.ts";
import { type SetupOptions, setupUsageProblem } from "./setupCommand.ts";
import { watchInterval } from "./watch.ts";

/** What `--as` takes. */
const PLANNED_AS: readonly string[] = [
  "openclaw",
  "config",
  "patch",
  "config-patch",
] satisfies readonly PlannedAs[];

export interface CommandOptions extends SetupOptions {
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Seconds between two looks; true: the default. */
  readonly watch?: string | boolean | undefined;
  readonly since?: string | undefined;
  /** An inventory name, a machine or a file: positional, and an option of `events`. */
  readonly node?: string | undefined;
  /** Of `trust` the fingerprint to record without asking. */
  readonly yes?: string | boolean | undefined;
  /** Id of the paired node that the name stands for. */
  readonly paired?: string | undefined;
  /** Names joined by commas. */
  readonly down?: string | undefined;
  readonly cordon?: string | undefined;
  readonly require?: string | undefined;
  readonly at?: string | undefined;
  readonly reason?: string | undefined;
  readonly for?: string | undefined;
  readonly all?: boolean | undefined;
  readonly move?: boolean | undefined;
  /** Of `drain`: a time span, or ms for the gateway's answers. */
  readonly timeout?: string | undefined;
  readonly as?: string | undefined;
  readonly rule?: string | undefined;
  readonly outcome?: string | undefined;
  readonly limit?: string | undefined;
  readonly follow?: boolean | undefined;
  /** Hash of a record of the ledger. */
  readonly head?: string | undefined;
  readonly allDownOneByOne?: boolean | undefined;
}

export type CommandName =
  | "status"
  | "nodes"
  | "events"
  | "explain"
  | "doctor"
  | "guard"
  | "trust"
  | "probe"
  | "add"
  | "join"
  | "cordon"
  | "uncordon"
  | "drain"
  | "plan"
  | "test"
  | "calls"
  | "ledger";

/** What is wrong with how the command was called; null when nothing is. */
export function usageProblem(
  name: CommandName,
  options: CommandOptions,
  nowMs: number,
  out: Pick<Output, "question">,
): string | null {
  const { agent, node, watch, since, yes, paired } = options;
  if (name === "add" || name === "join") return setupUsageProblem(name, options, out.question !== undefined);
  if (name === "explain" && !agent?.trim()) {
    return "explain needs an agent: openclaw node-router explain --agent <id> [--tool exec]";
  }
  if (["trust", "probe", "cordon", "drain"].includes(name) && !node?.trim()) {
    return `${name} needs a node: openclaw node-router ${name} <node>`;
  }
  if (name === "plan" && !node?.trim()) return "plan needs a file: openclaw node-router plan <file | ->";
  if (name === "plan" && options.as !== undefined && !PLANNED_AS.includes(options.as)) {
    return `--as takes ${PLANNED_AS.join(", ")}, not ${quote(options.as)}`;
  }
  if (name === "uncordon" && (options.all === true) === Boolean(node?.trim())) {
    return "uncordon needs a node, or --all: openclaw node-router uncordon <node>";
  }
  if (name === "ledger" && node?.trim() !== "verify") {
    return "ledger has one thing to do: openclaw node-router ledger verify";
  }
  if (options.limit !== undefined && !/^[1-9]\d{0,2}$|^1000$/.test(options.limit.trim())) {
    return `--limit takes a number from 1 to 1000, not ${quote(options.limit)}`;
  }
  for (const key of ["for", "timeout"] as const) {
    const span = options[key]?.trim();
    if (span === undefined || (key === "timeout" && /^\d+$/.test(span)) || parseSpan(span) !== null) continue;
    return `--${key} takes ${SPAN_HELP}, not ${quote(span)}`;
  }
  if (name === "trust" && paired !== undefined && (yes !== undefined || paired.trim() === "")) {
    return yes === undefined
      ? "--paired takes the id of a paired node; openclaw node-router doctor lists them"
      : "trust takes --yes (an SSH host key) or --paired (a paired node), not both";
  }
  if (watch !== undefined && watch !== false && watchInterval(watch) === null) {
    return `--watch takes seconds from 0.5 to 3600, not ${quote(String(watch))}`;
  }
  if (since !== undefined && parseSince(since.trim(), nowMs) === null) {
    return `--since takes ${SINCE_HELP}, not ${quote(since)}`;
  }
  return null;
}
