// What a command of `openclaw node-router` is: how it is written, when it is written wrong, and what it does.
import type { CommandOptions } from "./commandOptions.ts";
import type { AskGateway } from "./gatewayCall.ts";
import { formatOf, isData, type Listing, type ListName, namesText, tsvText, widthOf } from "./listing.ts";
import { EXIT_FINDING, EXIT_OK, type Output } from "./output.ts";
import type { Terminal } from "./terminal.ts";

export type Flag = readonly [flags: string, description: string];
type Argument = readonly [name: string, description: string];

/** One use of a command. */
export interface CommandUse {
  readonly options: CommandOptions;
  readonly ask: AskGateway;
  readonly out: Output;
  readonly machine: Terminal;
}

export interface Verb {
  readonly description: string;
  /** The positional argument. */
  readonly argument?: Argument;
  /** What the first argument says; default `node`, which is also a machine, a file or an action. */
  readonly argumentIs?: "agent" | "node";
  /** What stands behind it. */
  readonly second?: Argument;
  readonly options?: readonly Flag[];
  /** Behind `openclaw node-router`, as they can be typed. */
  readonly examples: readonly [string, ...string[]];
  /** What `--timeout` means here, where it means more than elsewhere. */
  readonly timeout?: string;
  /** It prints this list, as long as no action stands behind it; what `-l`, `--sort` and `-o` take follows from it. */
  readonly list?: ListName;
  /** What may stand behind it in place of the list. */
  readonly actions?: readonly string[];
  /** It does what it does to all nodes that `-l` means. */
  readonly selects?: true;
  /** Ctrl-C ends it in an orderly way. */
  readonly isLong?: true;
  /** It asks no gateway, and has no options for one. */
  readonly isLocal?: true;
  /** The exit code when the gateway does not answer; default: a finding. */
  readonly exitUnanswered?: number;
  /** What is wrong with how it was called; null: nothing is. What options mean everywhere is looked at elsewhere. */
  readonly problem?: (options: CommandOptions, canAsk: boolean) => string | null;
  /** @returns the exit code. @throws what the gateway answers */
  readonly run: (call: CommandUse) => number | Promise<number>;
}

/** Prints a list as `-o` says; the exit code. No row: no line for other programs. */
export function tellList<Report, Row>(
  { options, out }: CommandUse,
  listing: Listing<Report, Row>,
  report: Report,
  page: (report: Report, columns?: number) => string,
  isFine: (report: Report) => boolean = () => true,
): number {
  const format = formatOf(options);
  if (isData(format)) out.data(report);
  else if (format === "tsv") out.print(tsvText(listing, report));
  else {
    const text = format === "name" ? namesText(listing, report) : page(report, widthOf(format, out));
    if (text !== "") out.print(text);
  }
  return isFine(report) ? EXIT_OK : EXIT_FINDING;
}

/** Prints a report as the options say; the exit code. */
export function tell<T>(
  { options, out }: CommandUse,
  report: T,
  text: (report: T, columns?: number) => string,
  isFine: (report: T) => boolean = () => true,
): number {
  if (options.json === true) out.data(report);
  else out.print(text(report, out.columns));
  return isFine(report) ? EXIT_OK : EXIT_FINDING;
}
