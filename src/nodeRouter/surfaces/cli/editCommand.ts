// `rule`, `tag`, `remove` and `guard --undo`: shows what an edit changes, asks the person, has it written in one go.

import { quote } from "../../../shared/safeText.ts";
import { parseSelector } from "../../placement/selector/parser.ts";
import type { ConfigEdit, RulePlace } from "../../setup/edit/configEdit.ts";
import type { EditReport } from "../methods/editMethod.ts";
import { cannotAsk } from "./consent.ts";
import { editText, writtenText } from "./editText.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { EXIT_FINDING, EXIT_OK, type Output } from "./output.ts";

/** As commander hands them over. */
export interface EditOptions {
  /** What stands behind the command, and behind that; several words joined by blanks. */
  readonly node?: string | undefined;
  readonly id?: string | undefined;
  readonly agent?: string | undefined;
  readonly agents?: string | undefined;
  readonly require?: string | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly first?: boolean | undefined;
  readonly last?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly undo?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly yes?: string | boolean | undefined;
  readonly json?: boolean | undefined;
  readonly output?: string | undefined;
}

export type EditCommand = "rule" | "tag" | "remove" | "guard";

/** A plan of a large config takes half a minute. */
export const EDIT_MS = 60_000;

/** What the command asks for; a text says what is wrong with how it was called. */
export function editOf(command: EditCommand, options: EditOptions): ConfigEdit | string {
  const first = options.node?.trim() ?? "";
  const rest = options.id?.trim() ?? "";
  switch (command) {
    case "rule":
      return ruleEdit(first, rest, options);
    case "tag": {
      if (first === "" || rest === "")
        return "tag needs a node and what to change: openclaw node-router tag <node> key=value key-";
      return { kind: "tag", node: first, changes: rest.split(/\s+/) };
    }
    case "remove":
      if (first === "") return "remove needs a node: openclaw node-router remove <node>";
      return { kind: "removeNode", node: first, force: options.force === true };
    case "guard": {
      // An option without a name, as of a variable that is not set, must not mean everybody.
      const agents = options.agent === undefined ? null : commaList(options.agent);
      if (agents?.length === 0) return "--agent needs a name; without the option the guard of all is undone";
      return { kind: "undoGuard", agents };
    }
  }
}

function ruleEdit(action: string, name: string, options: EditOptions): ConfigEdit | string {
  if (!["add", "move", "rm"].includes(action)) return `rule takes add, move or rm, not ${quote(action)}`;
  if (name === "") return `rule ${action} needs a name: openclaw node-router rule ${action} <name>`;
  const agents = commaList(options.agents);
  const require = options.require?.trim();
  if (action !== "add" && (options.agents !== undefined || require !== undefined))
    return "--agents and --require go with rule add";
  const place = placeOf(options);
  if (typeof place === "string" && place !== "first" && place !== "last") return place;
  if (action === "rm") return place === null ? { kind: "removeRule", name } : "rule rm takes no place";
  if (action === "move")
    return place === null
      ? "rule move needs a place: --before <rule>, --after <rule>, --first or --last"
      : { kind: "moveRule", name, at: place };
  if (agents.length === 0) return "rule add needs agents: --agents worker-sg,worker-hk";
  const selector = require === undefined ? null : parseSelector(require);
  if (selector?.ok === false) return `--require: ${selector.message}`;
  return { kind: "addRule", name, agents, require: require ?? null, at: place ?? "last" };
}

/** Null: none was said. A text other than `first` and `last` is what is wrong. */
function placeOf({ before, after, first, last }: EditOptions): RulePlace | string | null {
  const said = [
    ...(before === undefined ? [] : [{ before: before.trim() }]),
    ...(after === undefined ? [] : [{ after: after.trim() }]),
    ...(first === true ? (["first"] as const) : []),
    ...(last === true ? (["last"] as const) : []),
  ];
  return said.length > 1 ? "a rule has one place: --before, --after, --first or --last" : (said[0] ?? null);
}

/** What is wrong with how an edit was called; null when nothing is. */
export function editUsageProblem(command: EditCommand, options: EditOptions, canAsk: boolean): string | null {
  const edit = editOf(command, options);
  return typeof edit === "string" ? edit : consentProblem(command, options, canAsk);
}

/** What is wrong with how it was called where nobody can be asked; null: nothing is. */
export function consentProblem(
  command: string,
  options: Pick<EditOptions, "yes" | "dryRun" | "json" | "output">,
  canAsk: boolean,
): string | null {
  if (options.yes === true || options.dryRun === true) return null;
  const why = cannotAsk(command, options, canAsk);
  return why === null ? null : `${why}, or --dry-run to see it alone`;
}

/** The exit code: 0 when it is written or was so already, 1 when it is not; a dry run ends with 1 where something would change. */
export async function runEdit(
  command: EditCommand,
  options: EditOptions,
  ask: AskGateway,
  out: Output,
): Promise<number> {
  const edit = editOf(command, options);
  if (typeof edit === "string") throw new Error(edit);
  const { json = false, dryRun = false, yes } = options;
  const asked = await showEdit(edit, { json, dryRun, yes: yes === true }, ask, out);
  if (asked === "same" || asked === "no") return asked === "same" ? EXIT_OK : EXIT_FINDING;
  const report = await ask<EditReport>("noderouter.edit", { edit, ...asked }, EDIT_MS);
  if (json) out.data(report);
  else out.print(writtenText(report));
  return EXIT_OK;
}

/** What a person has agreed to, for the gateway to write nothing else; nothing where nobody was asked. */
export interface Agreed {
  readonly shown?: readonly string[];
}

/** Whether it is to be written: `same`: it is so already; `no`: a dry run, or the person does not want it. */
export async function showEdit(
  edit: ConfigEdit,
  { json, dryRun, yes }: { readonly json: boolean; readonly dryRun: boolean; readonly yes: boolean },
  ask: AskGateway,
  out: Output,
): Promise<Agreed | "same" | "no"> {
  const report = await ask<EditReport>("noderouter.edit", { edit, dryRun: true }, EDIT_MS);
  const isSame = report.changes.length + report.settings.length === 0;
  if (!json) out.print(editText(report, out.columns));
  else if (dryRun || isSame) out.data(report);
  if (isSame) return "same";
  if (dryRun) return "no";
  if (yes) return {};
  const answer = (await out.question?.("Write that? [y/N] ")) ?? "";
  if (/^y(es)?$/i.test(answer.trim())) return { shown: [...report.changes, ...report.settings] };
  out.fail("nothing was written");
  return "no";
}

/** Names joined by commas. */
export function commaList(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").flatMap((part) => part.trim() || []);
}
