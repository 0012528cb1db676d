// Which keys to log in with at one machine: the config's, else ssh_config's, else the usual files.
import type { ConnectEnv } from "../env.ts";
import type { Statement } from "./configText.ts";
import { expandPath, type Tokens } from "./expand.ts";
import type { HopConfig } from "./hopConfig.ts";
import type { HostOptions } from "./hostOptions.ts";

/** Those of OpenSSH that ssh2 can use, strongest first. */
const DEFAULT_IDENTITIES: readonly string[] = ["id_ed25519", "id_ecdsa", "id_rsa"];

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
}

export function readIdentity(
  config: HopConfig,
  { first, identityFiles }: HostOptions,
  tokens: Tokens,
  env: ConnectEnv,
): IdentitySettings {
  const named =
    config.identityFile !== null
      ? [{ args: [config.identityFile], at: `${config.at}.identityFile` }]
      : config.identityData === null
        ? identityFiles
        : [];
  const isOpen = config.identityFile === null && config.identityData === null && identityFiles.length === 0;
  const files = named
    .filter(({ args }) => args[0]?.toLowerCase() !== "none")
    .map(({ args, at }) => expandPath(args[0] ?? "", env, tokens, at));
  return {
    files: isOpen ? DEFAULT_IDENTITIES.map((name) => `${env.home}/.ssh/${name}`) : files,
    areNamed: !isOpen,
    only: /^(yes|true)$/i.test(first.get("identitiesonly")?.args[0] ?? ""),
    agent: readAgent(first.get("identityagent"), tokens, env),
    data: config.identityData,
    passphrase: config.passphrase,
  };
}

function readAgent(statement: Statement | undefined, tokens: Tokens, env: ConnectEnv): string | null {
  const value = statement?.args[0] ?? "SSH_AUTH_SOCK";
  if (value.toLowerCase() === "none") return null;
  const variable = value === "SSH_AUTH_SOCK" ? value : /^\$(\w+)$/.exec(value)?.[1];
  if (variable !== undefined) return env.variables[variable] || null;
  return expandPath(value, env, tokens, statement?.at ?? "");
}
