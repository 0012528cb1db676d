// The parts of openclaw.plugin.json that follow from the schema. Only the manifest script and its test import this.
import { manifestSchema, type PlainSchema } from "./manifestSchema.ts";
import { ConfigSchema } from "./schema/schema.ts";

/** How the host's Settings page and wizard show one key. */
interface UiHint {
  readonly label: string;
  readonly help: string;
  readonly advanced: boolean;
  /** Place among its neighbours in the form: as the schema has them. */
  readonly order: number;
  readonly sensitive?: true;
  /** What an empty field shows. */
  readonly placeholder?: string;
}

/** Label of every key; `*` stands for a node's name or a place in a list. */
const LABELS: Readonly<Record<string, string>> = {
  mode: "Mode",
  audit: "Audit",
  auditCommandText: "Audit command text",
  auditKeepDays: "Audit keep days",
  auditAgentMiB: "Audit MiB per agent",
  auditMaxMiB: "Audit MiB in all",
  gateway: "Gateway",
  ...placeLabels("gateway.location"),
  presence: "Presence",
  "presence.connect": "Connect ahead of calls",
  "presence.geoipFile": "GeoIP file",
  "presence.publicAddressUrl": "Public address service",
  nodes: "Nodes",
  "nodes.*.node": "Paired node",
  "nodes.*.tailscale": "Tailnet peer",
  "nodes.*.tags": "Tags",
  "nodes.*.taints": "Taints",
  ...placeLabels("nodes.*.location"),
  "nodes.*.workspace": "Workspace directory",
  "nodes.*.paths": "More directories for file tools",
  "nodes.*.pathPrepend": "Directories before PATH",
  "nodes.*.env": "Environment",
  "nodes.*.loginShell": "Login shell",
  "nodes.*.ssh": "SSH",
  "nodes.*.ssh.host": "SSH host",
  "nodes.*.ssh.port": "SSH port",
  "nodes.*.maxRunning": "Calls at once",
  "nodes.*.ssh.user": "SSH user",
  "nodes.*.ssh.identityFile": "Private key file",
  "nodes.*.ssh.identityData": "Private key",
  "nodes.*.ssh.passphrase": "Private key passphrase",
  "nodes.*.ssh.knownHostsFile": "Known hosts file",
  "nodes.*.ssh.hostKey": "Host key fingerprint",
  "nodes.*.ssh.tunnel": "Tunnel to the gateway",
  "nodes.*.transport": "Transport",
  untoleratedAgents: "Agents without a rule on tainted nodes",
  rules: "Rules",
  "rules.*.name": "Rule name",
  "rules.*.agents": "Agents",
  "rules.*.tools": "Tools",
  "rules.*.require": "Required tags",
  "rules.*.prefer": "Preferred tags",
  "rules.*.prefer.*.selector": "Selector",
  "rules.*.prefer.*.weight": "Weight",
  "rules.*.near": "Near",
  "rules.*.minimum": "Minimum",
  "rules.*.minimum.idleCpus": "Idle processors",
  "rules.*.minimum.freeMemoryGiB": "Free memory",
  "rules.*.minimum.freeDiskGiB": "Free disk",
  "rules.*.residency": "Residency",
  "rules.*.residency.allow": "Allowed countries",
  "rules.*.residency.onUnknown": "Of unknown place",
  "rules.*.residency.egress": "Check egress",
  "rules.*.tolerate": "Tolerated taints",
  "rules.*.onUnavailable": "When no node fits",
  "rules.*.stick": "Stay on the node",
  "rules.*.files": "File tools",
  tests: "Tests",
  "tests.*.name": "Test name",
  "tests.*.agent": "Agent",
  "tests.*.tool": "Tool",
  "tests.*.down": "Nodes that are down",
  "tests.*.expect": "Expected",
  gatewayName: "Gateway name",
  peers: "Peers",
  "peers.*.ssh": "Over SSH of node",
  "peers.*.url": "Address",
  "peers.*.port": "Gateway port",
  "peers.*.token": "Token for the peer",
  "peers.*.tags": "Tags",
  ...placeLabels("peers.*.location"),
  "peers.*.agents": "Its agents",
  "peers.*.protocol": "Protocol",
  "peers.*.accept": "Accepted here",
  "peers.*.accept.token": "Token of the peer",
  "peers.*.accept.agents": "Agents here",
  "peers.*.accept.maxRunning": "Running at once",
  "peers.*.accept.maxQueued": "Waiting",
  "peers.*.accept.perMinute": "Tasks a minute",
  "peers.*.accept.maxMinutes": "Longest run",
  "peers.*.accept.mayDelegate": "May be given on",
  "peers.*.accept.tailscale": "From tailnet peer",
  "peers.*.accept.onInterrupted": "After a crash",
  delegation: "Delegation",
  "delegation.rules": "Delegation rules",
  "delegation.rules.*.name": "Rule name",
  "delegation.rules.*.agents": "Agents",
  "delegation.rules.*.require": "Required tags",
  "delegation.rules.*.prefer": "Preferred tags",
  "delegation.rules.*.prefer.*.selector": "Selector",
  "delegation.rules.*.prefer.*.weight": "Weight",
  "delegation.rules.*.near": "Near",
  "delegation.rules.*.residency": "Residency",
  "delegation.rules.*.residency.allow": "Allowed countries",
  "delegation.rules.*.residency.onUnknown": "Of unknown place",
  "delegation.rules.*.residency.egress": "Check egress",
  "delegation.rules.*.agent": "Agent there",
  "delegation.rules.*.onUnavailable": "When no peer fits",
  "delegation.maxHops": "Longest chain",
  "delegation.waitSeconds": "Wait for the result",
  "delegation.acceptWithinSeconds": "Accept within",
  "delegation.keepDays": "Keep days",
  "delegation.maxTaskKiB": "Largest task",
  "delegation.maxResultKiB": "Largest result",
  alerts: "Alerts",
  "alerts.channel": "Channel",
  "alerts.to": "Chat or person",
  "alerts.accountId": "Account",
  "alerts.refusedFor": "Agent refused for",
  "alerts.offlineFor": "Node offline for",
  "alerts.nodes": "Of which nodes",
  "alerts.residency": "Residency",
  "alerts.mismatch": "Wrong machine",
};

