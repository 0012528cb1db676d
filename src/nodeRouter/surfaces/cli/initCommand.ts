// `init`: from an installed plugin to the first routed call: asks what nobody can know, shows, writes once, tries.
import { formatPath } from "../../../config/problems/path.ts";
import { quote, safe } from "../../../shared/safeText.ts";
import { waitFor } from "../../setup/commonSteps.ts";
import type { ConfigEdit } from "../../setup/edit/configEdit.ts";
import { editRefused } from "../../setup/edit/editRefusal.ts";
import type { EditReport } from "../methods/editMethod.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import type { StatusReport } from "../reports/statusReport.ts";
import { consentProblem, EDIT_MS, type EditOptions, showEdit } from "./editCommand.ts";
import { undoTexts } from "./editText.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { initAnswers, readWishes } from "./initAnswers.ts";
import { nodeQuestion, typedPlace, unroutedAgents } from "./initQuestions.ts";
import { type Trial, tryAgent } from "./initTrial.ts";
import { EXIT_FINDING, EXIT_OK, type Output, paint } from "./output.ts";
import { slowLine, stepLine } from "./setupText.ts";
import type { Terminal } from "./terminal.ts";

/** As commander hands them over. */
export interface InitOptions extends Pick<EditOptions, "dryRun" | "yes" | "json" | "output"> {
  readonly place?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly route?: readonly string[] | undefined;
  readonly print?: boolean | undefined;
}

/** What `init` prints as JSON once it has written. */
export interface InitResult extends EditReport {
  /** Whether the gateway has taken it over within a minute. */
  readonly inForce: boolean;
  readonly trials: readonly Trial[];
}

const IN_FORCE_MS = 60_000;

/** What is wrong with how it was called; null when nothing is. */
export function initUsageProblem(options: InitOptions, canAsk: boolean): string | null {
  const wishes = readWishes(options);
  if (typeof wishes === "string") return wishes;
  return options.print === true ? null : consentProblem("init", options, canAsk);
}

