// The SSH transport of one gateway process: a pool a node, made at first use, replaced when its settings change.
import type { ConfiguredNode } from "../../../config/resolveNodes.ts";
import { TELL_USER } from "../../../shared/errorCatalogue.ts";
import type { Logger } from "../../../shared/logger.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import type { CommandRequest, RunningCommand, SshTransport } from "../transport.ts";
import { NodePool, type PoolConnectResult, type PoolLimits } from "./pool/pool.ts";
import { Command } from "./session/sshCommand.ts";

export interface TransportOptions {
  /** The node's settings as they are now; null when the config has no such node. */
  readonly settings: (node: string) => ConfiguredNode | null;
  readonly connect: (node: ConfiguredNode, signal: AbortSignal) => Promise<PoolConnectResult>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  /** A node that had no connection has one. */
  readonly onConnect?: (node: string) => void;
  readonly limits?: Partial<PoolLimits>;
}

const NOTHING_OPEN = { connected: 0, free: 0, pending: 0, queued: 0, size: 0 };

interface Entry {
  readonly key: string;
  readonly pool: NodePool;
}

/** Opens nothing. A node whose settings have changed gets a new pool; its old one finishes what runs. */
export function createSshTransport(options: TransportOptions): SshTransport {
  const entries = new Map<string, Entry>();
  /** Pools of settings that are no longer: they only finish what runs. */
  const retired = new Map<NodePool, string>();
  let closed = false;

  const retire = (name: string, pool: NodePool): void => {
    retired.set(pool, name);
    void pool.close().finally(() => retired.delete(pool));
  };

  const poolFor = (name: string): NodePool | null => {
    const settings = options.settings(name);
    const present = entries.get(name);
    if (closed) return present?.pool ?? null;
    if (settings === null || settings.ssh === null) {
      if (present !== undefined) {
        entries.delete(name);
        retire(name, present.pool);
      }
      return null;
    }
    const key = JSON.stringify([settings.ssh, settings.loginShell, settings.tailscale]);
    if (present?.key === key) return present.pool;
    if (present !== undefined) retire(name, present.pool);
    const pool = new NodePool({
      node: name,
      loginShell: settings.loginShell,
      connect: (signal) => options.connect(settings, signal),
      now: options.now,
      log: options.log,
      onConnect: () => options.onConnect?.(name),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    entries.set(name, { key, pool });
    return pool;
  };

  return {
    start(node, request) {
      const pool = poolFor(node);
      return pool === null ? refused(node, request, closed) : pool.start(request);
    },
    warm: (node) => poolFor(node)?.warm(),
    async ping(node, timeoutMs, pingOptions = {}) {
      const pool = poolFor(node);
      if (pool !== null) return pool.ping(timeoutMs, pingOptions);
      const unset = `it has no plugins.entries.node-router.config.nodes.${node}.ssh`;
      return { kind: "unknown", reason: closed ? "its SSH connections are being closed" : unset };
    },
    counters(node) {
      const now = entries.get(node)?.pool.counters() ?? null;
      let running = now?.running ?? 0;
      for (const [pool, name] of retired) if (name === node) running += pool.counters().running;
      return now === null && running === 0 ? null : { ...(now ?? NOTHING_OPEN), running };
    },
    fault: (node) => entries.get(node)?.pool.fault ?? null,
    info: (node) => entries.get(node)?.pool.info ?? null,
    nodes: () => [...entries.keys()],
    async close() {
      closed = true;
      const current = [...entries.values()].map(({ pool }) => pool);
      await Promise.all([...current, ...retired.keys()].map((pool) => pool.close()));
    },
    destroy() {
      closed = true;
      for (const { pool } of entries.values()) pool.destroy();
      for (const pool of retired.keys()) pool.destroy();
    },
  };
}

function refused(node: string, request: CommandRequest, closed: boolean): RunningCommand {
  const command = new Command(node, request);
  command.notStarted(
    closed
      ? refusal("NOT_STARTED", "the connections to the nodes are being closed", {
          nothingRan: `on node ${quote(node)} nothing ran, and trying again is safe`,
          advice: null,
        })
      : refusal("NOT_STARTED", `node ${quote(node)} has no ssh settings now`, {
          nothingRan: "nothing ran",
          advice: `Set plugins.entries.node-router.config.nodes.${node}.ssh`,
          agentAdvice: TELL_USER,
        }),
  );
  return command;
}
