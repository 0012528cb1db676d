// One report as terminal text: plain, as wide as it may be, every name made safe.

import { displayWidth, padEnd, padStart, wrap } from "../../shared/displayWidth.ts";
import { roughDuration } from "../../shared/roughDuration.ts";
import { nameText, safe } from "../../shared/safeText.ts";
import { NEAR_SCORE } from "../placement/ranking.ts";
import { DELEGATE_TOOL } from "../toolCatalog/toolNames.ts";
import type { CandidateReport, ExplainReport } from "./report.ts";

const COLUMNS = 100;
/** Wider names wrap, so that the reasons keep room. */
const MAX_NAME_COLUMNS = 40;
const GAP = "  ";

/**
 * The whole page, lines joined by line feeds, none at the end.
 * @param columns width of the terminal, 20 or more.
 */
export function reportText(report: ExplainReport, columns: number = COLUMNS): string {
  const { agent, tool, binding, mode, candidates } = report;
  return [
    ...wrap(`agent ${nameText(agent)} · tool ${nameText(tool)} · binding ${binding} · mode ${mode}`, columns),
    ...wrap(outcomeLine(report), columns),
    // The message is safe already; escaping twice changes nothing.
    ...wrap(safe(report.message), columns),
    ...(report.besides === undefined ? [] : wrap(safe(report.besides), columns)),
    ...(mode === "shadow" ? wrap("shadow mode: this is only what would happen", columns) : []),
    ...(report.supposed ?? []).flatMap((words) => wrap(safe(`supposed: ${words}`), columns)),
    ...(candidates.length === 0 ? [] : ["", ...table(report, columns)]),
    ...(tool === DELEGATE_TOOL ? [] : ["", ...wrap(ageLine(report.snapshotAgeMs), columns)]),
  ].join("\n");
}

function outcomeLine({ rule, outcome, node, transport, besides }: ExplainReport): string {
  if (besides !== undefined) return "this tool is not placed, and what rules would place is refused";
  if (rule === null) return outcome === "refused" ? "refused: nothing runs" : "no rule → OpenClaw decides";
  const target =
    outcome === "placed"
      ? `${nameText(node ?? "")} over ${transport}`
      : outcome === "refused"
        ? "refused"
        : "gateway";
  return `rule ${nameText(rule)} → ${target}`;
}

function ageLine(ageMs: number | null): string {
  return ageMs === null ? "the node list has never been read" : `node list read ${roughDuration(ageMs)} ago`;
}

/** Columns: node, result, score (only when the rule prefers something), why. */
function table(report: ExplainReport, columns: number): readonly string[] {
  const { candidates } = report;
  const scored = candidates.some(({ score }) => score !== null);
  const nameColumns = Math.min(
    MAX_NAME_COLUMNS,
    Math.floor(columns * 0.4),
    candidates.reduce((widest, { node }) => Math.max(widest, displayWidth(nameText(node))), 4),
  );
  const row = (name: string, result: string, score: string, why: string): readonly string[] => {
    const middle = padEnd(result, 6) + (scored ? GAP + padStart(score, 6) : "");
    const left = nameColumns + 2 * GAP.length + displayWidth(middle);
    const names = wrap(name, nameColumns);
    const whys = wrap(why, columns - left);
    return Array.from({ length: Math.max(names.length, whys.length) }, (_, line) => {
      const cells = [
        padEnd(names[line] ?? "", nameColumns),
        line === 0 ? middle : " ".repeat(displayWidth(middle)),
      ];
      return [...cells, whys[line] ?? ""].join(GAP).trimEnd();
    });
  };
  return [
    ...row(report.tool === DELEGATE_TOOL ? "PEER" : "NODE", "RESULT", "SCORE", "WHY"),
    ...candidates.flatMap((candidate) =>
      row(
        nameText(candidate.node),
        result(candidate, report.node),
        `${candidate.score ?? "-"}`,
        why(candidate),
      ),
    ),
  ];
}

function result({ node, fits }: CandidateReport, chosen: string | null): string {
  return node === chosen ? "chosen" : fits ? "fits" : "no";
}

function why({ reason, detail, scores }: CandidateReport): string {
  if (reason !== null) return safe(detail === undefined ? reason : `${reason}: ${detail}`);
  return Object.entries(scores)
    .map(([key, value]) =>
      key === NEAR_SCORE ? `near ${value} ms` : `${safe(key)} ${value > 0 ? "+" : ""}${value}`,
    )
    .join("; ");
}
