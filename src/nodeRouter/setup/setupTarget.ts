// What `add` and `join` are called with: the machine as people write it for ssh, and the node's name. Pure.
import { sshNameProblem } from "../../config/checks/sshName.ts";
import { quote } from "../../shared/safeText.ts";

export interface SetupTarget {
  /** Inventory name. */
  readonly node: string;
  /** Host name, address or Host alias; as written. */
  readonly host: string;
  /** Null: ssh's own choice. */
  readonly user: string | null;
  readonly port: number | null;
}

const WRITTEN = /^(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^:\s]+))(?::(\d{1,5}))?$/;
/** IPv4 or IPv6: its first part would be no name. */
const ADDRESS = /^[\d.]+$|:/;

/**
 * @param written `[user@]host[:port]`; an IPv6 address stands in brackets.
 * @param name of the node; null: the host's first label, in lower case.
 * @returns a text that says what is wrong.
 */
export function readTarget(written: string, name: string | null): SetupTarget | string {
  const [, user, bracketed, plain, port] = WRITTEN.exec(written.trim()) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return `${quote(written)} is no machine: write it as for ssh, [user@]host[:port]`;
  const problem = sshNameProblem(host) ?? (user === undefined ? null : sshNameProblem(user));
  if (problem !== null) return `${quote(written)} ${problem}`;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return `${quote(port)} is no port from 1 to 65535`;
  const node = name ?? (ADDRESS.test(host) ? host : (host.split(".")[0] ?? host)).toLowerCase();
  if (node === "") return "--name takes a node's name";
  return { node, host, user: user ?? null, port: port === undefined ? null : Number(port) };
}
