// What may stand behind a command, as commander hands it over: the options of all commands together.
import type { EditOptions } from "./editCommand.ts";
import type { InitOptions } from "./initCommand.ts";
import type { PeerSetupOptions } from "./peerSetupCommand.ts";

export interface CommandOptions extends PeerSetupOptions, EditOptions, InitOptions {
  readonly agent?: string | undefined;
  readonly tool?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** Seconds between two looks; true: the default. */
  readonly watch?: string | boolean | undefined;
  readonly since?: string | undefined;
  /** What stands behind the command; `withArgument` puts it where it belongs. */
  readonly argument?: string | undefined;
  /** An inventory name, a machine or a file. */
  readonly node?: string | undefined;
  readonly url?: string;
  readonly port?: string;
  /** Of `trust` the fingerprint to record without asking. */
  readonly yes?: string | boolean | undefined;
  /** Id of the paired node that the name stands for. */
  readonly paired?: string | undefined;
  /** Names joined by commas. */
  readonly down?: string | undefined;
  readonly cordon?: string | undefined;
  readonly delegate?: boolean | undefined;
  readonly to?: string | undefined;
  readonly require?: string | undefined;
  readonly at?: string | undefined;
  readonly reason?: string | undefined;
  readonly all?: boolean | undefined;
  readonly move?: boolean | undefined;
  /** Of `drain`: a time span, or ms for the gateway's answers. */
  readonly timeout?: string | undefined;
  readonly as?: string | undefined;
  /** Of `check`: path of a config, or `-`. */
  readonly file?: string | undefined;
  readonly rule?: string | undefined;
  readonly outcome?: string | undefined;
  readonly limit?: string | undefined;
  readonly follow?: boolean | undefined;
  readonly peer?: string | undefined;
  readonly state?: string | undefined;
  readonly open?: boolean | undefined;
  readonly again?: boolean | undefined;
  /** Which nodes a list is about. */
  readonly selector?: string | undefined;
  /** A field of a list, with `:desc` for the other way round. */
  readonly sort?: string | undefined;
  /** Of `ping`. */
  readonly count?: string | undefined;
  /** `-o`. */
  readonly output?: string | undefined;
  /** Hash of a record of the ledger. */
  readonly head?: string | undefined;
  /** Of `usage`. */
  readonly by?: string | undefined;
  readonly days?: string | undefined;
  readonly allDownOneByOne?: boolean | undefined;
}
