// What an edit of the config shows in a terminal. Pure but for colour.
import { nameText, safe } from "../../../shared/safeText.ts";
import type { EditReport } from "../methods/editMethod.ts";
import { paint, table, textLines } from "./output.ts";
import { effectLines, placedText, testLines } from "./planText.ts";

/** What would be written, and what that would change for calls. */
export function editText(report: EditReport, columns?: number): string {
  const { changes, settings, notes, effects } = report;
  if (changes.length + settings.length === 0)
    return [paint("green", "Nothing to change: it is so already."), ...noteLines(notes, columns)].join("\n");
  return [
    ...[...changes, ...settings].flatMap((line) => textLines(line, columns)),
    ...noteLines(notes, columns),
    ...(effects === null ? [] : ["", ...whatChanges(effects, columns)]),
  ].join("\n");
}

/** That it is written, and how to take it back. */
export function writtenText(report: Pick<EditReport, "undo">): string {
  return [paint("green", "written"), ...undoTexts(report)].join("\n");
}

/** How to take back what was written, one line a command. */
export function undoTexts({ undo }: Pick<EditReport, "undo">): readonly string[] {
  return undo.map((command) => `to undo: ${undoLine(command)}`);
}

function undoLine(command: string): string {
  return safe(command.startsWith("no command") ? command : `openclaw node-router ${command}`);
}

type Effects = NonNullable<EditReport["effects"]>;

function whatChanges(effects: Effects, columns?: number): readonly string[] {
  const { valid, changes, more, sessions, guards, tests } = effects;
  if (!valid)
    return textLines(
      "What that changes for calls cannot be told while the config has errors; see doctor.",
      columns,
    ).map((line) => paint("yellow", line));
  if (changes.length + sessions.length + guards.length + tests.length === 0)
    return ["Nothing changes for calls as the nodes are now."];
  const groups = [...Map.groupBy(changes, groupOf).values()];
  const refused = groups.flatMap(([first]) => (first?.after.outcome === "refused" ? [first] : []));
  return [
    "What changes for calls:",
    ...testLines({ tests }, columns),
    ...(groups.length === 0
      ? []
      : [table(HEADER, groups.map(rowOf), columns === undefined ? {} : { columns })]),
    ...refused.flatMap(({ agent, tool, why }) =>
      textLines(`${nameText(agent)}: ${nameText(tool)}: ${why}`, columns),
    ),
    ...effectLines({ changes: [], more, sessions, guards }, columns),
  ];
}

const HEADER = ["AGENT", "TOOLS", "BEFORE", "AFTER"];

/** Tools that go the same way are one row. */
function groupOf({ agent, before, after }: Effects["changes"][number]): string {
  return JSON.stringify([agent, before, after]);
}

/** Exec comes first among the tools that are planned. */
function rowOf(group: Effects["changes"]): readonly string[] {
  const [first, ...others] = group;
  if (first === undefined) return [];
  const { agent, tool, before, after } = first;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return [nameText(agent), `${nameText(tool)}${more}`, placedText(before), placedText(after)];
}

function noteLines(notes: readonly string[], columns?: number): readonly string[] {
  return notes.flatMap((note) => textLines(`note: ${note}`, columns));
}