/** The exit code: 0 when it is written and each agent that it routes ran `hostname`, or nothing was to be done. */
export async function runInit(
  options: InitOptions,
  ask: AskGateway,
  out: Output,
  machine: Terminal,
): Promise<number> {
  const { json = false, print = false, dryRun = false, yes } = options;
  const wishes = readWishes(options);
  if (typeof wishes === "string") throw new Error(wishes);
  const say = (text: string) => (json || print ? undefined : out.print(text));
  const done = (step: string, fact: string) =>
    say(stepLine({ step, state: "done", fact, ms: 0 }, out.columns));
  const [{ nodes }, status] = await Promise.all([
    ask<NodesReport>("noderouter.nodes", {}),
    ask<StatusReport>("noderouter.status", {}),
  ]);
  const questions = nodes.map(nodeQuestion);
  const agents = unroutedAgents(status.agents);
  const ruled = status.agents.filter(({ agent }) => !agents.includes(agent));
  const taken = ruled.find(({ agent }) => wishes.routes.has(agent));
  if (taken !== undefined) {
    const has = taken.rule === null ? "an error in its config" : `rule ${quote(taken.rule)}`;
    const advice = `See "openclaw node-router explain --agent ${taken.agent}"`;
    const why = editRefused(`agent ${quote(taken.agent)} has ${has} already`, advice);
    out.fail(safe(why.message));
    return EXIT_FINDING;
  }
  const elsewhere = questions.find(({ name, declared }) => {
    const wished = wishes.places.get(name);
    if (wished === undefined || declared === null) return false;
    const isCity = wished.city === undefined || declared.city === undefined || wished.city === declared.city;
    return wished.country !== declared.country || !isCity;
  });
  if (elsewhere?.declared != null) {
    const advice = `Change ${formatPath(["nodes", elsewhere.name, "location"])}, or leave --place out`;
    const fact = `node ${quote(elsewhere.name)} is declared to be in ${typedPlace(elsewhere.declared)} already`;
    out.fail(safe(editRefused(fact, advice).message));
    return EXIT_FINDING;
  }
  done(
    "gateway",
    `${counted(nodes.length, "node")}, ${counted(agents.length, "agent")} without a rule, ${ruled.length} with one`,
  );
  for (const line of missingNodes(nodes)) say(line);
  const asks = yes === true || json || print ? undefined : out.question;
  // Whoever stops it answers nothing more.
  const question =
    asks === undefined ? null : async (text: string) => (machine.stop.aborted ? "-" : asks(text));
  const answers = await initAnswers(questions, agents, wishes, { question, say });
  if (machine.stop.aborted) {
    out.fail("interrupted: nothing was written");
    return EXIT_FINDING;
  }
  const edit: ConfigEdit = { kind: "init", ...answers };
  if (print) {
    const { patch } = await ask<EditReport>("noderouter.edit", { edit, dryRun: true }, EDIT_MS);
    out.data(patch);
    return EXIT_OK;
  }
  const asked = await showEdit(edit, { json, dryRun, yes: yes === true }, ask, out);
  if (asked === "same" && answers.rules.length === 0 && agents.length > 0)
    say("No agent is routed by that: say where one may run with --route <agent>=<selector>.");
  if (asked === "same" || asked === "no") return asked === "same" ? EXIT_OK : EXIT_FINDING;
  const report = await ask<EditReport>("noderouter.edit", { edit, ...asked }, EDIT_MS);
  done(
    "config",
    `${counted(report.changes.length, "change")} and ${counted(report.settings.length, "setting")} of the guard written`,
  );
  const routed = answers.rules.flatMap((rule) => rule.agents);
  say(slowLine("in force"));
  const inForce = await waitFor(machine, IN_FORCE_MS, () => areRouted(routed, ask));
  const trials: Trial[] = [];
  for (const agent of inForce && !machine.stop.aborted ? routed : []) {
    const trial = await tryAgent(agent, ask);
    trials.push(trial);
    say(trialLine(trial));
  }
  const result: InitResult = { ...report, inForce, trials };
  if (json) out.data(result);
  else for (const line of undoTexts(report)) out.print(line);
  if (!inForce)
    out.fail(
      machine.stop.aborted
        ? "interrupted: the change is written, and nothing was tried"
        : `the gateway did not take over the change within ${IN_FORCE_MS / 1000} s`,
    );
  return inForce && trials.every(({ ok }) => ok) ? EXIT_OK : EXIT_FINDING;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What of the machines is still to be done, and not by this command. */
function missingNodes(nodes: NodesReport["nodes"]): readonly string[] {
  if (nodes.length === 0)
    return [
      'No node is known: pair one with OpenClaw, or make a machine with SSH one: "openclaw node-router add <host>".',
    ];
  return nodes
    .filter(({ approval }) => approval === "pending")
    .map(
      ({ name }) =>
        `node ${quote(name)} waits for approval: see "openclaw nodes pending", then "openclaw nodes approve <request>"`,
    );
}

/** Whether a rule speaks for each of them. */
async function areRouted(routed: readonly string[], ask: AskGateway): Promise<boolean> {
  if (routed.length === 0) return true;
  const { agents } = await ask<StatusReport>("noderouter.status", {});
  return routed.every((id) => agents.some(({ agent, rule }) => agent === id && rule !== null));
}

function trialLine({ agent, node, ok, said, problem }: Trial): string {
  if (ok)
    return stepLine({
      step: "trial",
      state: "done",
      fact: `${agent}: hostname on ${node}${said === null ? " runs" : ` says ${said}`}`,
      ms: 0,
    });
  return `${paint("red", "failed")}  trial     ${safe(`${agent}: ${node === null ? "" : `${node}: `}${problem ?? ""}`)}`;
}
