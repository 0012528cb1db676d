// Which keys to log in with at one machine: the config's, else what ssh says, else the usual files.
import { isAbsolute, resolve } from "node:path";
import type { ConnectEnv } from "../base/env.ts";
import { absolute, expandPath, type Tokens } from "./expand.ts";
import type { HopConfig } from "./hopConfig.ts";
import { isOn, listOf, oneOf, type SshConfigAnswer } from "./sshAnswer.ts";

/** Who we are to this machine. Holds secrets: never log or send it. */
export interface IdentitySettings {
  /** Absolute paths in the order to try. */
  readonly files: readonly string[];
  /** Whether somebody named these files: one that is missing is then worth a word. */
  readonly areNamed: boolean;
  /** Only keys of the agent that belong to one of the files. */
  readonly only: boolean;
  /** Path of the agent's socket; null = no agent. */
  readonly agent: string | null;
  /** Secret: an inline private key. */
  readonly data: string | null;
  /** Secret. */
  readonly passphrase: string | null;
  /** Algorithms that may be used with keys, as PubkeyAcceptedAlgorithms lists them; null = all. */
  readonly algorithms: readonly string[] | null;
}

/** Those of OpenSSH that ssh2 can use, strongest first. */
export const DEFAULT_IDENTITIES: readonly string[] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** Of any version of ssh. A list of so many of them is nobody's own. */
const USUAL = /^~\/\.ssh\/id_\w+$/;
const USUAL_COUNT = 3;

/** @param otherHome what ssh took for the home where that is another than the gateway's. */
export function readIdentity(
  config: HopConfig,
  answer: SshConfigAnswer,
  tokens: Tokens,
  env: ConnectEnv,
  otherHome: string | null,
): IdentitySettings {
  const said = (answer.values.get("identityfile") ?? []).filter((file) => file.toLowerCase() !== "none");
  const isUsual = said.length >= USUAL_COUNT && said.every((file) => USUAL.test(file));
  const isOwn = config.identityFile !== null || config.identityData !== null;
  const usesKeys = mayUseKeys(answer);
  const saidFiles = isUsual
    ? DEFAULT_IDENTITIES.map((name) => `${env.home}/.ssh/${name}`)
    : said.map((file) => sshPath(file, env, tokens, `IdentityFile of "${config.host}"`));
  const ownFiles =
    config.identityFile === null
      ? []
      : [expandPath(config.identityFile, env, tokens, `${config.at}.identityFile`)];
  return {
    files: isOwn ? ownFiles : usesKeys ? saidFiles : [],
    areNamed: isOwn || !isUsual,
    only: isOn(answer, "identitiesonly"),
    agent: usesKeys ? readAgent(answer, env, otherHome) : null,
    data: config.identityData,
    passphrase: config.passphrase,
    algorithms: listOf(answer, "pubkeyacceptedalgorithms") ?? listOf(answer, "pubkeyacceptedkeytypes"),
  };
}

/** PubkeyAuthentication also knows `unbound` and `host-bound`. */
function mayUseKeys(answer: SshConfigAnswer): boolean {
  const preferred = listOf(answer, "preferredauthentications");
  return (
    !/^(?:no|false)$/i.test(oneOf(answer, "pubkeyauthentication") ?? "") &&
    (preferred === null || preferred.includes("publickey"))
  );
}

/** Unlike a path of the config, a relative one counts from the working directory, as for ssh. */
function sshPath(text: string, env: ConnectEnv, tokens: Tokens, at: string): string {
  const isRelative = !/^[~%$]/.test(text) && !isAbsolute(text);
  return isRelative
    ? resolve(expandPath(`/${text}`, env, tokens, at).slice(1))
    : expandPath(text, env, tokens, at);
}

function readAgent(answer: SshConfigAnswer, env: ConnectEnv, otherHome: string | null): string | null {
  const value = answer.values.get("identityagent")?.[0] || "SSH_AUTH_SOCK";
  if (value.toLowerCase() === "none") return null;
  const variable = value === "SSH_AUTH_SOCK" ? value : /^\$(\w+)$/.exec(value)?.[1];
  if (variable !== undefined) return env.variables[variable] || null;
  // ssh has expanded it already, with its own idea of the home.
  if (otherHome !== null && value.startsWith(`${otherHome}/`))
    return `${env.home}${value.slice(otherHome.length)}`;
  return value.startsWith("~") ? absolute(value, env.home, "IdentityAgent") : resolve(value);
}
