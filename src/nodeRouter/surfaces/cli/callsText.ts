// What `calls` and `ledger verify` show in a terminal. Pure.
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import type { VerifyReport } from "../../ledger/verify.ts";
import type { CallsReport } from "../methods/ledgerMethods.ts";
import { type Cell, COLUMNS, DASH, table, textLines } from "./output.ts";

type Call = CallsReport["calls"][number];

const HEADER = ["TIME", "AGENT", "TOOL", "OUTCOME", "NODE", "MS", "WHY"];

/** @param columns width of the terminal. */
export function callsText({ calls }: CallsReport, columns: number = COLUMNS): string {
  if (calls.length === 0) return "No such call is in the ledger.";
  return table(HEADER, calls.map(cells), { columns, drop: ["MS", "TOOL"], keep: ["AGENT"], wrapLast: true });
}

/** One call as a line of a log. */
export function callLine(call: Call): string {
  const [time, agent, tool, outcome, node, ms, why] = cells(call).map((cell) =>
    typeof cell === "string" ? cell : cell.text,
  );
  const end = ms === DASH ? "" : ` in ${ms} ms`;
  return safe(`${time}  ${agent}  ${tool}  ${outcome}  ${node}${end}${why === "" ? "" : `  ${why}`}`);
}

function cells({ at, agent, tool, rule, outcome, node, transport, place, code, ms, reason }: Call): Cell[] {
  const country = place === null ? "" : ` (${place.country}, ${place.source})`;
  const over = transport === null ? "" : ` over ${transport}`;
  const by = rule === null ? [] : [`rule ${nameText(rule)}`];
  return [
    at.replace("T", " ").replace(/\.\d+Z$/, "Z"),
    agent === null ? DASH : nameText(agent),
    nameText(tool),
    outcome,
    node === null ? DASH : `${nameText(node)}${country}${over}`,
    ms === null ? DASH : String(ms),
    [...by, code, reason].filter((part) => part != null).join(" · "),
  ];
}

export function verifyText(report: VerifyReport, columns: number = COLUMNS): string {
  const { ok, files, records, unsealed, torn, forks, head, findings, found } = report;
  const lines = findings.flatMap(({ file, line, text }) =>
    textLines(`${line === null ? quote(file) : `${quote(file)}, line ${line}`}: ${text}`, columns),
  );
  const more = found > findings.length ? [`and ${found - findings.length} more`] : [];
  const parts = [
    `${records} records in ${files} ${files === 1 ? "file" : "files"}`,
    ...(unsealed === 0 ? [] : [`${unsealed} older ones without a seal`]),
    ...(torn === 0
      ? []
      : [`${torn} torn ${torn === 1 ? "line" : "lines"}, as a crash or a full disk leaves`]),
    ...(forks === 0 ? [] : [`${forks} written beside another gateway's`]),
  ];
  const verdict = ok
    ? "The chain holds. Whether its end was cut off while the gateway was stopped, only a head that is kept elsewhere can tell."
    : "The chain does not hold.";
  return [
    ...lines,
    ...more,
    ...(lines.length === 0 ? [] : [""]),
    ...textLines(parts.join(" · "), columns),
    ...(head === null ? [] : textLines(`head ${head.n} ${head.hash}`, columns)),
    ...textLines(verdict, columns),
  ].join("\n");
}
