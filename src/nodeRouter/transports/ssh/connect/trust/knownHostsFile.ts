// Into which of its known_hosts files a new key of a machine goes, or why into none.

import { stat } from "node:fs/promises";
import { errorCode } from "../../../../../shared/errorCode.ts";
import { quote, safe } from "../../../../../shared/safeText.ts";
import { fileFault } from "../base/fileFault.ts";
import type { Hop } from "../settings/hop.ts";

/** What people write for "keep no keys". */
export const NOWHERE = "/dev/null";

/** Where to name another file, as the rest of a sentence: the config's key, or for a jump host ssh_config's. */
export function otherFile({ at }: Pick<Hop, "at">): string {
  return at.startsWith("plugins.")
    ? `name a file that is kept in ${at}.knownHostsFile`
    : `name a file that is kept as UserKnownHostsFile of it in ssh_config (see ${safe(at)})`;
}

export type KeyFile =
  | { readonly ok: true; readonly file: string }
  /** Each a sentence without its end. */
  | { readonly ok: false; readonly fact: string; readonly advice: string };

/**
 * The first file that keeps what is written: one that is there, or can be made. A device such as /dev/null, a
 * directory or a pipe keeps nothing, and the next file is looked at; ssh reads them all.
 */
export async function keyFileOf(hop: Pick<Hop, "at" | "hostKey">): Promise<KeyFile> {
  const { files, name } = hop.hostKey;
  const faults: string[] = [];
  for (const file of files) {
    const fault = await whyNotKept(file);
    if (fault === null) return { ok: true, file };
    faults.push(`${quote(file)} ${fault}`);
  }
  const why = faults.length === 0 ? "UserKnownHostsFile is none" : faults.join(", ");
  return {
    ok: false,
    fact: `there is no known_hosts file to record a key of ${quote(name)} in: ${why}`,
    advice: `${otherFile(hop)}, then trust again`,
  };
}

async function whyNotKept(file: string): Promise<string | null> {
  try {
    const found = await stat(file);
    if (found.isFile()) return null;
    return found.isDirectory() ? "is a directory, not a file" : "is a device or a pipe, which keeps nothing";
  } catch (error) {
    return errorCode(error) === "ENOENT" ? null : fileFault(error, "written");
  }
}
