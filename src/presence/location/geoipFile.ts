// Where OpenClaw's bundled geolocation plugin keeps its MMDB file, and whose it is. Pure.
import { createHash } from "node:crypto";
import { join } from "node:path";

/** The plugin's default source, from its `DEFAULT_DATABASE_URL` (OpenClaw 2026.9); only its digest matters here. */
const DEFAULT_DATABASE_URL = "https://download.db-ip.com/free/dbip-city-lite-{yyyy}-{mm}.mmdb.gz";

/** What of the geolocation plugin's settings concerns us. */
export interface HostGeoip {
  /** Absolute path; the file is there once somebody made the plugin get it. */
  readonly file: string;
  /** The credit that the operator wrote for another source; null: none was written. */
  readonly credit: string | null;
}

/**
 * The file that OpenClaw keeps by default: `<state>/geolocation/ip-city-<digest of its source>.mmdb`.
 * @param stateDir OpenClaw's state folder.
 */
export function defaultGeoipFile(stateDir: string, databaseUrl: string = DEFAULT_DATABASE_URL): string {
  const digest = createHash("sha256").update(databaseUrl).digest("hex").slice(0, 12);
  return join(stateDir, "geolocation", `ip-city-${digest}.mmdb`);
}

/** The file and credit by the host's config: `plugins.entries.geolocation.config` may name another source. */
export function hostGeoip(stateDir: string, hostConfig: unknown): HostGeoip {
  const settings = section(hostConfig, "plugins", "entries", "geolocation", "config");
  const credit = text(settings.get("attributionText"));
  const url = text(settings.get("attributionUrl"));
  return {
    file: defaultGeoipFile(stateDir, text(settings.get("databaseUrl")) ?? DEFAULT_DATABASE_URL),
    credit: credit === null || url === null ? (credit ?? url) : `${credit} (${url})`,
  };
}

function section(config: unknown, ...path: readonly string[]): ReadonlyMap<string, unknown> {
  let value = config;
  for (const key of path) value = entriesOf(value).get(key);
  return entriesOf(value);
}

function entriesOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function text(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}
