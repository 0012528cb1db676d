// Reports as terminal text, at most 100 columns. Pure but for colour.

import { safe } from "../../safeText.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import { wrap } from "../explain/displayWidth.ts";
import { placeText } from "../explain/message.ts";
import type { GuardReport } from "../gatewayMethods/methods.ts";
import { HOOKS_NOT_LIVE } from "../liveness.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { paint, table } from "./output.ts";

const DASH = "-";
const COLUMNS = 100;

export function statusText(report: StatusReport): string {
  const { counters, nodes } = report;
  const hooks = { live: paint("green", "live"), starting: "starting", "not-live": paint("red", "NOT LIVE") }[
    report.hooks
  ];
  const unknown = nodes.unknown === 0 ? "" : `, ${nodes.unknown} unknown`;
  const rows = report.agents.map((agent) => [
    agent.agent,
    agent.rule ?? DASH,
    agent.outcome === "unrouted" ? "(OpenClaw decides)" : (agent.node ?? "(refused)"),
    agent.transport ?? DASH,
    agent.presence ?? DASH,
    agent.guard ?? DASH,
  ]);
  const refused = report.agents.filter((agent) => agent.outcome === "refused");
  const isIdle = report.agents.every((agent) => agent.rule === null && agent.outcome === "unrouted");
  return [
    `node-router ${report.version} · mode ${report.mode} · hooks ${hooks} · nodes ${nodes.online}/${nodes.total} online${unknown}`,
    `calls placed ${counters.placed} · refused ${counters.refused} · mismatches ${counters.mismatches} · without hooks ${counters.missed}`,
    ...(isIdle
      ? ["no rule names any of these agents, so OpenClaw decides where their tools run"]
      : report.hooks === "not-live"
        ? wrap(HOOKS_NOT_LIVE, COLUMNS)
        : []),
    ...(report.mode === "shadow" ? ["shadow mode: this is only what would happen"] : []),
    "",
    table(["AGENT", "RULE", "NODE", "TRANSPORT", "PRESENCE", "GUARD"], rows),
    ...sshTable(report.ssh),
    ...auditLine(report.audit),
    ...(refused.length === 0
      ? []
      : ["", ...refused.flatMap((agent) => wrap(safe(`${agent.agent}: ${agent.message}`), COLUMNS))]),
    ...(report.problems.length === 0
      ? []
      : [
          "",
          ...report.problems.flatMap((p) => wrap(safe(`${p.severity}: ${p.path}: ${p.message}`), COLUMNS)),
        ]),
  ].join("\n");
}

/** Nothing before the first record. */
function auditLine(audit: StatusReport["audit"]): readonly string[] {
  if (audit === null || (audit.written === 0 && audit.lastError === null)) return [];
  const lost = audit.failed === 0 ? "" : ` · ${audit.failed} lost`;
  const error = audit.lastError === null ? "" : ` · failing: ${safe(audit.lastError)}`;
  return ["", `audit ${audit.mode} · ${audit.written} written${lost}${error}`];
}

/** Nothing before the first connection. */
function sshTable(ssh: StatusReport["ssh"]): readonly string[] {
  if (ssh.length === 0) return [];
  const rows = ssh.map((node) => [
    node.node,
    ...[node.connected, node.free, node.pending, node.queued, node.running, node.size].map(String),
  ]);
  return ["", table(["SSH NODE", "CONNECTED", "FREE", "PENDING", "QUEUED", "RUNNING", "SIZE"], rows)];
}

export function nodesText(report: NodesReport): string {
  if (report.nodes.length === 0)
    return "No nodes are known: none is paired with this gateway, and none is configured.";
  const rows = report.nodes.map((node) => [
    node.name,
    node.nodeId?.slice(0, 12) ?? DASH,
    node.online === null ? "unknown" : node.online ? "online" : "offline",
    node.approval,
    node.os ?? DASH,
    placeText(node.location),
    node.transports.join("+") || DASH,
    Object.entries(node.tags)
      .filter(([key]) => !key.startsWith("node."))
      .map(([key, value]) => (value === "" ? key : `${key}=${value}`))
      .join(",") || DASH,
  ]);
  const ghosts = report.nodes.filter((node) => node.ghostIds.length > 0);
  return [
    table(["NODE", "ID", "PRESENCE", "APPROVAL", "OS", "PLACE", "REACHED BY", "TAGS"], rows),
    ...ghosts.flatMap((node) =>
      wrap(
        safe(`${node.name}: ${node.ghostIds.length} more paired id(s) of the same display name, not used`),
        COLUMNS,
      ),
    ),
  ].join("\n");
}

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

export function guardText(report: GuardReport): string {
  if (report.agents.length === 0) return "No agent's exec is routed, so there is nothing to guard.";
  return report.agents
    .map((plan) => {
      const state = plan.changes.length > 0 && report.applied ? "written" : plan.state;
      return [
        ...wrap(safe(`${plan.agent} · rule ${plan.rule ?? DASH} · ${state}`), COLUMNS),
        ...plan.changes.flatMap(({ path, current, value }) =>
          indented(`${path}: ${String(current ?? "(unset)")} -> ${String(value ?? "(unset)")}`),
        ),
        ...(plan.note === null ? [] : indented(plan.note)),
      ].join("\n");
    })
    .join("\n");
}

function indented(text: string): readonly string[] {
  return wrap(safe(text), COLUMNS - 2).map((line) => `  ${line}`);
}

/** The label, and the text beside it, line under line. */
function labelled(label: string, text: string): readonly string[] {
  const room = COLUMNS - label.length - 3;
  return wrap(safe(text), room).map(
    (line, index) => `  ${index === 0 ? label : " ".repeat(label.length)} ${line}`,
  );
}
