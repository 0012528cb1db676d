// Reads what can be read of `presence`.

import { isRecord, readText } from "../../shared/isRecord.ts";
import { formatPath } from "../problems/path.ts";
import { DEFAULT_PRESENCE_CONNECT } from "../schema/defaults.ts";
import { MAX_PATH_LENGTH, MAX_URL_LENGTH } from "../schema/limits.ts";

/** How presence is found out. */
export interface PresenceSettings {
  /** Whether SSH connections are opened before a call needs them. */
  readonly connect: boolean;
  /** Path on the gateway, `~/` allowed; null: the default file; false: none. */
  readonly geoipFile: string | false | null;
  /** https; null: nodes ask nobody for their address. */
  readonly publicAddressUrl: string | null;
}

export interface PresenceDraft extends PresenceSettings {
  readonly path: string;
}

/** Reads any value; what is written and cannot be read is read as "do less". Never throws. */
export function readPresence(value: unknown): PresenceDraft {
  const path = formatPath(["presence"]);
  if (value !== undefined && !isRecord(value)) {
    return { path, connect: false, geoipFile: false, publicAddressUrl: null };
  }
  const { connect, geoipFile, publicAddressUrl } = value ?? {};
  return {
    path,
    connect: connect === undefined ? DEFAULT_PRESENCE_CONNECT : connect === true,
    geoipFile: geoipFile === undefined ? null : (readText(geoipFile, MAX_PATH_LENGTH) ?? false),
    publicAddressUrl: readText(publicAddressUrl, MAX_URL_LENGTH),
  };
}
