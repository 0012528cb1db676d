// How a command may be called, and what is wrong with how it was.
import { quote } from "../../../shared/safeText.ts";
import type { CommandOptions } from "./commandOptions.ts";
import { formatOf, isData, listProblem } from "./listing.ts";
import { optionProblem } from "./optionProblem.ts";
import type { Streams } from "./output.ts";
import type { Verb } from "./verb.ts";

/**
 * The options with the positional argument among them: of `explain` the agent, else what `node` is. Both may be written
 * either way. Text: they were written both ways, and differ.
 */
export function withArgument(
  name: string,
  { argumentIs: key = "node" }: Verb,
  options: CommandOptions,
): CommandOptions | string {
  const { argument, ...others } = options;
  if (argument === undefined) return options;
  const other = options[key];
  if (other !== undefined && other.trim() !== argument.trim())
    return `${name} takes one ${key}, not ${quote(argument)} and ${quote(other)}`;
  return { ...others, [key]: argument };
}

/** What is wrong with how the command was called; null when nothing is. */
export function usageProblem(
  verb: Verb,
  options: CommandOptions,
  nowMs: number,
  out: Pick<Streams, "question">,
): string | null {
  return (
    gatewayProblem(options) ??
    listProblem(listOf(verb, options), options, verb.selects) ??
    verb.problem?.({ ...options, json: isData(formatOf(options)) }, out.question !== undefined) ??
    optionProblem(options, nowMs)
  );
}

function listOf({ list, actions }: Verb, { node }: CommandOptions): Verb["list"] {
  return actions !== undefined && node?.trim() ? undefined : list;
}

/** Of what every command has for the gateway; the host finds these wrong only when it calls. */
function gatewayProblem({ url, port }: CommandOptions): string | null {
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    return `--port takes a number from 1 to 65535, not ${quote(port)}`;
  if (url !== undefined && !URL.canParse(url.trim()))
    return `--url takes an address such as ws://127.0.0.1:18789, not ${quote(url)}`;
  if (port !== undefined && url !== undefined) return "--url and --port say the same: use one of them";
  return null;
}
