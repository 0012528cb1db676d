// The commands behind `openclaw node-router`: ask the running plugin, print, say the exit code.

import { hostname, userInfo } from "node:os";
import { isMistake } from "../../../shared/errorCatalogue.ts";
import { messageOf } from "../../../shared/errors.ts";
import { normalizeAgentId, normalizeToolName } from "../../../shared/hostNames.ts";
import { fieldOf, itemsOf } from "../../../shared/jsonParts.ts";
import { knownFields } from "../../../shared/knownFields.ts";
import { refusal, refusalLine } from "../../../shared/refusal.ts";
import { safe, safeJson } from "../../../shared/safeText.ts";
import { parseSpan } from "../../../shared/timeSpan.ts";
import { SENTENCE_END, withoutEnd } from "../../../shared/withoutEnd.ts";
import { reportText } from "../../explain/explainText.ts";
import type { ExplainReport } from "../../explain/report.ts";
import type { VerifyReport } from "../../ledger/verify.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import type { CordonAnswer, UncordonAnswer } from "../methods/cordonMethods.ts";
import { codeOf } from "../methods/errorDetails.ts";
import type { CallsReport } from "../methods/ledgerMethods.ts";
import type { GuardReport } from "../methods/methods.ts";
import type { PairedReport } from "../methods/nameMethods.ts";
import type { PlanReport, TestReport } from "../methods/planMethods.ts";
import type { ProbeReport } from "../methods/sshMethods.ts";
import type { EventsReport } from "../reports/eventsReport.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { callsText, verifyText } from "./callsText.ts";
import { type CommandName, type CommandOptions, usageProblem } from "./commandUsage.ts";
import { readConfigFile } from "./configFile.ts";
import { cordonAnswerText, DEFAULT_DRAIN_MS, runDrain, uncordonText } from "./drainCommand.ts";
import { eventsText } from "./eventsText.ts";
import { followCalls } from "./followCalls.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { nodesText } from "./nodesText.ts";
import { EXIT_FINDING, EXIT_OK, EXIT_USAGE, type Output } from "./output.ts";
import { planText, testsText } from "./planText.ts";
import { doctorText, guardText, pairedText } from "./reportText.ts";
import { runSetupCommand } from "./setupCommand.ts";
import { probeText } from "./sshText.ts";
import { statusText } from "./statusText.ts";
import type { Terminal } from "./terminal.ts";
import { runTrust } from "./trustCommand.ts";
import { watchInterval, watchNodes } from "./watch.ts";

export type { CommandName, CommandOptions } from "./commandUsage.ts";

/** A thousand MiB of records take some seconds. */
const VERIFY_MS = 120_000;

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
    // Whoever asks what changes must not take "nobody knows" for it.
    return name === "plan" ? EXIT_USAGE : EXIT_FINDING;
  }
};

/** A tool that the plugin does not know may be another plugin's: OpenClaw's own list says so. */
async function explain(
  ask: AskGateway,
  agent: string,
  tool: string,
  supposed: object,
): Promise<ExplainReport> {
  try {
    return await ask<ExplainReport>("noderouter.explain", { agent, tool, ...supposed });
  } catch (error) {
    if (codeOf(error) !== "TOOL_UNKNOWN") throw error;
    const wanted = normalizeToolName(tool);
    const listed = await ask<unknown>("tools.catalog", { agentId: normalizeAgentId(agent) }).catch(
      () => null,
    );
    if (!toolsOf(listed).includes(wanted)) throw error;
    return ask<ExplainReport>("noderouter.explain", { agent, tool: wanted, toolExists: true, ...supposed });
  }
}

/** `{ groups: [{ tools: [{ id }] }] }`, as OpenClaw's `tools.catalog` answers. */
function toolsOf(catalog: unknown): readonly unknown[] {
  const tools = itemsOf(fieldOf(catalog, "groups")).flatMap((group) => itemsOf(fieldOf(group, "tools")));
  return tools.map((tool) => fieldOf(tool, "id"));
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
      const { down, cordon, require, at } = options;
      const supposed = knownFields({ down: namesOf(down), cordon: namesOf(cordon), require, at });
      const report = await explain(ask, options.agent ?? "", options.tool ?? "exec", supposed);
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
    case "cordon":
      return tell(await ask<CordonAnswer>("noderouter.cordon", cordonParams(options)), cordonAnswerText);
    case "uncordon": {
      const which = options.all === true ? { all: true } : { node: options.node?.trim() };
      return tell(await ask<UncordonAnswer>("noderouter.uncordon", which), uncordonText);
    }
    case "drain": {
      const { move, json = false, timeout = "" } = options;
      const timeoutMs = parseSpan(timeout.trim()) ?? DEFAULT_DRAIN_MS;
      const params = { ...cordonParams(options), ...(move === true ? { move } : {}) };
      return runDrain({ params, timeoutMs, json }, ask, out, machine);
    }
    case "plan": {
      const read = await readConfigFile(options.node?.trim() ?? "");
      if (!read.ok) {
        out.fail(safe(read.message));
        return EXIT_USAGE;
      }
      const { document } = read;
      const how = { as: options.as, down: namesOf(options.down), oneByOne: options.allDownOneByOne };
      const report = await ask<PlanReport>("noderouter.plan", { document, ...knownFields(how) });
      const { valid, changes, sessions, guards } = report;
      const code = tell(report, planText, () => changes.length + sessions.length + guards.length === 0);
      return valid ? code : EXIT_USAGE;
    }
    case "test":
      return tell(await ask<TestReport>("noderouter.test", {}), testsText, ({ tests }) =>
        tests.every(({ passed }) => passed),
      );
    case "calls": {
      const { agent, node, rule, outcome, since, limit, follow = false, json = false } = options;
      const texts = { agent, node, rule, outcome, since };
      const params = {
        ...knownFields(texts),
        ...(limit === undefined ? {} : { limit: Number(limit) }),
        ...(json ? {} : { reasons: true }),
      };
      if (!follow) {
        const report = await ask<CallsReport>("noderouter.calls", params);
        return tell(report, () => callsText(report, out.columns));
      }
      await followCalls(params, json, ask, out, machine);
      return EXIT_OK;
    }
    case "ledger": {
      const report = await ask<VerifyReport>(
        "noderouter.ledger",
        knownFields({ head: options.head }),
        VERIFY_MS,
      );
      return tell(
        report,
        () => verifyText(report, out.columns),
        ({ ok }) => ok,
      );
    }
    case "probe":
      return tell(
        await ask<ProbeReport>("noderouter.probe", { node: options.node }),
        probeText,
        ({ ok }) => ok,
      );
  }
};

/** Who sits at this terminal is its word; by which client it came the gateway adds. */
function cordonParams({ node, reason, for: span }: CommandOptions): Readonly<Record<string, unknown>> {
  const by = `${userInfo().username}@${hostname()}`;
  return { node: node?.trim(), by, ...knownFields({ reason: reason?.trim(), for: span?.trim() }) };
}

function namesOf(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(",").map((name) => name.trim());
  return names?.filter((name) => name !== "");
}

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
