// Which of the variables that the host gives a command go to the node. Pure.

import { quote } from "../../shared/safeText.ts";
import { ENV_NAME } from "../../shared/shell.ts";
import { CALL_VARIABLE, OWN_PREFIX } from "../state/workspaceCalls.ts";

/** With an empty value these are the host's, to hide its own GitHub login; on the node they would hide the node's. */
const SCRUBBED: readonly string[] = ["GH_TOKEN", "GITHUB_TOKEN"];

export type NodeEnv =
  | { readonly ok: true; readonly env: Readonly<Record<string, string>>; readonly callId: string | null }
  | { readonly ok: false; readonly message: string };

/**
 * The host builds a sandbox's environment (OpenClaw 2026.9.6) of PATH = the gateway's, HOME = the working
 * directory, what the model and hooks asked for, and variables of its own (OPENCLAW_…, OC_INTERNAL_…). What was
 * asked for goes on, over the node's own `env`; PATH never: whether it is the gateway's cannot be told, and
 * `pathPrepend` and the command itself can set it.
 * @param given the host's whole environment for the command.
 * @param workdir where the command is to start, as the host gave it.
 */
export function nodeEnv(
  given: Readonly<Record<string, string>>,
  workdir: string,
  configured: ReadonlyMap<string, string>,
): NodeEnv {
  const env: Record<string, string> = Object.fromEntries(configured);
  for (const [name, value] of Object.entries(given)) {
    if (isHosts(name, value, workdir)) continue;
    if (!ENV_NAME.test(name))
      return { ok: false, message: `${quote(name)} is not a name that a shell can export` };
    if (value.includes("\0"))
      return { ok: false, message: `the value of ${quote(name)} holds a NUL character` };
    env[name] = value;
  }
  return { ok: true, env, callId: given[CALL_VARIABLE] ?? null };
}

function isHosts(name: string, value: string, workdir: string): boolean {
  const upper = name.toUpperCase();
  return (
    upper === "PATH" ||
    (name === "HOME" && value === workdir) ||
    (SCRUBBED.includes(name) && value === "") ||
    ["OPENCLAW_", "OC_INTERNAL_", OWN_PREFIX].some((prefix) => upper.startsWith(prefix))
  );
}
