// Everything we can log in with at one machine, in order: agent, key files, inline key, and "none" (Tailscale SSH).
import type { AnyAuthMethod, BaseAgent, ParsedKey } from "ssh2";
import ssh2 from "ssh2";
import { messageOf } from "../../../../errors.ts";
import { quote } from "../../../../safeText.ts";
import { listAgentKeys, oneKeyOf } from "./agent.ts";
import { type ConnectEnv, isAbsent } from "./env.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { readPrivateKey } from "./privateKey.ts";
import type { Hop } from "./settings/hop.ts";

/** sshd ends a connection at its sixth failure (MaxAuthTries); "none" is the last of ours. */
const MAX_TRIES = 6;

/** One try. */
export interface AuthAttempt {
  /** For people, e.g. `key "/home/a/.ssh/id_ed25519"`. */
  readonly label: string;
  readonly method: AnyAuthMethod;
}

export interface Identities {
  readonly attempts: readonly AuthAttempt[];
  /** What could not be tried, and why; each a sentence without its end. */
  readonly problems: readonly string[];
}

/** What a key file turned out to be. */
interface Candidate {
  readonly label: string;
  /** Null: it can only choose a key of the agent. */
  readonly key: ParsedKey | null;
  readonly publicBlob: Buffer | null;
  /** Why it cannot log in by itself; null when it can. */
  readonly problem: string | null;
}

/** Reads key files and asks the agent. Never throws: what is unusable is in `problems`. */
export async function loadIdentities({ user, identity }: Hop, env: ConnectEnv): Promise<Identities> {
  const [read, agent] = await Promise.all([
    Promise.all(identity.files.map((file) => readCandidate(file, identity, env))),
    readAgent(identity.agent),
  ]);
  const candidates = read.filter((candidate) => candidate !== null);
  if (identity.data !== null) {
    candidates.push(judge("inline key", identity.data, identity.passphrase));
  }
  const mayUse = (key: ParsedKey) => mayUseType(key.type, identity.algorithms);
  const isChosen = (key: ParsedKey) =>
    candidates.some(({ publicBlob }) => publicBlob?.equals(key.getPublicSSH()));
  const chosen = agent.keys.filter((key) => isChosen(key) && mayUse(key));
  const others = identity.only ? [] : agent.keys.filter((key) => !isChosen(key) && mayUse(key));
  const inAgent = ({ publicBlob }: Candidate) =>
    publicBlob !== null && chosen.some((key) => key.getPublicSSH().equals(publicBlob));
  const own = candidates.filter(
    (candidate) => candidate.key !== null && !inAgent(candidate) && mayUse(candidate.key),
  );

  const spare = Math.max(0, MAX_TRIES - 1 - chosen.length - own.length);
  const agentKeys = [...chosen, ...others.slice(0, spare)];
  const all = [
    ...agentKeys.map((key) => agentAttempt(agent.agent, key, user)),
    ...own.map(({ label, key }) => fileAttempt(label, key, user)),
  ].filter((attempt) => attempt !== null);
  const attempts = all.slice(0, MAX_TRIES - 1);
  const untried = others.length - (agentKeys.length - chosen.length) + (all.length - attempts.length);
  return {
    attempts: [...attempts, { label: '"none"', method: { type: "none", username: user } }],
    problems: [
      ...agent.problems,
      ...candidates.flatMap((candidate) =>
        candidate.problem === null || inAgent(candidate) ? [] : [`${candidate.label} ${candidate.problem}`],
      ),
      ...candidates.flatMap(({ label, key }) =>
        key === null || mayUse(key)
          ? []
          : [`${label} is of type ${key.type}, which PubkeyAcceptedAlgorithms of ssh_config leaves out`],
      ),
      ...(untried > 0
        ? [`${untried} more keys were not tried, since servers end a connection after ${MAX_TRIES}`]
        : []),
    ],
  };
}

/** PubkeyAcceptedAlgorithms lists signatures, of which an RSA key has several. */
function mayUseType(type: string, algorithms: readonly string[] | null): boolean {
  if (algorithms === null) return true;
  const signatures = type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"] : [type];
  return signatures.some((name) => algorithms.includes(name));
}

async function readAgent(
  path: string | null,
): Promise<{ agent: BaseAgent | null; keys: readonly ParsedKey[]; problems: readonly string[] }> {
  if (path === null) return { agent: null, keys: [], problems: [] };
  try {
    const agent = ssh2.createAgent(path);
    return { agent, keys: await listAgentKeys(agent), problems: [] };
  } catch (error) {
    return { agent: null, keys: [], problems: [`the agent at ${quote(path)} failed: ${messageOf(error)}`] };
  }
}

/** Null: there is no such file, and nobody named it. */
async function readCandidate(
  file: string,
  { areNamed, passphrase }: Hop["identity"],
  env: ConnectEnv,
): Promise<Candidate | null> {
  const label = `key ${quote(file)}`;
  try {
    const candidate = judge(label, (await env.readFile(file)).toString("utf8"), passphrase);
    if (candidate.publicBlob !== null) return candidate;
    // Older formats encrypt the public half too; it then stands beside the file.
    const beside = await env.readFile(`${file}.pub`).then(String, () => "");
    const read = readPrivateKey(beside, null);
    return read.kind === "public" ? { ...candidate, publicBlob: read.key.blob } : candidate;
  } catch (error) {
    if (isAbsent(error) && !areNamed) return null;
    const problem = isAbsent(error) ? "does not exist" : `cannot be read (${messageOf(error)})`;
    return { label, key: null, publicBlob: null, problem };
  }
}

function judge(label: string, text: string, passphrase: string | null): Candidate {
  const read = readPrivateKey(text, passphrase);
  switch (read.kind) {
    case "key":
      return { label, key: read.key, publicBlob: read.key.getPublicSSH(), problem: null };
    case "public":
      return {
        label,
        key: null,
        publicBlob: read.key.blob,
        problem: "is a public key, and the agent does not hold its private key",
      };
    case "unusable":
      return { label, key: null, publicBlob: read.publicKey?.blob ?? null, problem: read.reason };
  }
}

function agentAttempt(agent: BaseAgent | null, key: ParsedKey, username: string): AuthAttempt | null {
  if (agent === null) return null;
  const label = `agent key ${key.type} ${fingerprintOf(key.getPublicSSH())}`;
  return { label, method: { type: "agent", username, agent: oneKeyOf(agent, key) } };
}

function fileAttempt(label: string, key: ParsedKey | null, username: string): AuthAttempt | null {
  return key === null ? null : { label, method: { type: "publickey", username, key } };
}
