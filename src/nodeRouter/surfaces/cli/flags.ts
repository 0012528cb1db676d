// Options that several commands have, and what is wrong with their values.
import { quote } from "../../../shared/safeText.ts";
import { parseSpan, SPAN_HELP } from "../../../shared/timeSpan.ts";
import type { PlannedAs } from "../methods/plannedConfig.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { type ListName, sortFields } from "./listing.ts";
import { flagOf, wordsProblem } from "./optionProblem.ts";
import type { Flag } from "./verb.ts";

/** What stands behind a command may be written as an option, too. */
export const NODE_TOO: Flag = ["--node <name>", "the same as [node]"];
/** Of what edits the config. */
export const EDIT_OPTIONS: readonly Flag[] = [
  ["--dry-run", "only show what would be written, and what it would change for calls"],
  ["--yes", "write without asking"],
];
export const WATCHED: Flag = [
  "-w, --watch [seconds]",
  "look again every so many seconds (default 2), until interrupted",
];
export const SINCE: Flag = ["--since <time>", "45m, 2h, 3d, or a date such as 2026-11-22"];
export const LIMIT: Flag = ["--limit <number>", "at most so many (default 50, at most 1000)"];
export const AS: Flag = [
  "--as <what>",
  "read the file as openclaw, config, patch or config-patch (default: by its shape)",
];

/** Of a list. */
export function listOptions(name: ListName): readonly Flag[] {
  const of = name === "peers" || name === "delegations" ? "peers" : "nodes";
  return [
    ["-l, --selector <selector>", `only about ${of} that match, for example "region=sg"`],
    ["--sort <field>", `by ${sortFields(name).join(", ")}; ":desc" behind it turns the order round`],
  ];
}

/** Of a command that is about one node. */
export function nodeProblem(name: string): (options: CommandOptions) => string | null {
  return ({ node }) => (node?.trim() ? null : `${name} needs a node: openclaw node-router ${name} <node>`);
}

/** Of a command whose first word is an action, and the second what it is done with. Nothing: its list. */
export function actionProblem(
  name: string,
  actions: readonly string[],
  of: "peer" | "id",
  { node, id }: CommandOptions,
): string | null {
  const action = node?.trim() ?? "";
  if (action === "") return null;
  if (!actions.includes(action))
    return `${name} takes ${actions.join(", ")}, or nothing for the list, not ${quote(action)}`;
  return id?.trim()
    ? null
    : `${name} ${action} needs ${of === "id" ? "an id" : "a peer"}: openclaw node-router ${name} ${action} <${of}>`;
}

/** An option that the action, or the list (""), does not have would be ignored without a word. */
export function strayProblem(
  name: string,
  optionsOf: Readonly<Partial<Record<keyof CommandOptions, readonly string[]>>>,
  options: CommandOptions,
): string | null {
  const action = options.node?.trim() ?? "";
  for (const [key, actions] of Object.entries(optionsOf)) {
    const written = options[key as keyof CommandOptions];
    if (written === undefined || written === false || actions.includes(action)) continue;
    return `${flagOf(key)} goes with ${actions.map((one) => `${name} ${one}`.trim()).join(" or ")}`;
  }
  return null;
}

/** Where `--for` is a time span. */
export function spanProblem({ for: span }: CommandOptions): string | null {
  return span === undefined || parseSpan(span.trim()) !== null
    ? null
    : `--for takes ${SPAN_HELP}, not ${quote(span)}`;
}

const PLANNED_AS: readonly string[] = [
  "openclaw",
  "config",
  "patch",
  "config-patch",
] satisfies readonly PlannedAs[];

export function asProblem({ as }: CommandOptions): string | null {
  return wordsProblem("as", as, PLANNED_AS);
}
