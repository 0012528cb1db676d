// Problems of meaning in a node's `ssh` and `transport`. Never shows key material.
import { quote, safe } from "../../shared/safeText.ts";
import type { NodeDraft, SshDraft } from "../drafts/nodeDraft.ts";
import { type ConcernedAgents, type ConfigProblem, configError } from "../problems/problem.ts";
import { sshNameProblem } from "./sshName.ts";

/** SECURITY: a leading "-" would be read as an option where this becomes an argument of ssh. */
const USER = /^[^\s-]\S*$/;

/** SSH settings that contradict each other or that no connection could use. */
export function* checkSsh(node: NodeDraft, agents: ConcernedAgents): Generator<ConfigProblem> {
  const { name, path, ssh, transport, wellFormed } = node;
  if (ssh === null) {
    // Settings that cannot be read at all read as absent; that has been told.
    if (transport !== "ssh" || !wellFormed) return;
    const message = `transport is "ssh" but node ${quote(name)} has no ssh settings`;
    yield configError({ code: "SSH_MISSING", path: `${path}.transport`, message, agents });
    return;
  }
  const invalid = (key: keyof SshDraft, message: string) =>
    configError({ code: "SSH_INVALID", path: `${path}.ssh.${key}`, message, agents });
  const hostProblem = ssh.host === null ? null : sshNameProblem(ssh.host);
  if (hostProblem !== null) yield invalid("host", `${quote(ssh.host ?? "")} ${hostProblem}`);
  if (ssh.user !== null && !(USER.test(ssh.user) && safe(ssh.user) === ssh.user)) {
    yield invalid(
      "user",
      `${quote(ssh.user)} must not begin with "-" and must hold no space and no control character`,
    );
  }
  for (const key of ["identityFile", "knownHostsFile"] as const) {
    // Not quoted: the value is a pasted key more often than it is a path.
    if (ssh[key] !== null && safe(ssh[key]) !== ssh[key]) yield invalid(key, "is not the path of a file");
  }
  if (ssh.identityFile !== null && ssh.identityData !== null) {
    yield invalid("identityData", "identityFile and identityData are both set; keep one");
  }
  if (ssh.hostKey !== null && !/^SHA256:\S+$/.test(ssh.hostKey)) {
    yield invalid("hostKey", 'is not a fingerprint that begins with "SHA256:", as ssh-keygen -l prints it');
  }
}
