// What `status` shows in a terminal. Pure but for colour.
import { refusalText } from "../../../shared/refusal.ts";
import { roughDuration } from "../../../shared/roughDuration.ts";
import { nameText, safe } from "../../../shared/safeText.ts";
import { cordonText } from "../../explain/cordonText.ts";
import { NOT_LIVE } from "../../liveness/liveness.ts";
import { countsText } from "../reports/nodeState.ts";
import type { AgentStatus, StatusReport } from "../reports/statusReport.ts";
import { shortCount } from "../reports/units.ts";
import { COLUMNS, DASH, paint, paragraph, table, textLines } from "./output.ts";
import { stateCell } from "./stateCell.ts";

/** @param columns width of the terminal; coloured where it has colours. */
export function statusText(report: StatusReport, columns: number = COLUMNS): string {
  const { counters, agents } = report;
  const hooks = { live: "live", starting: "starting", "not-live": "NOT LIVE" }[report.hooks];
  const lines = (text: string) => textLines(text, columns);
  const part = (texts: readonly string[]) => paragraph(texts, columns);
  const refused = agents.filter((agent) => agent.outcome === "refused");
  const isIdle = agents.every((agent) => agent.rule === null && agent.outcome === "unrouted");
  return [
    ...lines(
      `node-router ${report.version} · mode ${report.mode} · hooks ${hooks} · ${countsText(report.nodes.states)}`,
    ).map((line) =>
      line
        .replace("hooks live", `hooks ${paint("green", "live")}`)
        .replace("NOT LIVE", paint(isIdle ? "yellow" : "red", "NOT LIVE")),
    ),
    ...lines(
      `calls placed ${counters.placed} · refused ${counters.refused} · mismatches ${counters.mismatches} · without hooks ${counters.missed}${counters.hostedRefused === 0 ? "" : ` · hosted turns refused ${counters.hostedRefused}`}`,
    ),
    ...(isIdle
      ? [
          ...lines("no rule names any of these agents, so OpenClaw decides where their tools run"),
          // Right behind an installation it is so, and nothing is wrong.
          ...(report.hooks === "not-live"
            ? lines("nothing needs the hooks yet; they come to life with the first rule that is written")
            : []),
        ]
      : report.hooks === "not-live"
        ? lines(refusalText(NOT_LIVE))
        : []),
    ...(report.mode === "shadow" ? lines("shadow mode: this is only what would happen") : []),
    "",
    placementTable(agents, columns),
    ...(agents.length === 0 ? [] : ["", agentTable(agents, columns)]),
    ...sshTable(report.ssh, columns),
    ...tunnelTable(report.tunnels ?? [], columns),
    ...discoveryLine(report.discovery, columns),
    ...hostedTable(report.hosted ?? [], columns),
    ...auditLine(report.audit, columns),
    ...part((report.cordons ?? []).map(({ node, cordon }) => `${nameText(node)}: ${cordonText(cordon)}`)),
    ...part((report.busy ?? []).map(busyText)),
    ...part(
      (report.waiting ?? []).map(
        ({ agent, tool, forMs }) =>
          `${nameText(agent)}: ${nameText(tool)} waits for a node, ${roughDuration(forMs)} until now`,
      ),
    ),
    ...part(refused.map((agent) => `${nameText(agent.agent)}: ${agent.message}`)),
    ...part(
      report.sources
        .filter(({ failures }) => failures > 0)
        .map(
          ({ id, failures, lastError }) => `source ${id} fails (${failures} in a row): ${lastError ?? "?"}`,
        ),
    ),
    ...part(report.problems.map((p) => `${p.severity}: ${p.path}: ${p.message}`)),
  ].join("\n");
}

function busyText({
  node,
  running,
  maxRunning,
  ejectedForMs,
}: NonNullable<StatusReport["busy"]>[number]): string {
  const runs = maxRunning === null ? [] : [`runs ${running} of ${maxRunning} calls`];
  const out =
    ejectedForMs === null
      ? []
      : [`ejected for ${roughDuration(ejectedForMs)} more, because calls to it failed`];
  return `${nameText(node)}: ${[...runs, ...out].join("; ")}`;
}

function placementTable(agents: readonly AgentStatus[], columns: number): string {
  const rows = agents.map((agent) => [
    agent.agent,
    agent.rule === null ? DASH : nameText(agent.rule),
    agent.outcome === "unrouted"
      ? "(OpenClaw decides)"
      : agent.node === null
        ? "(refused)"
        : nameText(agent.node),
    agent.transport ?? DASH,
    agent.state === null ? DASH : stateCell(agent.state),
    agent.guard ?? DASH,
  ]);
  return table(["AGENT", "RULE", "NODE", "TRANSPORT", "PRESENCE", "GUARD"], rows, {
    columns,
    drop: ["GUARD", "TRANSPORT"],
    keep: ["NODE", "RULE"],
  });
}

