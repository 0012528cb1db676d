// What `plan` and `test` show in a terminal, at most 100 columns. Pure but for colour.
import { nameText, quote } from "../../../shared/safeText.ts";
import type { Placed } from "../../policy/configPlan.ts";
import type { PlanReport, TestReport } from "../methods/planMethods.ts";
import { DASH, paint, paragraph, table, textLines } from "./output.ts";

/** Everything that would change, what is wrong first. */
export function planText(report: PlanReport): string {
  const { valid, took, changes, more, sessions, guards, problems, notes, scenarios } = report;
  const same = changes.length + sessions.length + guards.length === 0;
  const looked =
    scenarios === 0 ? "" : `, also with nodes down (${scenarios} ${scenarios === 1 ? "case" : "cases"})`;
  return [
    ...textLines(`read as ${took}`),
    ...notes.flatMap((note) => textLines(note)),
    ...problems.flatMap(({ severity, path, message }) =>
      textLines(`${severity}: ${path === "" ? "" : `${path}: `}${message}`),
    ),
    ...testLines(report),
    valid
      ? same
        ? paint("green", `Nothing changes${looked}.`)
        : `What changes${looked}:`
      : paint("red", "It is invalid."),
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
          ),
        ]),
    ...(more === 0 ? [] : [`… and ${more} more`]),
    ...paragraph(
      distinct(changes.map(({ agent, tool, why }) => `${nameText(agent)}: ${nameText(tool)}: ${why}`)).slice(
        0,
        MAX_WHYS,
      ),
    ),
    ...paragraph(
      sessions.map(
        ({ session, before, after, why }) =>
          `session ${quote(session)}: ${nameText(before)} → ${after === null ? "(refused)" : nameText(after)}: ${why}`,
      ),
    ),
    ...paragraph(guards.map(({ agent, why }) => `${nameText(agent)}: its guard is right no longer: ${why}`)),
  ].join("\n");
}

/** Reasons in full; `--json` has all of them. */
const MAX_WHYS = 20;

/** One line a test. */
export function testsText(report: TestReport): string {
  return report.tests.length === 0
    ? "The config has no tests: add some to plugins.entries.node-router.config.tests."
    : testLines(report).join("\n");
}

function testLines({ tests }: TestReport): readonly string[] {
  return tests.flatMap(({ name, passed, why }) => {
    const [first = "", ...rest] = textLines(
      `${passed ? "passed" : "FAILED"}  ${nameText(name)}${passed ? "" : `: ${why}`}`,
    );
    return [paint(passed ? "green" : "red", first), ...rest];
  });
}

function placedText({ outcome, node }: Placed): string {
  if (outcome === "placed") return nameText(node ?? "");
  return outcome === "refused" ? "(refused)" : "(OpenClaw decides)";
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
