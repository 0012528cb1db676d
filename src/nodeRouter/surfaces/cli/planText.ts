// What `plan` and `test` show in a terminal. Pure but for colour.
import { nameText, quote } from "../../../shared/safeText.ts";
import type { Placed } from "../../policy/planPair.ts";
import type { PlanReport, TestReport } from "../methods/planMethods.ts";
import { COLUMNS, DASH, paint, paragraph, table, textLines } from "./output.ts";

/** Everything that would change, what is wrong first. */
export function planText(report: PlanReport, columns: number = COLUMNS): string {
  const { valid, took, changes, sessions, guards, problems, notes, scenarios } = report;
  const same = changes.length + sessions.length + guards.length === 0;
  const looked =
    scenarios === 0 ? "" : `, also with nodes down (${scenarios} ${scenarios === 1 ? "case" : "cases"})`;
  return [
    ...textLines(`read as ${took}`, columns),
    ...notes.flatMap((note) => textLines(note, columns)),
    ...problems.flatMap(({ severity, path, message }) =>
      textLines(`${severity}: ${path === "" ? "" : `${path}: `}${message}`, columns),
    ),
    ...testLines(report, columns),
    ...(valid
      ? same
        ? textLines(`Nothing changes${looked}.`, columns).map((line) => paint("green", line))
        : textLines(`What changes${looked}:`, columns)
      : [paint("red", "It is invalid.")]),
    ...effectLines(report, columns),
  ].join("\n");
}

/** What becomes of calls, sessions and guards; nothing where nothing changes. */
export function effectLines(
  { changes, more, sessions, guards }: Pick<PlanReport, "changes" | "more" | "sessions" | "guards">,
  columns: number = COLUMNS,
): readonly string[] {
  return [
    ...(changes.length === 0
      ? []
      : [
          "",
          table(
            ["AGENT", "TOOL", "WHEN", "BEFORE", "AFTER"],
            changes.map(({ agent, tool, scenario, before, after }) => [
              nameText(agent),
              nameText(tool),
              scenario ?? DASH,
              placedText(before),
              placedText(after),
            ]),
            { columns, drop: ["WHEN"], keep: ["TOOL", "BEFORE", "AFTER"] },
          ),
        ]),
    ...(more === 0 ? [] : [`… and ${more} more`]),
    ...paragraph(
      distinct(changes.map(({ agent, tool, why }) => `${nameText(agent)}: ${nameText(tool)}: ${why}`)).slice(
        0,
        MAX_WHYS,
      ),
      columns,
    ),
    ...paragraph(
      sessions.map(
        ({ session, before, after, why }) =>
          `session ${quote(session)}: ${nameText(before)} → ${after === null ? "(refused)" : nameText(after)}: ${why}`,
      ),
      columns,
    ),
    ...paragraph(
      guards.map(({ agent, why }) => `${nameText(agent)}: its guard is right no longer: ${why}`),
      columns,
    ),
  ];
}

/** Reasons in full; `--json` has all of them. */
const MAX_WHYS = 20;

/** One line a test. */
export function testsText(report: TestReport, columns: number = COLUMNS): string {
  const none = "The config has no tests: add some to plugins.entries.node-router.config.tests.";
  return (report.tests.length === 0 ? textLines(none, columns) : testLines(report, columns)).join("\n");
}

export function testLines({ tests }: TestReport, columns: number = COLUMNS): readonly string[] {
  return tests.flatMap(({ name, passed, why }) => {
    const [first = "", ...rest] = textLines(
      `${passed ? "passed" : "FAILED"}  ${nameText(name)}${passed ? "" : `: ${why}`}`,
      columns,
    );
    return [paint(passed ? "green" : "red", first), ...rest];
  });
}

export function placedText({ outcome, node }: Placed): string {
  if (outcome === "placed") return nameText(node ?? "");
  return outcome === "refused" ? "(refused)" : "(OpenClaw decides)";
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
