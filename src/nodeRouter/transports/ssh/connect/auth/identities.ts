// Everything we can log in with at one machine, in order: agent, key files, inline key, and "none" (Tailscale SSH).

import { stat } from "node:fs/promises";
import type { AnyAuthMethod, BaseAgent, ParsedKey } from "ssh2";
import ssh2 from "ssh2";
import { isAbsent } from "../../../../../shared/errorCode.ts";
import { messageOf } from "../../../../../shared/errors.ts";
import { quote } from "../../../../../shared/safeText.ts";
import type { ConnectEnv } from "../base/env.ts";
import { fileFault } from "../base/fileFault.ts";
import type { Hop } from "../settings/hop.ts";
import { fingerprintOf } from "../trust/fingerprint.ts";
import { listAgentKeys, oneKeyOf, whyNoAgent } from "./agent.ts";
import { readPrivateKey } from "./privateKey.ts";

/** sshd ends a connection at its sixth failure (MaxAuthTries); "none" is the last of ours. */
const MAX_TRIES = 6;

const NO_KEY =
  "there is no key to try: none of the usual files is in ~/.ssh of the gateway's user, and SSH_AUTH_SOCK names no agent";

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
  /** What belongs to it and is not used; null: nothing. */
  readonly aside?: string | null;
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
      ...(agent.keys.length + candidates.length === 0 && identity.agent === null ? [NO_KEY] : []),
      ...agent.problems,
      ...candidates.flatMap((candidate) =>
        candidate.problem === null || inAgent(candidate) ? [] : [`${candidate.label} ${candidate.problem}`],
      ),
      ...candidates.flatMap(({ label, key }) =>
        key === null || mayUse(key)
          ? []
          : [`${label} is of type ${key.type}, which PubkeyAcceptedAlgorithms of ssh_config leaves out`],
      ),
      ...candidates.flatMap(({ label, aside = null }) => (aside === null ? [] : [`${label} ${aside}`])),
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
    const keys = await listAgentKeys(agent);
    const isEmpty = `the agent at ${quote(path)} offers no key that can be used (ssh-add -l shows its keys; a locked one shows none)`;
    return { agent, keys, problems: keys.length === 0 ? [isEmpty] : [] };
  } catch (error) {
    const fact = (await whyNoAgent(path)) ?? `failed: ${messageOf(error)}`;
    return { agent: null, keys: [], problems: [`the agent at ${quote(path)} ${fact}`] };
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
    const text = (await env.readFile(file)).toString("utf8");
    const open = await tooOpen(file);
    const judged = judge(label, text, passphrase);
    const isPublic = readPrivateKey(text, null).kind === "public";
    const candidate: Candidate = open === null || isPublic ? judged : { ...judged, key: null, problem: open };
    const certificate = await stat(`${file}-cert.pub`).then(
      () => "has a certificate beside it, which is not supported and was not used",
      () => null,
    );
    if (candidate.publicBlob !== null) return { ...candidate, aside: certificate };
    // Older formats encrypt the public half too; it then stands beside the file.
    const beside = await env.readFile(`${file}.pub`).then(String, () => "");
    const read = readPrivateKey(beside, null);
    return {
      ...candidate,
      publicBlob: read.kind === "public" ? read.key.blob : null,
      aside: certificate,
    };
  } catch (error) {
    if (isAbsent(error) && !areNamed) return null;
    return { label, key: null, publicBlob: null, problem: fileFault(error, "read") };
  }
}

/** OpenSSH leaves out a private key of the user's that others may read; null: it would take it. */
async function tooOpen(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null);
  if (found === null || found.uid !== process.getuid?.() || (found.mode & 0o077) === 0) return null;
  const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
  return `may be read by others (mode ${mode}), and so is not used, as by ssh; chmod 600 it`;
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
        problem: "is a public key, and the agent does not hold its private key; name the private key",
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
