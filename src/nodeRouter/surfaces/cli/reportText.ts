// What `doctor` and `guard` show in a terminal. Pure but for colour.
import { nameText } from "../../../shared/safeText.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import type { GuardReport } from "../methods/methods.ts";
import type { PairedReport } from "../methods/nameMethods.ts";
import { COLUMNS, DASH, paint, textLines } from "./output.ts";

/** Every finding with its place and its fix. */
export function doctorText(report: DoctorReport, columns: number = COLUMNS): string {
  if (report.findings.length === 0) return paint("green", "No findings.");
  const color = { error: "red", warning: "yellow", info: "dim" } as const;
  return report.findings
    .map((found) =>
      [
        ...textLines(`${found.severity.toUpperCase()} ${found.id}`, columns - 1).map((line, index) =>
          index > 0 ? line : line.replace(/^\S+/, (word) => `${paint(color[found.severity], word)} `),
        ),
        ...indented(found.message, columns),
        ...(found.path === null ? [] : labelled("at: ", found.path, columns)),
        ...labelled("fix:", found.fix, columns),
      ].join("\n"),
    )
    .join("\n\n");
}

/** For each routed agent its state, and every setting from what to what. */
export function guardText(report: GuardReport, columns: number = COLUMNS): string {
  if (report.agents.length === 0)
    return textLines("No agent's exec is routed, so there is nothing to guard.", columns).join("\n");
  return report.agents
    .map((plan) => {
      const state = plan.changes.length > 0 && report.applied ? "written" : plan.state;
      return [
        ...textLines(
          `${nameText(plan.agent)} · rule ${plan.rule === null ? DASH : nameText(plan.rule)} · ${state}`,
          columns,
        ),
        ...plan.changes.flatMap(({ path, current, value }) =>
          indented(`${path}: ${String(current ?? "(unset)")} -> ${String(value ?? "(unset)")}`, columns),
        ),
        ...(plan.note === null ? [] : indented(plan.note, columns)),
      ].join("\n");
    })
    .join("\n");
}

/** Whom the name stands for now, and for whom it stood. */
export function pairedText(
  { node, id, displayName, before }: PairedReport,
  columns: number = COLUMNS,
): string {
  const was =
    before === null ? "nobody was known before" : before === id ? "as before" : `before it was ${before}`;
  const words = `node ${node} is the paired node ${id} (${displayName ?? DASH}) from now on; ${was}`;
  return textLines(words, columns).join("\n");
}

function indented(text: string, columns: number): readonly string[] {
  return textLines(text, columns - 2).map((line) => `  ${line}`);
}

/** The label, and the text beside it, line under line. */
function labelled(label: string, text: string, columns: number): readonly string[] {
  const room = columns - label.length - 3;
  return textLines(text, room).map(
    (line, index) => `  ${index === 0 ? label : " ".repeat(label.length)} ${line}`,
  );
}
