// What `doctor` and `guard` show in a terminal, at most 100 columns. Pure but for colour.
import { nameText } from "../../../shared/safeText.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import type { GuardReport } from "../methods/methods.ts";
import type { PairedReport } from "../methods/nameMethods.ts";
import { COLUMNS, DASH, paint, textLines } from "./output.ts";

/** Every finding with its place and its fix. */
export function doctorText(report: DoctorReport): string {
  if (report.findings.length === 0) return paint("green", "No findings.");
  const color = { error: "red", warning: "yellow", info: "dim" } as const;
  return report.findings
    .map((found) =>
      [
        `${paint(color[found.severity], found.severity.toUpperCase())}  ${found.id}`,
        ...indented(found.message),
        ...(found.path === null ? [] : labelled("at: ", found.path)),
        ...labelled("fix:", found.fix),
      ].join("\n"),
    )
    .join("\n\n");
}

/** For each routed agent its state, and every setting from what to what. */
export function guardText(report: GuardReport): string {
  if (report.agents.length === 0) return "No agent's exec is routed, so there is nothing to guard.";
  return report.agents
    .map((plan) => {
      const state = plan.changes.length > 0 && report.applied ? "written" : plan.state;
      return [
        ...textLines(
          `${nameText(plan.agent)} · rule ${plan.rule === null ? DASH : nameText(plan.rule)} · ${state}`,
        ),
        ...plan.changes.flatMap(({ path, current, value }) =>
          indented(`${path}: ${String(current ?? "(unset)")} -> ${String(value ?? "(unset)")}`),
        ),
        ...(plan.note === null ? [] : indented(plan.note)),
      ].join("\n");
    })
    .join("\n");
}

/** Whom the name stands for now, and for whom it stood. */
export function pairedText({ node, id, displayName, before }: PairedReport): string {
  const was =
    before === null ? "nobody was known before" : before === id ? "as before" : `before it was ${before}`;
  const words = `node ${node} is the paired node ${id} (${displayName ?? DASH}) from now on; ${was}`;
  return textLines(words).join("\n");
}

function indented(text: string): readonly string[] {
  return textLines(text, COLUMNS - 2).map((line) => `  ${line}`);
}

/** The label, and the text beside it, line under line. */
function labelled(label: string, text: string): readonly string[] {
  const room = COLUMNS - label.length - 3;
  return textLines(text, room).map(
    (line, index) => `  ${index === 0 ? label : " ".repeat(label.length)} ${line}`,
  );
}
