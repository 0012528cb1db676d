// The connections to peers, one a peer: kept while its settings stay as they are.
import type { ResolvedConfig } from "../../../config/resolve.ts";
import type { ConfiguredPeer } from "../../../config/resolvePeers.ts";
import { defineSlot } from "../../../shared/processMemory.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { processEnv } from "../../transports/ssh/client.ts";
import type { ConnectEnv } from "../../transports/ssh/connect/base/env.ts";
import { PEER_PATH } from "../protocol/wire.ts";
import { createPeerClient, type PeerClient } from "./peerClient.ts";
import type { Road } from "./road.ts";
import { sshRoad } from "./sshRoad.ts";
import { urlRoad } from "./urlRoad.ts";

export interface PeerClients {
  /** Null: it only calls us, so that there is no way to it. Connects with the first call. */
  of(peer: ConfiguredPeer): PeerClient | null;
  /** Ends the connections to peers that the config has not any more. */
  tidy(): void;
  close(): void;
}

/** Empty where no peer is configured, and until the service has begun. */
export const PEER_CLIENTS = defineSlot<PeerClients>("peer-clients", 1);

/** Where OpenClaw's own A2A channel takes requests. */
const A2A_PATH = "/a2a/v1";

/** @param config asked at each call and each connection. */
export function createPeerClients(
  config: () => ResolvedConfig,
  env: () => ConnectEnv = processEnv,
): PeerClients {
  const kept = new Map<string, { readonly key: string; readonly client: PeerClient }>();

  const token = (name: string) => () => {
    const given = config().peers.get(name)?.token;
    if (typeof given === "string") return given;
    const key = `plugins.entries.node-router.config.peers.${name}.token`;
    return refusal("SECRET_UNAVAILABLE", `${quote(key)} is a reference that OpenClaw has not resolved`);
  };

  const roadTo = ({ name, way }: ConfiguredPeer): Road | null => {
    if (way === null) return null;
    if (way.kind === "url") return urlRoad(name, new URL(way.url));
    const node = () => config().nodes.get(way.node) ?? null;
    return sshRoad({ peer: name, node, port: way.port, env });
  };

  return {
    of(peer) {
      const key = keyOf(peer, config());
      const known = kept.get(peer.name);
      if (known?.key === key) return known.client;
      known?.client.close();
      kept.delete(peer.name);
      const road = roadTo(peer);
      if (road === null) return null;
      const client = createPeerClient({ peer: peer.name, road, path: pathOf(peer), token: token(peer.name) });
      kept.set(peer.name, { key, client });
      return client;
    },
    tidy() {
      for (const [name, { client }] of kept) {
        if (config().peers.has(name)) continue;
        client.close();
        kept.delete(name);
      }
    },
    close() {
      for (const { client } of kept.values()) client.close();
      kept.clear();
    },
  };
}

/** A plain A2A server takes requests where its address says; of a gateway the address names no path. */
function pathOf({ way, protocol }: ConfiguredPeer): string {
  if (protocol !== "a2a") return PEER_PATH;
  const path = way?.kind === "url" ? new URL(way.url).pathname : "/";
  return path === "/" ? A2A_PATH : path;
}

function keyOf({ way, protocol }: ConfiguredPeer, { nodes }: ResolvedConfig): string {
  const node = way?.kind === "ssh" ? (nodes.get(way.node) ?? null) : null;
  return JSON.stringify([way, protocol, node?.ssh, node?.tailscale]);
}
