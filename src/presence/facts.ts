// Every fact of a node's presence: what it means, its unit, how long it holds, and whom to believe first.
import { knownFields } from "../shared/knownFields.ts";
import type { Fact, FactName, FactValues, Observation, SourceName } from "./record.ts";

export interface FactDefinition {
  /** One line for people; docs and the page show it. */
  readonly meaning: string;
  readonly unit: "bytes" | "seconds" | "epoch ms" | "processors" | "load" | "";
  /** After which it counts as stale, ms. */
  readonly holdsMs: number;
  /** Sources that state it, the most trustworthy first: of facts that hold, theirs wins; else the newest does. */
  readonly sources: readonly SourceName[];
  /** Whether two sources that differ contradict each other; measured numbers just differ. */
  readonly identity: boolean;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Twice the host's beat of 60 s: two missed ones make a statistic unknown. */
const STATISTICS_MS = 2 * MINUTE + 15_000;

function lasting(meaning: string, ...sources: SourceName[]): FactDefinition {
  return { meaning, unit: "", holdsMs: DAY, sources, identity: true };
}

function current(meaning: string, ...sources: SourceName[]): FactDefinition {
  return { meaning, unit: "", holdsMs: MINUTE, sources, identity: false };
}

function statistic(unit: FactDefinition["unit"], meaning: string): FactDefinition {
  return { meaning, unit, holdsMs: STATISTICS_MS, sources: ["ssh", "plugin", "gateway"], identity: false };
}

/** The plugin does not look at disks. */
function disk(meaning: string): FactDefinition {
  return { ...statistic("bytes", meaning), sources: ["ssh", "gateway"] };
}

export const FACTS: Readonly<Record<FactName, FactDefinition>> = {
  connected: current("the gateway holds an open connection to it", "gateway"),
  approval: current("whether its commands are approved", "gateway"),
  version: { ...lasting("OpenClaw's version on the node", "gateway"), identity: false },
  ips: { ...lasting("its addresses", "tailscale", "gateway"), identity: false },
  dnsName: lasting("its name on the tailnet", "tailscale"),
  hostname: { ...lasting("what the machine calls itself", "ssh", "plugin", "tailscale"), identity: false },
  os: lasting("operating system", "ssh", "plugin", "gateway", "tailscale"),
  osVersion: { ...lasting("version of the operating system", "ssh"), identity: false },
  arch: lasting("processor architecture", "ssh", "plugin"),
  shell: lasting("login shell", "ssh", "plugin"),
  timeZone: lasting("time zone, by its IANA name", "ssh", "plugin"),
  uptimeSeconds: { ...statistic("seconds", "time since it started"), sources: ["ssh"] },
  cpuCount: statistic("processors", "processors that it may use"),
  load1: statistic("load", "load average of one minute"),
  memoryTotalBytes: statistic("bytes", "memory"),
  memoryAvailableBytes: statistic("bytes", "memory that programs can still get"),
  diskTotalBytes: disk("size of the disk that holds its workspace"),
  diskAvailableBytes: disk("free space on that disk"),
  tailnetOnline: current(
    "the tailnet's control server hears from it, which is no test of reachability",
    "tailscale",
  ),
  tailnetPath: current("direct, or through a relay", "tailscale"),
  tailnetRelay: { ...lasting("its home relay region", "tailscale"), identity: false },
  tailnetTags: lasting("tags that the tailnet's policy gives it", "tailscale"),
  tailnetUser: lasting("to whom it belongs on the tailnet", "tailscale"),
  tailnetLastSeenMs: {
    ...current("when the control server last heard from it", "tailscale"),
    unit: "epoch ms",
  },
  tailnetKeyExpiresMs: { ...lasting("when its tailnet key ends", "tailscale"), unit: "epoch ms" },
  tailnetKeyExpired: current("its tailnet key has ended", "tailscale"),
  tailnetSsh: lasting(
    "Tailscale SSH answers on it, so that the tailnet's policy decides who may log in",
    "tailscale",
  ),
  publicAddress: {
    ...lasting("the public address that its packets come from", "tailscale", "ssh", "plugin"),
    holdsMs: 60 * MINUTE,
    identity: false,
  },
};

/** Every fact's name. */
export const FACT_NAMES = Object.keys(FACTS).filter((name): name is FactName => Object.hasOwn(FACTS, name));

/** The value of a fact that holds; null when it is not known, or was true too long ago. */
export function held<T>(fact: Fact<T> | undefined): T | null {
  return fact === undefined || fact.stale ? null : fact.value;
}

/** Epoch ms at which the observation's fact held. */
export function saidAtMs({ atMs, factAtMs }: Observation, fact: FactName): number {
  return factAtMs?.[fact] ?? atMs;
}

/** What a source knows of these: null is not known, and absent from what it says. */
export function knownFacts(
  facts: {
    readonly [K in FactName]?: FactValues[K] | null | undefined;
  },
): Partial<FactValues> {
  return knownFields(facts);
}
