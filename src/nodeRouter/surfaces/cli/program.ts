// How commander is built from the table of commands, and how a command reaches the gateway.
import { setTimeout as sleep } from "node:timers/promises";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { parseSpan } from "../../../shared/timeSpan.ts";
import { type CommandOptions, runCommand } from "./commands.ts";
import { habitHint } from "./habits.ts";
import { helpText, ROOT_HELP } from "./helpText.ts";
import { type OfferedNames, offeredNames, valuesOf } from "./optionValues.ts";
import { EXIT_USAGE } from "./output.ts";
import type { Terminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";
import { COMMAND_NAMES, type CommandName, GROUPS, VERBS } from "./verbs.ts";

type Program = Parameters<Parameters<OpenClawPluginApi["registerCli"]>[0]>[0]["program"];

/**
 * Adds `openclaw <name> …` with its commands. Each sets the process's exit code: 0 all is well, 1 something was found,
 * 2 wrong usage.
 */
export async function buildCommands(
  program: Program,
  name: string,
  description: string,
  config: () => unknown = () => undefined,
): Promise<void> {
  const names = offeredNames(config());
  const { addGatewayClientOptions, callGatewayFromCli } = await import("openclaw/plugin-sdk/gateway-runtime");
  const root = program.command(name).description(description);
  root.exitOverride(usageExit).addHelpText("after", ROOT_HELP);
  for (const verbName of COMMAND_NAMES) {
    const verb: Verb = VERBS[verbName];
    const command = root.command(verbName).description(verb.description).helpGroup(groupOf(verb));
    command.exitOverride(usageExit);
    if (verb.argument !== undefined) command.argument(...verb.argument);
    if (verb.second !== undefined) command.argument(...verb.second);
    for (const [flags, help] of verb.options ?? []) command.option(flags, help);
    command.option("-o, --output <format>", outputHelp(verb));
    command.option("--json", "print the report as JSON");
    command.addHelpText("after", helpText(verbName, verb.examples));
    offer(command, verbName, names);
    const act = async (
      [argument, id]: readonly (string | undefined | readonly string[])[],
      options: CommandOptions & Record<string, string>,
    ) => {
      const stop = new AbortController();
      if (options.watch !== undefined || "follow" in options || verb.isLong) stopWith(stop);
      // A number is the host's. A time span is how long a drain waits, and of others the host's in other words.
      const { timeout = "", ...others } = options;
      const span = verb.timeout === undefined ? parseSpan(timeout.trim()) : null;
      const limitMs = /^\d+$/.test(timeout) ? timeout : span === null ? null : String(span);
      const client = limitMs === null ? others : { ...others, timeout: limitMs };
      process.exitCode = await runCommand(
        verbName,
        { ...options, argument: wordsOf(argument), id: wordsOf(id) },
        async <T>(method: string, params: Record<string, unknown>, timeoutMs?: number) => {
          const extra = { progress: false, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
          return (await callGatewayFromCli(method, { ...client, json: true }, params, extra)) as T;
        },
        {
          print: (text) => process.stdout.write(`${text}\n`),
          fail: (text) => process.stderr.write(`${text}\n`),
          // A window can change its size while it is watched.
          get columns() {
            return process.stdout.isTTY ? process.stdout.columns : undefined;
          },
          question:
            process.stdin.isTTY && process.stdout.isTTY
              ? (text) => question(text, () => stop.abort())
              : undefined,
        },
        machineOf(stop.signal, config),
      );
      // A question to a silent gateway may still be open; nobody waits for its answer.
      if (stop.signal.aborted) process.exit();
    };
    // Commander passes the arguments first, then the options, then itself.
    const full = verb.isLocal ? command : addGatewayClientOptions(command);
    full.action((...given) => act(given.slice(0, -2), given.at(-2)));
    const limit = command.options.find(({ long }) => long === "--timeout");
    if (verb.timeout !== undefined && limit !== undefined) limit.description = verb.timeout;
  }
}

function groupOf(verb: Verb): string {
  const group = GROUPS.find(([, verbs]) => Object.values(verbs).includes(verb));
  return group?.[0] ?? "Commands:";
}

/** Here alone, so that no command can lack it. */
function outputHelp({ list, actions }: Verb): string {
  if (list === undefined) return "print as json or yaml";
  const shapes = "wide (nothing is cut), name (a name a line) or tsv (what --sort takes)";
  return actions === undefined
    ? `print as json, yaml, ${shapes}`
    : `print as json or yaml; the list also as ${shapes}`;
}

/** Several words of one argument are joined by blanks. */
function wordsOf(argument: string | undefined | readonly string[]): string | undefined {
  return typeof argument === "object" ? argument.join(" ") : argument;
}

/**
 * Has shells complete what an option may be. Not commander's `choices`: it would refuse a name that is newer than the
 * command's config, and without the nearest one. The help says the words where they are needed.
 */
function offer(command: ReturnType<Program["command"]>, name: CommandName, names: OfferedNames): void {
  const plain = command.createHelp();
  command.configureHelp({
    ...command.configureHelp(),
    optionDescription: (option) =>
      plain.optionDescription(Object.create(option, { argChoices: { value: undefined } })),
  });
  for (const option of command.options) {
    const values = valuesOf(name, option.attributeName(), names);
    if (values !== null && values.length > 0) option.argChoices = [...values];
  }
}

/** Ctrl-C ends a command that would go on for ever, and so does a reader that has read enough. */
function stopWith(stop: AbortController): void {
  process.once("SIGINT", () => stop.abort());
  process.stdout.on("error", () => stop.abort());
}

function machineOf(stop: AbortSignal, config: () => unknown): Terminal {
  return {
    config,
    now: Date.now,
    isTerminal: process.stdout.isTTY === true,
    get rows() {
      return process.stdout.rows ?? 24;
    },
    stop,
    sleep: (ms) => sleep(ms, undefined, { signal: stop }).catch(() => undefined),
  };
}

/** One line from the person at the terminal; empty when they end the input, or stop it all with Ctrl-C. */
async function question(text: string, stop: () => void): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const ended = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
    // While it asks, the key reaches nobody else.
    reader.once("SIGINT", () => {
      stop();
      reader.close();
    });
    return await Promise.race([reader.question(text), ended]);
  } finally {
    reader.close();
  }
}

/** Commander ends with 1 for a wrong option; here 1 is a finding, and wrong usage is 2. */
function usageExit(error: { exitCode: number; message: string }): never {
  const [, typed = ""] = /unknown command '([^']*)'/.exec(error.message) ?? [];
  const hint = habitHint(typed);
  if (hint !== null) process.stderr.write(`${hint}\n`);
  process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
}
