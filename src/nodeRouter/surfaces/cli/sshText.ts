// What `trust` and `probe` show in a terminal. Pure but for colour.
import { nameText } from "../../../shared/safeText.ts";
import type { ProbeReport, TrustReport } from "../methods/sshMethods.ts";
import { COLUMNS, DASH, naturalWidth, paint, paragraph, table, textLines } from "./output.ts";

/** The keys that a machine offers, what is known of each, and what is to be done. */
export function trustText(report: TrustReport, columns: number = COLUMNS): string {
  const machine =
    report.jumpHost === null
      ? `node ${nameText(report.node)}`
      : `jump host ${report.jumpHost} on the way to node ${nameText(report.node)}`;
  const rows = report.keys.map((key): readonly [string, string, string] => [
    key.type === "ssh-rsa" && key.bits !== null ? `${key.type} (${key.bits} bits)` : key.type,
    key.fingerprint,
    key.state === "unknown" ? "not known" : key.state,
  ]);
  const sources = report.keys.filter(({ source }) => source !== null);
  const { tailscale, recorded } = report;
  return [
    ...textLines(`${machine} · ${report.address} · known_hosts name ${report.name}`, columns),
    "",
    keyTable(rows, columns),
    ...paragraph(
      sources.map(({ type, state, source }) => `${type}: ${state} · ${source ?? ""}`),
      columns,
    ),
    ...paragraph(tailscale === null ? [] : [`Tailscale: ${tailscale}`], columns),
    ...paragraph(recorded === null ? [] : [`recorded ${recorded} in ${report.file ?? ""}`], columns),
  ].join("\n");
}

/** A fingerprint is compared with another one, so it is never cut: below its type where there is no room beside it. */
function keyTable(rows: readonly (readonly [string, string, string])[], columns: number): string {
  const header = ["TYPE", "FINGERPRINT", "STATE"];
  if (naturalWidth(header, rows) <= columns) return table(header, rows, { columns });
  return rows
    .flatMap(([type, fingerprint, state]) => [
      ...textLines(`${type} · ${state}`, columns),
      ...textLines(fingerprint, columns),
    ])
    .join("\n");
}

/** Each step of a connection with its time in ms, and how it ended. */
export function probeText(report: ProbeReport, columns: number = COLUMNS): string {
  const hosts = new Set(report.steps.map(({ host }) => host));
  const rows = report.steps.map((step) => [
    ...(hosts.size > 1 ? [step.host] : []),
    step.name,
    step.ok ? "ok" : "FAILED",
    step.ms.toFixed(1),
    // A refusal is told in full below.
    step.ok ? step.detail || DASH : DASH,
  ]);
  const total = report.steps.reduce((sum, { ms }) => sum + ms, 0).toFixed(1);
  const result = report.ok ? paint("green", "ok") : paint("red", "FAILED");
  return [
    ...textLines(`node ${nameText(report.node)} · ${report.way ?? "no connection"}`, columns),
    "",
    table([...(hosts.size > 1 ? ["HOST"] : []), "STEP", "RESULT", "MS", "DETAIL"], rows, {
      columns,
      wrapLast: true,
    }),
    "",
    `${result} in ${total} ms`,
    ...paragraph(report.problem === null ? [] : [report.problem], columns),
  ].join("\n");
}
