// Doctor: SSH settings with which no connection can be made, and lines of ssh_config that do not count.
import { formatPath } from "../../../config/problems/path.ts";
import { quote } from "../../../shared/safeText.ts";
import { type DoctorCheck, type Finding, finding, found, type SshLook } from "./finding.ts";

export const checkSsh: DoctorCheck = ({ ssh }) =>
  found(...ssh.map(refused), notAsked(ssh), ...ssh.map(unhonoured));

function refused({ node, problem }: SshLook): Finding | null {
  if (problem === null) return null;
  return finding(
    "ssh-settings",
    "error",
    `node ${quote(node)} cannot be connected to over SSH: ${problem}`,
    `mend what it names; "openclaw node-router probe ${node}" tries once more`,
    formatPath(["nodes", node, "ssh"]),
  );
}

/** Said once: it is about the machine. */
function notAsked(looks: readonly SshLook[]): Finding | null {
  const concerned = looks.filter((look) => look.notAsked !== null);
  const [first] = concerned;
  if (first === undefined) return null;
  const nodes = concerned.map(({ node }) => quote(node)).join(", ");
  const { configFile } = first;
  return finding(
    "ssh-client-missing",
    configFile === null ? "info" : "error",
    configFile === null
      ? `${first.notAsked}, so ${nodes} are reached by the plugin's own settings alone; there is no ~/.ssh/config that would say more`
      : `${first.notAsked}, so ${quote(configFile)} is not honoured: host names, users, keys and jump hosts in it do not count, and ${nodes} are reached by the plugin's own settings alone`,
    "install the OpenSSH client (openssh-client) for the gateway, or write all settings of these nodes into the plugin's config",
  );
}

function unhonoured({ node, notes, notAsked: why }: SshLook): Finding | null {
  if (why !== null || notes.length === 0) return null;
  return finding(
    "ssh-not-honoured",
    "info",
    `of the SSH settings of node ${quote(node)} some do not count here: ${notes.join("; ")}`,
    "nothing, if the node works; the list of what counts is in docs/ssh-nodes.md",
  );
}
