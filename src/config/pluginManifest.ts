// The parts of openclaw.plugin.json that follow from the schema. Only the manifest script and its test import this.
import { ConfigSchema } from "./schema/schema.ts";

/** How the host's Settings page and wizard show one key. */
interface UiHint {
  readonly label: string;
  readonly help: string;
  readonly advanced: boolean;
  readonly sensitive?: true;
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
export const SECRET_PATHS: readonly string[] = ["nodes.*.ssh.identityData", "nodes.*.ssh.passphrase"];

/**
 * The host's setup wizard asks for every key that is not advanced, by its literal path: a node's key would be
 * written to a node named "*", and the answer for a list of rules would be text.
 */
const WIZARD_PATHS: readonly string[] = ["mode"];

/** A schema without TypeBox's symbols: what JSON keeps of it. */
interface PlainSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly additionalProperties?: false | PlainSchema;
  readonly items?: PlainSchema;
}

/** `configSchema` and `uiHints` as plain JSON data, the same on every run. */
export function manifestConfig(): { configSchema: PlainSchema; uiHints: Record<string, UiHint> } {
  const configSchema: PlainSchema = JSON.parse(JSON.stringify(ConfigSchema));
  const hints = [...keysOf(configSchema, "")].map(([path, schema]) => [path, hintOf(path, schema)] as const);
  return { configSchema, uiHints: Object.fromEntries(hints) };
}

/** Every key with its own schema, parents first. Stops at unions: a SecretRef is one value to the operator. */
function* keysOf(schema: PlainSchema, prefix: string): Generator<readonly [string, PlainSchema]> {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    yield [`${prefix}${key}`, child];
    yield* keysOf(child, `${prefix}${key}.`);
  }
  if (schema.additionalProperties) yield* keysOf(schema.additionalProperties, `${prefix}*.`);
  if (schema.items) yield* keysOf(schema.items, `${prefix}*.`);
}

function hintOf(path: string, schema: PlainSchema): UiHint {
  const hint = {
    label: LABELS[path] ?? "",
    help: schema.description ?? "",
    advanced: !WIZARD_PATHS.includes(path),
  };
  return SECRET_PATHS.includes(path) ? { ...hint, sensitive: true } : hint;
}
