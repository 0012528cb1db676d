// One use of a command behind `openclaw node-router`: is it written right, what does it say, and with which exit code.
import { isMistake } from "../../../shared/errorCatalogue.ts";
import { safe } from "../../../shared/safeText.ts";
import { codeOf } from "../methods/errorDetails.ts";
import { callFailure } from "./callFailure.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { usageProblem, withArgument } from "./commandUsage.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { dataText, formatOf, isData } from "./listing.ts";
import { EXIT_FINDING, EXIT_USAGE, type Output, type Streams } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";
import { type CommandName, VERBS } from "./verbs.ts";

export type { CommandOptions } from "./commandOptions.ts";
export type { CommandName } from "./verbs.ts";

/** Runs one command; the result is the exit code. Never throws. */
export async function runCommand(
  name: CommandName,
  written: CommandOptions,
  ask: AskGateway,
  streams: Streams,
  machine: Terminal,
): Promise<number> {
  const verb: Verb = VERBS[name];
  const given = withArgument(name, verb, written);
  const wrong = typeof given === "string" ? given : usageProblem(verb, given, machine.now(), streams);
  if (typeof given === "string" || wrong !== null) {
    streams.fail(safe(wrong ?? ""));
    return EXIT_USAGE;
  }
  const format = formatOf(given);
  const options = { ...given, json: isData(format) };
  const out: Output = {
    print: streams.print,
    fail: streams.fail,
    question: streams.question,
    get columns() {
      return streams.columns;
    },
    data: (report) => streams.print(dataText(report, format)),
  };
  try {
    return await verb.run({ options, ask, out, machine });
  } catch (error) {
    const message = callFailure(name, error);
    // A name that nobody has is an answer, not a failure to get one.
    const code = codeOf(error);
    if (options.json && code !== null && isMistake(code)) out.data({ error: { code, message } });
    out.fail(safe(message));
    return verb.exitUnanswered ?? EXIT_FINDING;
  }
}
