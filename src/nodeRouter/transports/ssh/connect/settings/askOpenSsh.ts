// Which file ssh is asked about, and with which arguments. The answer is OpenSSH's own, for its installed version.
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../../../../shared/errors.ts";
import { quote, safe } from "../../../../../shared/safeText.ts";
import type { ConnectEnv } from "../base/env.ts";
import { invalid } from "./invalid.ts";
import { pluginOnly } from "./pluginOnly.ts";
import { oneOf, parseAnswer, type SshConfigAnswer, type SshQuery } from "./sshAnswer.ts";
import { runSsh } from "./sshClient.ts";

/** Asks about hosts, one after the other; end it with `close`. */
export interface SshAsker {
  /** @throws NodeRouterError SSH_SETTINGS_INVALID, NOT_STARTED */
  ask(query: SshQuery): Promise<SshConfigAnswer>;
  /** What ssh takes for the home, where that is another than ours; else null. */
  readonly otherHome: string | null;
  close(): Promise<void>;
}

/** Values that no file of the user sets: they come last, since ssh takes the first. */
interface Defaults {
  readonly user: string | null;
  readonly port: number | null;
}

/** Tokens that only ssh knows, through a setting that nothing of ours uses. */
const TOKENS = "ControlPath=%C/%i/%L/%l";

/** @param folderIn where a config of ours is written for as long as it is asked. */
export async function openSshAsker(
  env: ConnectEnv,
  signal: AbortSignal | undefined,
  folderIn = tmpdir(),
): Promise<SshAsker> {
  const { account } = env;
  const isOwnHome = account !== null && (await isSame(env.home, account.home));
  let folder: string | null = null;
  let files = 0;

  /** A file that reads as ssh's own two would, but for this home. */
  const fileWith = async (defaults: Defaults): Promise<string> => {
    const text = configText(env, defaults);
    try {
      folder ??= await mkdtemp(join(folderIn, "node-router-ssh-"));
      const file = join(folder, `config${files++}`);
      await writeFile(file, text, { mode: 0o600 });
      return file;
    } catch (error) {
      throw invalid(
        `no file for ssh can be written in ${quote(folderIn)}: ${messageOf(error)}`,
        "let the gateway's user write there",
        error,
      );
    }
  };

  const run = async (query: SshQuery, defaults: Defaults | null): Promise<SshConfigAnswer> => {
    const file =
      isOwnHome && defaults === null ? null : await fileWith(defaults ?? { user: null, port: null });
    const args = [
      "-G",
      "-T",
      // Says how it expanded what; the user's LogLevel does not count then.
      "-vvv",
      ...(file === null ? [] : ["-F", file]),
      ...["-o", TOKENS],
      ...(query.user === null ? [] : ["-l", query.user]),
      ...(query.port === null ? [] : ["-p", String(query.port)]),
      ...(query.jumps === null ? [] : ["-J", query.jumps]),
      "--",
      query.host,
    ];
    // OpenSSH takes HOME for the folder of relative Includes, and for nothing else.
    const variables = { ...env.variables, HOME: env.home };
    const output = await runSsh({ args, variables, host: query.host, signal });
    return output.kind === "absent"
      ? pluginOnly(query, env, "no ssh client was found on the gateway's PATH")
      : parseAnswer(output.stdout, output.log, query.host);
  };

  return {
    otherHome: isOwnHome ? null : (account?.home ?? null),
    async ask(query) {
      if (account === null) {
        return pluginOnly(
          query,
          env,
          "the gateway's user id has no entry in the user database, and ssh needs one",
        );
      }
      const answer = await run(query, null);
      const isOther = env.user !== account.name && /^[\w.@-]+$/.test(env.user);
      const defaults: Defaults = {
        user: query.user === null && isOther && oneOf(answer, "user") === account.name ? env.user : null,
        port:
          query.port === null && query.defaultPort !== 22 && oneOf(answer, "port") === "22"
            ? query.defaultPort
            : null,
      };
      // Which of the two it was, a default or a line that says the same, only a second question tells.
      return defaults.user === null && defaults.port === null ? answer : run(query, defaults);
    },
    async close() {
      if (folder !== null) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Included rather than given as -F itself: so ssh checks owner and mode as it does for its own. */
function configText({ home, systemConfig }: ConnectEnv, { user, port }: Defaults): string {
  return [
    `Include ${pattern(`${home}/.ssh/config`)}`,
    `Include ${pattern(systemConfig)}`,
    ...(user === null ? [] : [`User ${user}`]),
    ...(port === null ? [] : [`Port ${port}`]),
    "",
  ].join("\n");
}

/** A path as an argument of Include, which is a glob in ssh's quotes. */
function pattern(path: string): string {
  // Versions differ in whether these are special, so neither way to write them is right for all.
  if (/[%$]/.test(path) || safe(path) !== path) {
    throw invalid(
      `the folder of ${JSON.stringify(safe(path))} cannot be named to ssh`,
      "give the gateway another HOME",
    );
  }
  return `"${path.replace(/[*?[\]{}\\]/g, "\\$&").replace(/["\\]/g, "\\$&")}"`;
}

async function isSame(a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  try {
    return (await realpath(a)) === (await realpath(b));
  } catch {
    return false;
  }
}
