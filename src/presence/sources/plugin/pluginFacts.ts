// Presence source "plugin": what a paired node's machine says of itself, through the plugin that is on it.
import { ianaTimeZone } from "../../../shared/timeZone.ts";
import { knownFacts } from "../../facts.ts";
import type { Observation, PresenceSource, PresenceTarget } from "../../record.ts";
import {
  type AddressOptions,
  type AddressTurn,
  addressFacts,
  newAddressTurn,
  refreshAddress,
} from "../addressTurn.ts";
import { platformOs } from "../gateway/hostNode.ts";

/** The node's own words; empty, or null, where it does not know. */
export interface PluginHello {
  /** As Node names them: `darwin`, `arm64`. */
  readonly platform: string;
  readonly arch: string;
  readonly hostname: string;
  /** The login shell's path. */
  readonly shell: string;
  readonly cores: number;
  /** One minute; 0 is a load, null is none that the system knows. */
  readonly load1: number | null;
  readonly memoryTotalBytes: number;
  readonly memoryFreeBytes: number;
  /** IANA name. */
  readonly timeZone: string;
}

export interface PluginSourceOptions extends AddressOptions {
  /** Whether the node offers the plugin's command now; without asking it. */
  readonly has: (nodeId: string) => boolean;
  /** Resolves within about `timeoutMs`; null: no answer, or none that is understood. */
  readonly hello: (
    node: { readonly name: string; readonly nodeId: string },
    timeoutMs: number,
  ) => Promise<{ readonly hello: PluginHello; readonly rttMs: number } | null>;
  /** From which address the service at `url` sees the node, by the node's own question; null: not known. */
  readonly address: (
    node: { readonly name: string; readonly nodeId: string },
    url: string,
  ) => Promise<string | null>;
}

/**
 * Seldom, and once: while a question to a silent node lasts, OpenClaw 2026.9.6 begins no agent's run, as its policy for
 * our command lasts as long. Whether a node is there is asked by `gateway:ping`, which has none.
 */
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 1_500;
const AT_A_TIME = 10;

/** Its answer counts as one of the node's; its silence says nothing. */
export function createPluginSource(options: PluginSourceOptions): PresenceSource {
  const { has, hello, now } = options;
  /** By name, whose words are kept: under the same name it can be another machine from now on. */
  const told = new Map<string, { readonly nodeId: string; readonly address: AddressTurn }>();
  return {
    id: "plugin",
    intervalMs: () => INTERVAL_MS,
    timeoutMs: 5 * 60_000,
    async round(targets, sink, signal) {
      const ids = new Map(targets.map((target) => [target.name, target.nodeId]));
      const others = [...told].filter(([name, { nodeId }]) => ids.get(name) !== nodeId).map(([name]) => name);
      for (const name of others) told.delete(name);
      if (others.length > 0) sink.forget("plugin", others);
      const due = targets.filter(({ nodeId }) => nodeId !== null && has(nodeId));
      const ask = async ({ name, nodeId }: PresenceTarget): Promise<void> => {
        if (nodeId === null) return;
        const said = await hello({ name, nodeId }, TIMEOUT_MS).catch(() => null);
        if (said === null || signal.aborted) return;
        const atMs = now();
        sink.answer({ node: name, transport: "node", atMs, result: "up", rttMs: said.rttMs, reason: null });
        const { address } = told.get(name) ?? { address: newAddressTurn() };
        told.set(name, { nodeId, address });
        await refreshAddress(address, options, (url) => options.address({ name, nodeId }, url));
        if (signal.aborted) return;
        const observation = pluginObservation(name, said.hello, atMs);
        const own = addressFacts(address);
        sink.observe({ ...observation, ...own, facts: { ...observation.facts, ...own.facts } });
      };
      const worker = async (): Promise<void> => {
        for (let target = due.shift(); target !== undefined && !signal.aborted; target = due.shift()) {
          await ask(target);
        }
      };
      await Promise.all(Array.from({ length: Math.min(AT_A_TIME, due.length) }, worker));
    },
  };
}

/** Pure. */
export function pluginObservation(name: string, hello: PluginHello, atMs: number): Observation {
  const os = platformOs(hello.platform);
  const facts = knownFacts({
    os,
    arch: hello.arch,
    hostname: hello.hostname,
    shell: hello.shell,
    timeZone: ianaTimeZone(hello.timeZone),
    cpuCount: hello.cores > 0 ? hello.cores : null,
    load1: hello.load1,
    memoryTotalBytes: hello.memoryTotalBytes,
    // On macOS Node counts only pages that hold nothing, and macOS keeps those few: no measure of what can be had.
    memoryAvailableBytes: os === "macos" ? null : hello.memoryFreeBytes,
  });
  return { node: name, source: "plugin", atMs, facts };
}
