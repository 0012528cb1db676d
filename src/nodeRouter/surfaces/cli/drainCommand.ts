// `cordon`, `uncordon` and `drain`: what they say, and how long a drain waits.
import { messageOf } from "../../../shared/errors.ts";
import { nameText, quote, safe } from "../../../shared/safeText.ts";
import { cordonText } from "../../explain/cordonText.ts";
import type { CordonAnswer, DrainReport, UncordonAnswer } from "../methods/cordonMethods.ts";
import { codeOf } from "../methods/errorDetails.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { COLUMNS, EXIT_FINDING, EXIT_OK, type Output, textLines } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** How often it is looked whether something still runs, and how long by default. Milliseconds. */
const LOOK_MS = 1_000;
export const DEFAULT_DRAIN_MS = 600_000;

/** What the node's cordon is now, and what it was. */
export function cordonAnswerText(
  { node, peer, cordon, before }: CordonAnswer,
  columns: number = COLUMNS,
): string {
  const now = cordon === null ? "not cordoned" : cordonText(cordon);
  const was = before === null ? "" : `; before it was ${cordonText(before)}`;
  const kept = peer ? "no new task is given to it" : "new calls are refused there";
  return textLines(
    `${kindOf(peer)} ${nameText(node)} is ${now}${was}; ${kept}, what runs goes on`,
    columns,
  ).join("\n");
}

function kindOf(peer: boolean): string {
  return peer ? "peer" : "node";
}

/** To which nodes calls may come again. */
export function uncordonText({ lifted }: UncordonAnswer, columns: number = COLUMNS): string {
  return lifted.length === 0
    ? "Nothing was cordoned."
    : textLines(`calls may come again to ${lifted.map(nameText).join(", ")}`, columns).join("\n");
}

export interface DrainOptions {
  /** Parameters of the gateway method. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** The exit code: 0 when nothing runs there any more, 1 when the time is over before. The node stays cordoned. */
export async function runDrain(
  { params, timeoutMs, json }: DrainOptions,
  ask: AskGateway,
  out: Output,
  machine: Terminal,
): Promise<number> {
  const endMs = machine.now() + timeoutMs;
  let report = await ask<DrainReport>("noderouter.drain", params);
  let told = "";
  let isLost = false;
  const tell = (line: string) => {
    if (line !== told && !json) out.fail(safe(line));
    told = line;
  };
  while (!report.done && report.cordon !== null && machine.now() < endMs && !machine.stop.aborted) {
    if (!isLost) tell(`${nameText(report.node)}: waiting for ${runningText(report)}`);
    await machine.sleep(Math.min(LOOK_MS, Math.max(0, endMs - machine.now())));
    try {
      report = await ask<DrainReport>("noderouter.drained", { node: report.node });
      isLost = false;
    } catch (error) {
      // It answered, so it runs; a gateway that restarts comes back, and the cordon with it.
      if (codeOf(error) !== null) throw error;
      isLost = true;
      tell(`the gateway does not answer, this goes on: ${messageOf(error)}`);
    }
  }
  if (json) out.data(report);
  else out.print(drainText(report, out.columns));
  return report.done && report.cordon !== null ? EXIT_OK : EXIT_FINDING;
}

function runningText({ calls, ssh, overNode, tasks }: DrainReport): string {
  const over =
    ssh === null || ssh.running + ssh.queued === 0
      ? []
      : [`${ssh.running} running and ${ssh.queued} queued over SSH`];
  if (overNode !== null && overNode.running > 0)
    over.push(`${overNode.running} running in workspaces over the node protocol`);
  if (tasks === null) over.push("what this gateway's record of delegations says: it is not read yet");
  const given = few(
    tasks ?? [],
    ({ id, agent }) => `delegation ${id}${agent === "" ? "" : ` to ${nameText(agent)}`}`,
  );
  return [...namesOf(calls), ...over, ...given].join(", ");
}

function namesOf(calls: DrainReport["calls"]): readonly string[] {
  return few(calls, ({ agent, tool }) => `${tool} of ${agent}`);
}

function few<T>(all: readonly T[], name: (one: T) => string): readonly string[] {
  const shown = all.slice(0, 5).map(name);
  return all.length > shown.length ? [...shown, `${all.length - shown.length} more`] : shown;
}

/** What the node is now, and what still holds it. */
export function drainText(report: DrainReport, columns: number = COLUMNS): string {
  const { node, peer, cordon, done, untold, sessions, jobs } = report;
  const name = nameText(node);
  const what = `${kindOf(peer)} ${name}`;
  const [idle, busy] = peer
    ? [`no task of this gateway runs at ${name}`, `not ended at ${name}`]
    : [`nothing runs on ${name} that this gateway knows of`, `still running on ${name}`];
  const moves = cordon !== null && cordon !== "unreadable" && cordon.move;
  return [
    cordon === null
      ? `${what} is not cordoned any more: somebody lifted it, or its time is over`
      : `${what} is ${cordonText(cordon)}`,
    done ? idle : `${busy}: ${runningText(report)}`,
    ...(untold.length === 0
      ? []
      : [
          `${untold.length} call(s) were under way when their run ended; whether they have ended only the node knows: ${namesOf(untold).join(", ")}`,
        ]),
    ...(sessions.length === 0
      ? []
      : [
          `${sessions.length} session(s) have their files there and ${moves ? "go elsewhere with their next call" : "wait for it (with --move they go elsewhere)"}: ${sessions.map(({ session }) => quote(session)).join(", ")}`,
        ]),
    ...(jobs.length === 0
      ? []
      : [
          `${jobs.length} detached command(s) were started there, and nobody has heard of their end yet: ${jobs.map(({ job, agent }) => `${job} of ${nameText(agent)}`).join(", ")}`,
        ]),
  ]
    .flatMap((line) => textLines(line, columns))
    .join("\n");
}
