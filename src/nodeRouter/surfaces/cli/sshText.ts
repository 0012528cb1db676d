// What `trust` and `probe` show in a terminal, at most 100 columns. Pure but for colour.

import { wrap } from "../../../shared/displayWidth.ts";
import { nameText, safe } from "../../../shared/safeText.ts";
import type { ProbeReport, TrustReport } from "../methods/sshMethods.ts";
import { COLUMNS, paint, table } from "./output.ts";

const DASH = "-";

/** The keys that a machine offers, what is known of each, and what is to be done. */
export function trustText(report: TrustReport): string {
  const machine =
    report.jumpHost === null
      ? `node ${nameText(report.node)}`
      : `jump host ${report.jumpHost} on the way to node ${nameText(report.node)}`;
  const rows = report.keys.map((key) => [
    key.type === "ssh-rsa" && key.bits !== null ? `${key.type} (${key.bits} bits)` : key.type,
    key.fingerprint,
    key.state === "unknown" ? "not known" : key.state,
  ]);
  const sources = report.keys.filter(({ source }) => source !== null);
  return [
    ...wrap(safe(`${machine} · ${report.address} · known_hosts name ${report.name}`), COLUMNS),
    "",
    table(["TYPE", "FINGERPRINT", "STATE"], rows),
    ...(sources.length === 0
      ? []
      : [
          "",
          ...sources.flatMap((key) => wrap(safe(`${key.type}: ${key.state} · ${key.source ?? ""}`), COLUMNS)),
        ]),
    ...(report.tailscale === null ? [] : ["", ...wrap(safe(`Tailscale: ${report.tailscale}`), COLUMNS)]),
    ...(report.recorded === null
      ? []
      : ["", ...wrap(safe(`recorded ${report.recorded} in ${report.file ?? ""}`), COLUMNS)]),
  ].join("\n");
}

/** Each step of a connection with its time in ms, and how it ended. */
export function probeText(report: ProbeReport): string {
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
    ...wrap(safe(`node ${nameText(report.node)} · ${report.way ?? "no connection"}`), COLUMNS),
    "",
    table([...(hosts.size > 1 ? ["HOST"] : []), "STEP", "RESULT", "MS", "DETAIL"], rows, { wrapLast: true }),
    "",
    `${result} in ${total} ms`,
    ...(report.problem === null ? [] : ["", ...wrap(safe(report.problem), COLUMNS)]),
  ].join("\n");
}
