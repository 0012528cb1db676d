// The commands behind `openclaw node-router`: ask the running plugin, print, say the exit code.

import { isMistake } from "../../../shared/errorCatalogue.ts";
import { messageOf } from "../../../shared/errors.ts";
import { normalizeAgentId, normalizeToolName } from "../../../shared/hostNames.ts";
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { knownFields } from "../../../shared/knownFields.ts";
import { refusal, refusalLine } from "../../../shared/refusal.ts";
import { quote, safe, safeJson } from "../../../shared/safeText.ts";
import { SENTENCE_END, withoutEnd } from "../../../shared/withoutEnd.ts";
import { reportText } from "../../explain/explainText.ts";
import type { ExplainReport } from "../../explain/report.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import { codeOf } from "../methods/errorDetails.ts";
import type { GuardReport } from "../methods/methods.ts";
import type { PairedReport } from "../methods/nameMethods.ts";
import type { ProbeReport } from "../methods/sshMethods.ts";
import type { EventsReport } from "../reports/eventsReport.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import { parseSince, SINCE_HELP } from "../reports/since.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { eventsText } from "./eventsText.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { nodesText } from "./nodesText.ts";
import { EXIT_FINDING, EXIT_OK, EXIT_USAGE, type Output } from "./output.ts";
import { doctorText, guardText, pairedText } from "./reportText.ts";
import { runSetupCommand, type SetupOptions, setupUsageProblem } from "./setupCommand.ts";
import { probeText } from "./sshText.ts";
import { statusText } from "./statusText.ts";
import type { Terminal } from "./terminal.ts";
import { runTrust } from "./trustCommand.ts";
import { watchInterval, watchNodes } from "./watch.ts";

export interface CommandOptions extends SetupOptions {
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Seconds between two looks; true: the default. */
  readonly watch?: string | boolean | undefined;
  readonly since?: string | undefined;
  /** An inventory name, or a machine: positional, and an option of `events`. */
  readonly node?: string | undefined;
  /** Of `trust` the fingerprint to record without asking. */
  readonly yes?: string | boolean | undefined;
  /** Id of the paired node that the name stands for. */
  readonly paired?: string | undefined;
}

export type CommandName =
  | "status"
  | "nodes"
  | "events"
  | "explain"
  | "doctor"
  | "guard"
  | "trust"
  | "probe"
  | "add"
  | "join";

type Run = (
  name: CommandName,
  options: CommandOptions,
  ask: AskGateway,
  out: Output,
  machine: Terminal,
) => Promise<number>;

/** Runs one command; the result is the exit code. Never throws. */
export const runCommand: Run = async (name, options, ask, out, machine) => {
  const wrong = usageProblem(name, options, machine.now(), out);
  if (wrong !== null) {
    out.fail(wrong);
    return EXIT_USAGE;
  }
  try {
    return await run(name, options, ask, out, machine);
  } catch (error) {
    const message = failure(name, error);
    // A name that nobody has is an answer, not a failure to get one.
    const code = codeOf(error);
    if (options.json === true && code !== null && isMistake(code))
      out.print(safeJson({ error: { code, message } }));
    out.fail(safe(message));
    return EXIT_FINDING;
  }
};

/** A tool that the plugin does not know may be another plugin's: OpenClaw's own list says so. */
async function explain(ask: AskGateway, agent: string, tool: string): Promise<ExplainReport> {
  try {
    return await ask<ExplainReport>("noderouter.explain", { agent, tool });
  } catch (error) {
    if (codeOf(error) !== "TOOL_UNKNOWN") throw error;
    const wanted = normalizeToolName(tool);
    const listed = await ask<unknown>("tools.catalog", { agentId: normalizeAgentId(agent) }).catch(
      () => null,
    );
    if (!toolsOf(listed).includes(wanted)) throw error;
    return ask<ExplainReport>("noderouter.explain", { agent, tool: wanted, toolExists: true });
  }
}

/** `{ groups: [{ tools: [{ id }] }] }`, as OpenClaw's `tools.catalog` answers. */
function toolsOf(catalog: unknown): readonly unknown[] {
  const tools = itemsOf(fieldOf(catalog, "groups")).flatMap((group) => itemsOf(fieldOf(group, "tools")));
  return tools.map((tool) => fieldOf(tool, "id"));
}

