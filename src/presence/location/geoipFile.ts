// Where OpenClaw's bundled geolocation plugin keeps its MMDB file, and whose it is. Pure.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fieldOf, trimmedText } from "../../shared/jsonParts.ts";

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
  const settings = ["plugins", "entries", "geolocation", "config"].reduce(fieldOf, hostConfig);
  const credit = trimmedText(fieldOf(settings, "attributionText"));
  const url = trimmedText(fieldOf(settings, "attributionUrl"));
  const databaseUrl = trimmedText(fieldOf(settings, "databaseUrl"));
  return {
    file: defaultGeoipFile(stateDir, databaseUrl ?? DEFAULT_DATABASE_URL),
    credit: credit === null || url === null ? (credit ?? url) : `${credit} (${url})`,
  };
}
