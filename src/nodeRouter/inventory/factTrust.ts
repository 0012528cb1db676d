// Who says each fact about a node, and whether a node that was taken over can choose it. The docs show this table.
import type { FactName } from "../../presence/record.ts";
import { BUILTIN_KEY, PLACE_KEYS } from "../placement/selector/builtinTags.ts";

/** `yes`: it says what it likes. `in part`: what others see of it, which it can influence. `no`: not its word. */
export type NodeChooses = "yes" | "in part" | "no";

export interface FactTrust {
  /** A name of `FACTS`, or what it is in words. */
  readonly fact: string;
  readonly saidBy: string;
  readonly nodeChooses: NodeChooses;
  /** Built-in tags that are made of it. */
  readonly tags: readonly string[];
}

const NODE = "the node";
const HOST = "the gateway";
const CONTROL = "the tailnet's control plane";

type Row = readonly [saidBy: string, nodeChooses: NodeChooses, ...tags: string[]];

/** Every fact has a row: a new one cannot be forgotten. */
const OF_FACTS: Readonly<Record<FactName, Row>> = {
  connected: [HOST, "in part"],
  approval: [`${HOST}, as you approved it`, "no"],
  version: [NODE, "yes"],
  ips: [`${CONTROL}; else what ${HOST} sees`, "in part"],
  dnsName: [`${CONTROL}, made of the hostname`, "in part"],
  hostname: [NODE, "yes"],
  os: [`${NODE}, over every way`, "yes", BUILTIN_KEY.os],
  osVersion: [NODE, "yes"],
  arch: [NODE, "yes", BUILTIN_KEY.arch],
  shell: [NODE, "yes"],
  timeZone: [`${NODE}: its own clock`, "yes"],
  uptimeSeconds: [NODE, "yes"],
  cpuCount: [NODE, "yes"],
  load1: [NODE, "yes"],
  memoryTotalBytes: [NODE, "yes"],
  memoryAvailableBytes: [NODE, "yes"],
  diskTotalBytes: [NODE, "yes"],
  diskAvailableBytes: [NODE, "yes"],
  tailnetOnline: [CONTROL, "in part"],
  tailnetPath: ["Tailscale on the gateway machine", "in part"],
  tailnetRelay: [`${NODE}, to ${CONTROL}`, "yes"],
  tailnetTags: [`${CONTROL}, by your policy`, "no", "tailscale.<tag>"],
  tailnetUser: [CONTROL, "no"],
  tailnetLastSeenMs: [CONTROL, "in part"],
  tailnetKeyExpiresMs: [CONTROL, "no"],
  tailnetKeyExpired: [CONTROL, "no"],
  tailnetSsh: [CONTROL, "in part"],
  publicAddress: [`Tailscale on the gateway machine: whom it sends to; with publicAddressUrl ${NODE}`, "yes"],
};

const OTHERS: readonly FactTrust[] = [
  row("tags and location under nodes", ["you", "no", ...PLACE_KEYS]),
  row("name under nodes", ["you", "no", BUILTIN_KEY.name]),
  row("display name of a paired node", [NODE, "yes", BUILTIN_KEY.name]),
  row("transports", [`you, and ${HOST} for what is paired`, "no", BUILTIN_KEY.transport]),
  row("commands of a paired node", [`${NODE}; only what you approved counts`, "in part"]),
  row("location that Tailscale shows", [`${NODE}, to ${CONTROL}: nobody checks it`, "yes", ...PLACE_KEYS]),
  row("place of the public address", [
    "a file of yours, for an address that the node can choose",
    "yes",
    ...PLACE_KEYS,
  ]),
  row("place of the relay, place of the time zone", [NODE, "yes"]),
  row("round trip", ["the gateway's clock, by the node's answers", "in part"]),
];

export const FACT_TRUST: readonly FactTrust[] = [
  ...Object.entries(OF_FACTS).map(([fact, entry]) => row(fact, entry)),
  ...OTHERS,
];

function row(fact: string, [saidBy, nodeChooses, ...tags]: Row): FactTrust {
  return { fact, saidBy, nodeChooses, tags };
}

/** Tags that a node can choose whatever the config says of it; places only where nobody declared one. */
export const CHOSEN_TAGS: readonly string[] = [
  ...new Set(FACT_TRUST.filter(({ nodeChooses }) => nodeChooses === "yes").flatMap(({ tags }) => tags)),
];
