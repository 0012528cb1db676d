// What presence observes: every node of the inventory, with the names under which the sources know it. Pure.
import type { ResolvedConfig, SshSettings } from "../../config/resolve.ts";
import type { PresenceTarget } from "../../presence/contract.ts";
import type { HostNodes } from "../../presence/sources/gateway.ts";
import { identifyNodes } from "../nodeIdentity.ts";

/** @param host the last list of paired nodes; null: none was read yet. */
export function presenceTargets(config: ResolvedConfig, host: HostNodes | null): readonly PresenceTarget[] {
  return identifyNodes(config.nodes, host?.nodes ?? []).map(({ name, configured, host: paired }) => ({
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

/** The same, worked out again only for another config or list. */
export function createTargets(): typeof presenceTargets {
  let last: { config: ResolvedConfig; host: HostNodes | null; targets: readonly PresenceTarget[] } | null =
    null;
  return (config, host) => {
    if (last?.config !== config || last.host !== host) {
      last = { config, host, targets: presenceTargets(config, host) };
    }
    return last.targets;
  };
}

/** The machine alone: with another key or user it is still the same one. */
function sshTo({ host, port }: SshSettings): string {
  return JSON.stringify([host, port]);
}