/** What is wrong with how the command was called; null when nothing is. */
function usageProblem(
  name: CommandName,
  options: CommandOptions,
  nowMs: number,
  out: Pick<Output, "question">,
): string | null {
  const { agent, node, watch, since, yes, paired } = options;
  if (name === "add" || name === "join") return setupUsageProblem(name, options, out.question !== undefined);
  if (name === "explain" && !agent?.trim()) {
    return "explain needs an agent: openclaw node-router explain --agent <id> [--tool exec]";
  }
  if ((name === "trust" || name === "probe") && !node?.trim()) {
    return `${name} needs a node: openclaw node-router ${name} <node>`;
  }
  if (name === "trust" && paired !== undefined && (yes !== undefined || paired.trim() === "")) {
    return yes === undefined
      ? "--paired takes the id of a paired node; openclaw node-router doctor lists them"
      : "trust takes --yes (an SSH host key) or --paired (a paired node), not both";
  }
  if (watch !== undefined && watch !== false && watchInterval(watch) === null) {
    return `--watch takes seconds from 0.5 to 3600, not ${quote(String(watch))}`;
  }
  if (since !== undefined && parseSince(since.trim(), nowMs) === null) {
    return `--since takes ${SINCE_HELP}, not ${quote(since)}`;
  }
  return null;
}

const run: Run = async (name, options, ask, out, machine) => {
  const tell = <T>(report: T, text: (report: T) => string, isFine: (report: T) => boolean = () => true) => {
    out.print(options.json ? safeJson(report) : text(report));
    return isFine(report) ? EXIT_OK : EXIT_FINDING;
  };
  switch (name) {
    case "status":
      return tell(await ask<StatusReport>("noderouter.status", {}), statusText, isSound);
    case "nodes": {
      const look = () => ask<NodesReport>("noderouter.nodes", {});
      const { watch = false, json = false } = options;
      const intervalMs = watch === false ? null : watchInterval(watch);
      if (intervalMs === null)
        return tell(await look(), (report) => nodesText(report, machine.now(), out.columns));
      await watchNodes({ intervalMs, json }, look, out, machine);
      return EXIT_OK;
    }
    case "events": {
      const { since, node } = options;
      const query = knownFields({ since: since?.trim(), node });
      const report = await ask<EventsReport>("noderouter.events", query);
      return tell(report, () => eventsText(report, out.columns));
    }
    case "explain": {
      const report = await explain(ask, options.agent ?? "", options.tool ?? "exec");
      return tell(report, reportText, ({ outcome }) => outcome !== "refused");
    }
    case "doctor":
      return tell(await ask<DoctorReport>("noderouter.doctor", {}), doctorText, ({ ok }) => ok);
    case "guard": {
      // Whoever may only look may ask for the plan.
      const report =
        options.dryRun === true
          ? await ask<GuardReport>("noderouter.guardPlan", { dryRun: true })
          : await ask<GuardReport>("noderouter.guard", {});
      const isWritten = () => report.applied || report.agents.every(({ changes }) => changes.length === 0);
      return tell(report, guardText, isWritten);
    }
    case "trust": {
      const { node = "", json = false, yes, paired } = options;
      const fingerprint = typeof yes === "string" ? yes : null;
      if (paired === undefined) return runTrust({ node: node.trim(), json, yes: fingerprint }, ask, out);
      return tell(await ask<PairedReport>("noderouter.trust", { node: node.trim(), paired }), pairedText);
    }
    case "add":
    case "join":
      return runSetupCommand(name, options, ask, out, machine);
    case "probe":
      return tell(
        await ask<ProbeReport>("noderouter.probe", { node: options.node }),
        probeText,
        ({ ok }) => ok,
      );
  }
};

function isSound(report: StatusReport): boolean {
  const isRouting = report.agents.some((agent) => agent.rule !== null);
  return (
    (report.hooks !== "not-live" || !isRouting) &&
    report.counters.mismatches === 0 &&
    report.counters.missed === 0 &&
    (report.hosted ?? []).every(({ fits }) => fits !== false) &&
    report.agents.every((agent) => agent.outcome !== "refused") &&
    report.problems.every((problem) => problem.severity !== "error")
  );
}

/** The host says in many ways that nobody answered; to the operator they are one. */
function failure(name: CommandName, error: unknown): string {
  const fact = withoutEnd(messageOf(error), SENTENCE_END);
  if (/unknown method/i.test(fact)) {
    return unreachable(
      `the gateway runs without node-router: ${fact}`,
      'see "openclaw plugins inspect node-router --runtime", then restart the gateway or run "openclaw plugins reload node-router"',
    );
  }
  // It answered, so it runs; our own faults say their code.
  if (isAnswer(error)) return codeOf(error) === null ? `the gateway refused ${name}: ${fact}` : fact;
  return unreachable(
    `node-router could not be asked: ${fact}`,
    'start the gateway with "openclaw gateway run", or name it with --url and --token',
  );
}

function unreachable(fact: string, advice: string): string {
  return refusalLine(refusal("GATEWAY_UNREACHABLE", fact, { advice }));
}

/** Whether the gateway itself said no: the host's client gives such an error the gateway's code. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && "gatewayCode" in error && typeof error.gatewayCode === "string";
}
