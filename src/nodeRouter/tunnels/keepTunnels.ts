// The tunnels of the config, kept while the gateway runs; a reload of the plugin drops none that stays as it is.
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import { processEnv } from "../transports/ssh/client.ts";
import type { ConnectEnv } from "../transports/ssh/connect/base/env.ts";
import type { SshTarget } from "../transports/ssh/connect/hops.ts";
import type { Door } from "./gatewayDoor.ts";
import { type KeptTunnel, keepTunnel } from "./keepTunnel.ts";
import { type EarlierTunnel, type OpenedTunnel, openTunnelOnce } from "./oneTunnel.ts";
import type { TunnelKeeper, TunnelNeeds } from "./tunnelStatus.ts";

export interface KeeperOptions {
  /** Of each attempt; default: this process'. */
  readonly env?: () => ConnectEnv;
  /** After which `release` ends everything: a reload of the plugin takes some seconds, on a busy machine many. */
  readonly releaseMs?: number;
}

/** To ask ssh about a node costs a process: while it is tried every second, what was settled counts for so long. */
const TARGET_MS = 60_000;

interface Kept {
  /** Its settings as text: others are another tunnel. */
  readonly key: string;
  readonly tunnel: KeptTunnel;
}

/**
 * Opens nothing before the first `use`. Lives until the gateway ends, with the code that it was made of: it loads
 * nothing later, and what it needs of the host goes through the newest registration.
 */
export function createTunnelKeeper(
  first: TunnelNeeds,
  { env = processEnv, releaseMs = 30_000 }: KeeperOptions = {},
): TunnelKeeper {
  let needs = first;
  let releasing: NodeJS.Timeout | null = null;
  const kept = new Map<string, Kept>();

  let lastDoor: Door | null = null;
  const door = (): Door => {
    try {
      lastDoor = needs.door();
    } catch (error) {
      // Between two registrations OpenClaw tells nothing: what it said last holds.
      if (lastDoor === null) throw error;
    }
    return lastDoor;
  };

  const say = (text: string, isTrouble: boolean): void => {
    try {
      if (isTrouble) needs.log.warn(text);
      else needs.log.info(text);
    } catch {
      // Between two registrations nobody listens.
    }
  };

  const keep = (node: ConfiguredNode, port: number): KeptTunnel => {
    const open = opener(node, port, door, env);
    return keepTunnel({ node: node.name, port, open, now: Date.now, after: afterMs, say });
  };

  const stop = (): void => {
    for (const { tunnel } of kept.values()) tunnel.stop();
    kept.clear();
  };

  return {
    use(newest) {
      needs = newest;
      if (releasing !== null) clearTimeout(releasing);
      releasing = null;
      const { nodes } = needs.config();
      for (const [name, { key, tunnel }] of kept) {
        const node = nodes.get(name);
        if (node !== undefined && keyOf(node) === key && node.tunnelPort !== null) continue;
        tunnel.stop();
        kept.delete(name);
      }
      for (const node of nodes.values()) {
        if (node.tunnelPort === null || kept.has(node.name)) continue;
        kept.set(node.name, { key: keyOf(node), tunnel: keep(node, node.tunnelPort) });
      }
    },
    now: () => new Map([...kept].map(([name, { tunnel }]) => [name, tunnel.now()])),
    release(of) {
      if (of !== needs) return;
      if (releasing !== null) clearTimeout(releasing);
      releasing = setTimeout(stop, releaseMs).unref();
    },
    stop() {
      if (releasing !== null) clearTimeout(releasing);
      stop();
    },
  };
}

function keyOf({ ssh, tailscale, tunnelPort }: ConfiguredNode): string {
  return JSON.stringify([ssh, tailscale, tunnelPort]);
}

/** One attempt after the other, with what is known of the way to the node. */
function opener(
  node: ConfiguredNode,
  port: number,
  door: () => Door,
  env: () => ConnectEnv,
): (signal: AbortSignal) => Promise<OpenedTunnel> {
  let earlier: EarlierTunnel | null = null;
  let known: { readonly target: SshTarget; readonly untilMs: number } | null = null;
  return async (signal) => {
    const target = known !== null && performance.now() < known.untilMs ? known.target : null;
    const opened = await openTunnelOnce({
      node,
      port,
      door,
      env: env(),
      signal,
      target,
      earlier,
      onTarget: (settled) => {
        known = { target: settled, untilMs: performance.now() + TARGET_MS };
      },
    });
    // A key, a host key, a setting may be another by the next time.
    if (!opened.ok && opened.isBlocked) known = null;
    if (opened.ok) earlier = { server: opened.tunnel.server, ends: opened.tunnel.ends };
    return opened;
  };
}

function afterMs(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
