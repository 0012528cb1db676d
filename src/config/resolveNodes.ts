// Configured nodes, as the rest of the plugin reads them: nothing optional, everything parsed.
import type { TransportChoice } from "../nodeRouter/placement/model/snapshot.ts";
import { NO_TAINTS, printTaint, type Taint } from "../nodeRouter/placement/model/taint.ts";
import type { NodeLocation, NodeTags } from "../shared/types.ts";
import { nodeNameProblem } from "./checks/nodes.ts";
import { type NodeEntry, targetOf, type WrittenNode } from "./checks/written.ts";
import { type IsWrong, locationAt } from "./resolveParts.ts";
import * as defaults from "./schema/defaults.ts";
import type { SecretInput } from "./schema/ssh.ts";

/** How SSH reaches a node. Null leaves the choice to ~/.ssh/config and to the defaults of OpenSSH. */
export interface SshSettings {
  readonly host: string;
  /** Null: OPENCLAW_SSH_PORT, or 22. */
  readonly port: number | null;
  /** Null: the user that runs the gateway. */
  readonly user: string | null;
  readonly identityFile: string | null;
  /** Secret. Not text = the host could not resolve the reference. */
  readonly identityData: SecretInput | null;
  /** Secret. Not text = the host could not resolve the reference. */
  readonly passphrase: SecretInput | null;
  /** Null: ~/.ssh/known_hosts. */
  readonly knownHostsFile: string | null;
  /** `SHA256:` fingerprint; null: knownHostsFile decides. */
  readonly hostKey: string | null;
}

/** One entry of `nodes`. */
export interface ConfiguredNode {
  /** Inventory name. */
  readonly name: string;
  /** Id or display name of the paired OpenClaw node; null = none is paired. */
  readonly node: string | null;
  /** MagicDNS name, hostname or IP address; null = not on a tailnet. */
  readonly tailscale: string | null;
  /** Configured tags only. */
  readonly tags: NodeTags;
  readonly taints: readonly Taint[];
  /** Calls that may run there at once; null: any number. */
  readonly maxRunning: number | null;
  readonly location: NodeLocation | null;
  /** Absolute directory on the node. */
  readonly workspace: string | null;
  /** Absolute directories that file tools may use besides the workspace. */
  readonly paths: readonly string[];
  /** Absolute directories before PATH, for commands in a workspace. */
  readonly pathPrepend: readonly string[];
  /** Variables of commands in a workspace. */
  readonly env: ReadonlyMap<string, string>;
  /** Commands over SSH run in a login shell. */
  readonly loginShell: boolean;
  readonly ssh: SshSettings | null;
  /** On the node's 127.0.0.1, kept by the gateway over SSH; null: no tunnel. */
  readonly tunnelPort: number | null;
  readonly transport: TransportChoice;
}

/** Those whose name can be used: their unusable parts have their defaults. */
export function resolveNodes(
  written: readonly WrittenNode[],
  isWrong: IsWrong,
): ReadonlyMap<string, ConfiguredNode> {
  const taintsOf = createTaints();
  const named = written.filter(({ name }) => nodeNameProblem(name) === null);
  return new Map(named.map((node) => [node.name, resolveNode(node, isWrong, taintsOf)]));
}

/** The same list for all nodes that have the same taints: those of 10,000 nodes are in no cache. */
function createTaints(): (written: WrittenNode) => readonly Taint[] {
  const known = new Map([["", NO_TAINTS]]);
  return ({ taints: written }) => {
    const taints = written.flatMap(({ parsed }) => (parsed.ok ? [parsed.value] : []));
    const key = taints.map(printTaint).join();
    const list = known.get(key) ?? taints;
    known.set(key, list);
    return list;
  };
}

function resolveNode(
  node: WrittenNode,
  isWrong: IsWrong,
  taintsOf: ReturnType<typeof createTaints>,
): ConfiguredNode {
  const { name, path, entry, tags } = node;
  return {
    name,
    node: targetOf(entry.node, name),
    tailscale: targetOf(entry.tailscale, name),
    tags,
    taints: taintsOf(node),
    maxRunning: entry.maxRunning ?? null,
    location: locationAt(path, entry.location, isWrong),
    workspace: isWrong(`${path}.workspace`) ? null : (entry.workspace ?? null),
    paths: isWrong(`${path}.paths`) ? [] : (entry.paths ?? []),
    pathPrepend: isWrong(`${path}.pathPrepend`) ? [] : (entry.pathPrepend ?? []),
    env: new Map(isWrong(`${path}.env`) ? [] : Object.entries(entry.env ?? {})),
    loginShell: entry.loginShell ?? defaults.DEFAULT_LOGIN_SHELL,
    ssh: entry.ssh === undefined || isWrong(`${path}.ssh`) ? null : resolveSsh(name, entry.ssh),
    tunnelPort: isWrong(`${path}.ssh`) ? null : tunnelPortOf(entry.ssh?.tunnel),
    transport: entry.transport ?? defaults.DEFAULT_TRANSPORT,
  };
}

function resolveSsh(name: string, ssh: NonNullable<NodeEntry["ssh"]>): SshSettings {
  return {
    host: ssh.host ?? name,
    port: ssh.port ?? null,
    user: ssh.user ?? null,
    identityFile: ssh.identityFile ?? null,
    identityData: ssh.identityData ?? null,
    passphrase: ssh.passphrase ?? null,
    knownHostsFile: ssh.knownHostsFile ?? null,
    hostKey: ssh.hostKey ?? null,
  };
}

function tunnelPortOf(tunnel: NonNullable<NodeEntry["ssh"]>["tunnel"]): number | null {
  if (tunnel === undefined || tunnel === false) return null;
  return tunnel === true ? defaults.DEFAULT_TUNNEL_PORT : tunnel.port;
}