function placeLabels(path: string): Readonly<Record<string, string>> {
  return {
    [path]: "Location",
    [`${path}.country`]: "Country",
    [`${path}.region`]: "Region",
    [`${path}.city`]: "City",
    [`${path}.latitude`]: "Latitude",
    [`${path}.longitude`]: "Longitude",
    [`${path}.timeZone`]: "Time zone",
  };
}

/** Keys whose values are secrets. Also the manifest's `configContracts.secretInputs`. */
export const SECRET_PATHS: readonly string[] = [
  "nodes.*.ssh.identityData",
  "nodes.*.ssh.passphrase",
  "peers.*.token",
  "peers.*.accept.token",
];

/** By the end of the path. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  "location.country": "SG",
  "location.city": "Singapore",
  "location.timeZone": "Asia/Singapore",
  "nodes.*.workspace": "/home/claw/work",
  "rules.*.require": "region=sg",
  "alerts.channel": "telegram",
  "alerts.nodes": "!laptop",
};

/**
 * The host's setup wizard asks for every key that is not advanced, by its literal path: a node's key would be
 * written to a node named "*", and the answer for a list of rules would be text.
 */
const WIZARD_PATHS: readonly string[] = ["mode"];

/** `configSchema` and `uiHints` as plain JSON data, the same on every run. */
export function manifestConfig(): { configSchema: PlainSchema; uiHints: Record<string, UiHint> } {
  const plain: PlainSchema = JSON.parse(JSON.stringify(ConfigSchema));
  const configSchema = manifestSchema(plain);
  const hints = [...keysOf(configSchema, "")].map(
    ([path, schema, order]) => [path, hintOf(path, schema, order)] as const,
  );
  return { configSchema, uiHints: Object.fromEntries(hints) };
}

/** Every key with its own schema and place, parents first. Stops at unions: a SecretRef is one value to the operator. */
function* keysOf(
  schema: PlainSchema,
  prefix: string,
): Generator<readonly [path: string, schema: PlainSchema, order: number]> {
  for (const [at, [key, child]] of Object.entries(schema.properties ?? {}).entries()) {
    yield [`${prefix}${key}`, child, at + 1];
    yield* keysOf(child, `${prefix}${key}.`);
  }
  if (schema.additionalProperties) yield* keysOf(schema.additionalProperties, `${prefix}*.`);
  if (schema.items) yield* keysOf(schema.items, `${prefix}*.`);
}

function hintOf(path: string, schema: PlainSchema, order: number): UiHint {
  const hint = {
    label: LABELS[path] ?? "",
    help: schema.description ?? "",
    advanced: !WIZARD_PATHS.includes(path),
    order,
  };
  const [, placeholder] = Object.entries(PLACEHOLDERS).find(([end]) => path.endsWith(end)) ?? [];
  if (placeholder !== undefined) return { ...hint, placeholder };
  return SECRET_PATHS.includes(path) ? { ...hint, sensitive: true } : hint;
}
