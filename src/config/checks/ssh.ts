// Problems of meaning in a node's `ssh` and `transport`. Never shows key material.
import { isPrintable, quote } from "../../shared/safeText.ts";
import { type ConcernedAgents, type ConfigProblem, configError } from "../problems/problem.ts";
import { MAX_SECRET_LENGTH } from "../schema/limits.ts";
import { sshNameProblem } from "./sshName.ts";
import type { NodeEntry, WrittenNode } from "./written.ts";

/** SECURITY: a leading "-" would be read as an option where this becomes an argument of ssh. */
const USER = /^[^\s-]\S*$/;

/** SSH settings that contradict each other or that no connection could use. */
export function* checkSshSettings(
  { name, path, entry }: WrittenNode,
  agents: ConcernedAgents,
): Generator<ConfigProblem> {
  const { ssh, transport } = entry;
  if (ssh === undefined) {
    if (transport !== "ssh") return;
    const message = `transport is "ssh" but node ${quote(name)} has no ssh settings`;
    yield configError({ code: "SSH_MISSING", path: `${path}.transport`, message, agents });
    return;
  }
  const invalid = (key: keyof NonNullable<NodeEntry["ssh"]>, message: string) =>
    configError({ code: "SSH_INVALID", path: `${path}.ssh.${key}`, message, agents });
  if (ssh.host !== undefined) {
    const problem = sshNameProblem(ssh.host);
    if (problem !== null) yield invalid("host", `${quote(ssh.host)} ${problem}`);
  }
  if (ssh.user !== undefined && !(USER.test(ssh.user) && isPrintable(ssh.user))) {
    yield invalid(
      "user",
      `${quote(ssh.user)} must not begin with "-" and must hold no space and no control character`,
    );
  }
  for (const key of ["identityFile", "knownHostsFile"] as const) {
    // Not quoted: the value is a pasted key more often than it is a path.
    const file = ssh[key];
    if (file !== undefined && !isPrintable(file)) yield invalid(key, "is not the path of a file");
  }
  if (ssh.identityFile !== undefined && ssh.identityData !== undefined) {
    yield invalid("identityData", "identityFile and identityData are both set; keep one");
  }
  for (const key of ["identityData", "passphrase"] as const) {
    const secret = ssh[key];
    // Not a matter of shape: OpenClaw compares the reference with the schema, never the text that it resolves to.
    if (typeof secret === "string" && secret.length > MAX_SECRET_LENGTH)
      yield invalid(key, `has more than ${MAX_SECRET_LENGTH} characters`);
  }
  if (ssh.hostKey !== undefined && !/^SHA256:\S+$/.test(ssh.hostKey)) {
    yield invalid("hostKey", 'is not a fingerprint that begins with "SHA256:", as ssh-keygen -l prints it');
  }
}