function agentTable(agents: readonly AgentStatus[], columns: number): string {
  const rows = agents.map(({ agent, model, binding, workspace, sessions, tokens, node }) => [
    agent,
    model ?? DASH,
    sessions === null ? DASH : String(sessions),
    tokens === null ? DASH : shortCount(tokens.input + tokens.output),
    binding,
    workspace === null
      ? DASH
      : binding === "workspace"
        ? `${node === null ? "?" : nameText(node)}:${workspace}`
        : workspace,
  ]);
  return table(["AGENT", "MODEL", "SESSIONS", "TOKENS", "BINDING", "WORKSPACE"], rows, {
    columns,
    drop: ["BINDING", "SESSIONS"],
  });
}

/** Nothing before the first record. */
function auditLine(audit: StatusReport["audit"], columns: number): readonly string[] {
  if (audit === null || (audit.written === 0 && audit.lastError === null && audit.full.length === 0))
    return [];
  const lost = audit.failed === 0 ? "" : ` · ${audit.failed} lost`;
  const error = audit.lastError === null ? "" : ` · failing: ${safe(audit.lastError)}`;
  const full = audit.full.map(({ agent }) => (agent === "" ? "nobody" : nameText(agent)));
  const used = full.length === 0 ? "" : ` · share used up: ${full.join(", ")}`;
  const head = audit.head === null ? "" : ` · head ${audit.head.n} ${audit.head.hash}`;
  return paragraph([`audit ${audit.mode} · ${audit.written} written${lost}${used}${error}${head}`], columns);
}

/** Nothing before the first connection. */
function sshTable(ssh: StatusReport["ssh"], columns: number): readonly string[] {
  if (ssh.length === 0) return [];
  const rows = ssh.map((node) => [
    nameText(node.node),
    ...[node.connected, node.free, node.pending, node.queued, node.running, node.size].map(String),
  ]);
  return [
    "",
    table(["SSH NODE", "CONNECTED", "FREE", "PENDING", "QUEUED", "RUNNING", "SIZE"], rows, {
      columns,
      drop: ["SIZE", "PENDING"],
    }),
  ];
}

/** Nothing where none is configured. */
function tunnelTable(tunnels: NonNullable<StatusReport["tunnels"]>, columns: number): readonly string[] {
  if (tunnels.length === 0) return [];
  const rows = tunnels.map(({ node, state, port, connections, retries }) => [
    nameText(node),
    paint(state === "up" ? "green" : "red", state),
    String(port),
    String(connections),
    String(retries),
  ]);
  const why = tunnels.flatMap(({ node, reason }) =>
    reason === null ? [] : [`${nameText(node)}: ${reason}`],
  );
  return [
    "",
    table(["TUNNEL OF", "STATE", "PORT", "CONNECTIONS", "RETRIES"], rows, { columns }),
    ...paragraph(why, columns),
  ];
}

/** Nothing where no variable says anything: the host's name is no news. */
function discoveryLine(discovery: StatusReport["discovery"], columns: number): readonly string[] {
  if (discovery === undefined) return [];
  const { address, sshPort, isHidden } = discovery;
  const isSaid = (source: string) => source.startsWith("OPENCLAW_");
  if (!isHidden && !isSaid(address.source) && !isSaid(sshPort.source)) return [];
  const hidden = isHidden ? " · not told to the local network (OPENCLAW_DISABLE_BONJOUR)" : "";
  return paragraph(
    [`gateway ${address.value} (${address.source}) · ssh port ${sshPort.value} (${sshPort.source})${hidden}`],
    columns,
  );
}

/** Nothing where every session runs on the gateway. */
function hostedTable(hosted: NonNullable<StatusReport["hosted"]>, columns: number): readonly string[] {
  if (hosted.length === 0) return [];
  const rows = hosted.map(({ session, agent, node, state, fits }) => [
    session,
    agent,
    node ?? "(unknown)",
    state,
    fits === null ? DASH : fits ? "yes" : paint("red", "NO"),
  ]);
  const wrong = hosted.flatMap(({ session, problem, fix }) =>
    problem === null ? [] : [`${session}: ${problem}; ${fix ?? ""}`],
  );
  return [
    "",
    table(["HOSTED SESSION", "AGENT", "NODE", "STATE", "FITS"], rows, { columns }),
    ...paragraph(wrong, columns),
  ];
}
