// Problems of meaning in `presence`.
import { isPrintable, quote } from "../../shared/safeText.ts";
import { formatPath } from "../problems/path.ts";
import { type ConfigProblem, configError } from "../problems/problem.ts";
import type { CheckedConfig } from "./concern.ts";

const PATH = /^(\/|~\/|[A-Za-z]:[\\/])/;
/** What a shell and every client read as it stands. */
const PLAIN_URL = /^[A-Za-z0-9\-._~:/?#[\]@!&()*+,;=%]+$/;

/** What finds places may change what rules see that read them. */
export function* checkPresenceSettings({
  config,
  concern: { places: agents },
}: CheckedConfig): Generator<ConfigProblem> {
  const { geoipFile, publicAddressUrl } = config.presence ?? {};
  const invalid = (key: string, message: string) =>
    configError({ code: "PRESENCE_INVALID", path: formatPath(["presence", key]), message, agents });
  if (typeof geoipFile === "string" && !(PATH.test(geoipFile) && isPrintable(geoipFile))) {
    yield invalid(
      "geoipFile",
      `${quote(geoipFile)} is not the absolute path of a file, such as "/var/lib/GeoIP/GeoLite2-City.mmdb"`,
    );
  }
  const message = publicAddressUrl === undefined ? null : urlProblem(publicAddressUrl);
  if (message !== null) yield invalid("publicAddressUrl", message);
}

/** SECURITY: the address is not repeated, it may hold a password. */
function urlProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "https:" || !PLAIN_URL.test(text)) {
    return 'is not an address that begins with "https://", without spaces, quotes and letters outside ASCII';
  }
  return url.username === "" && url.password === "" ? null : "must hold no user name and no password";
}
