// The credit that the data of a GeoIP file asks for, from what the file says of itself. Pure.

/** DB-IP Lite, CC BY 4.0: a link back, https://db-ip.com/db/lite.php. */
const DB_IP = "IP Geolocation by DB-IP (https://db-ip.com)";
/** The sentence that the GeoLite end user licence asks for, https://www.maxmind.com/en/geolite/eula. */
const MAXMIND_GEOLITE =
  "This product includes GeoLite Data created by MaxMind, available from https://www.maxmind.com.";
/** IPinfo's free files, CC BY-SA 4.0: a link back. */
const IPINFO = "IP address data powered by IPinfo (https://ipinfo.io)";

/**
 * The credit to show wherever a place from the file is shown; null when it asks for none, or nobody knows whose it is.
 * @param databaseType `database_type` of the file's metadata, e.g. `DBIP-City-Lite`, `GeoLite2-City`.
 */
export function creditOf(databaseType: string): string | null {
  const type = databaseType.toLowerCase();
  if (/^db-?ip/.test(type)) return DB_IP;
  if (type.startsWith("geolite")) return MAXMIND_GEOLITE;
  return type.startsWith("ipinfo") ? IPINFO : null;
}
