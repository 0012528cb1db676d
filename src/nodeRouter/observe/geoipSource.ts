// The MMDB file that the config means: its own, else the one that OpenClaw's geolocation plugin keeps.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { type Geoip, openGeoip } from "../../presence/location/geoip.ts";
import { hostGeoip } from "../../presence/location/geoipFile.ts";

export interface GeoipOptions {
  /** OpenClaw's state folder. */
  readonly stateFolder: string;
  /** The gateway user's home; null: unknown. */
  readonly home: string | null;
  /** The gateway's whole config as it is now. */
  readonly hostConfig: () => unknown;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Hands out the reader for the config of the moment; another file is another reader. */
export function createGeoip(options: GeoipOptions): (config: ResolvedConfig) => Geoip {
  let last: { readonly file: string | null; readonly credit: string | null; readonly geoip: Geoip } | null =
    null;
  return ({ presence }) => {
    const bundled = hostGeoip(options.stateFolder, options.hostConfig());
    const own = presence.geoipFile;
    const file = own === false ? null : own === null ? bundled.file : absolute(own, options.home);
    // Whoever names a file of their own may have it from anywhere: only the bundled one has the bundled one's credit.
    const credit = own === null ? bundled.credit : null;
    if (last !== null && last.file === file && last.credit === credit) return last.geoip;
    last?.geoip.close();
    const geoip = openGeoip({
      file,
      credit,
      fs: { stat: (path) => stat(path), readFile: (path) => readFile(path) },
      now: options.now,
      after(ms, run) {
        const timer = setTimeout(run, ms).unref();
        return () => clearTimeout(timer);
      },
    });
    last = { file, credit, geoip };
    return geoip;
  };
}

function absolute(path: string, home: string | null): string {
  return path.startsWith("~/") && home !== null ? join(home, path.slice(2)) : path;
}
