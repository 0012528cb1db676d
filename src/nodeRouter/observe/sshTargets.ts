// What presence observes: every node of the inventory, with the names under which the sources know it. Pure.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { SshSettings } from "../../config/resolveNodes.ts";
import type { PresenceTarget } from "../../presence/record.ts";
import type { HostNodes } from "../../presence/sources/gateway/hostList.ts";
import { identifyNodes } from "../inventory/nodeIdentity.ts";
import type { KnownNames } from "../inventory/nodeNames.ts";

/**
 * @param host the last list of paired nodes; null: none was read yet.
 * @param known who had which name before; null: nobody remembers.
 */
export function presenceTargets(
  config: ResolvedConfig,
  host: HostNodes | null,
  known: KnownNames | null = null,
): readonly PresenceTarget[] {
  return identifyNodes(config.nodes, host?.nodes ?? [], known).map(({ name, configured, host: paired }) => ({
    name,
    nodeId: paired?.nodeId ?? null,
    // A paired node that no entry names may still be a peer of its own name, as a configured one is by default.
    tailscale: configured === null ? name : configured.tailscale,
    ssh: configured !== null && configured.ssh !== null && configured.transport !== "node",
    ...(configured === null || configured.ssh === null ? {} : { sshTo: sshTo(configured.ssh) }),
    workspace: configured?.workspace ?? null,
    declared: configured?.location ?? null,
  }));
}

/** The same, worked out again only for another config, list or memory. */
export function createTargets(): typeof presenceTargets {
  let last: {
    readonly config: ResolvedConfig;
    readonly host: HostNodes | null;
    readonly known: KnownNames | null;
    readonly targets: readonly PresenceTarget[];
  } | null = null;
  return (config, host, known = null) => {
    if (last?.config !== config || last.host !== host || last.known !== known) {
      last = { config, host, known, targets: presenceTargets(config, host, known) };
    }
    return last.targets;
  };
}

/** The machine alone: with another key or user it is still the same one. */
function sshTo({ host, port }: SshSettings): string {
  return JSON.stringify([host, port]);
}
