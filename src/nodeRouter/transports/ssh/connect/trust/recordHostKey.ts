// Writes one host key into known_hosts: only ever a new line, never a change to another.
import { randomBytes } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { createTurns } from "../../../../../shared/inTurn.ts";
import { quote } from "../../../../../shared/safeText.ts";
import { type ConnectEnv, readTextFile } from "../base/env.ts";
import { fileFault } from "../base/fileFault.ts";
import { type HopRefusal, hopRefusalOf, refuseHop } from "../base/hopRefusal.ts";
import type { Hop } from "../settings/hop.ts";
import { invalid } from "../settings/invalid.ts";
import type { PublicKey } from "./fingerprint.ts";
import { keyText } from "./hostKeyMessage.ts";
import { judgeHostKey, loadHostTrust } from "./hostTrust.ts";
import { formatKnownHost, isHashed, needsHash, parseKnownHosts, refusePattern } from "./knownHosts.ts";
import { keyFileOf, otherFile } from "./knownHostsFile.ts";

export type RecordResult =
  | {
      readonly ok: true;
      /** Where the key stands, `file:line`, or who else vouches for it. */
      readonly source: string;
      /** Whether a line was written now. */
      readonly isNew: boolean;
    }
  | HopRefusal;

/** Two answers to `trust` at once must not both find the key missing. By file. */
const turns = createTurns();

/**
 * Makes the key known for this machine. Refusals: HOST_KEY_CHANGED (another key of its type is known: the line to
 * remove is named), HOST_KEY_REVOKED, SSH_SETTINGS_INVALID (pinned by the config, no file that would keep it, or
 * the file cannot be written).
 */
export async function recordHostKey(hop: Hop, key: PublicKey, env: ConnectEnv): Promise<RecordResult> {
  const place = await keyFileOf(hop);
  if (!place.ok) return refuseHop("SSH_SETTINGS_INVALID", place.fact, place.advice);
  return turns.run(place.file, () => record(hop, key, place.file, env));
}

async function record(hop: Hop, key: PublicKey, file: string, env: ConnectEnv): Promise<RecordResult> {
  const { name, pin } = hop.hostKey;
  if (pin !== null) {
    return refuseHop(
      "SSH_SETTINGS_INVALID",
      `${pin.at} pins ${quote(pin.fingerprint)} for ${quote(name)}, so a recorded key would not count`,
      "set it to the new fingerprint, or remove it and trust again",
    );
  }
  try {
    refusePattern(name);
    // What Tailscale says is no reason not to write it down.
    const trust = await loadHostTrust({ ...hop, hostKey: { ...hop.hostKey, tailscale: null } }, env);
    const verdict = judgeHostKey(trust, key);
    if (verdict.kind === "trusted") return { ok: true, source: verdict.source, isNew: false };
    if (verdict.kind === "revoked") {
      return refuseHop(
        "HOST_KEY_REVOKED",
        `${keyText(key)} of ${quote(name)} is revoked by ${verdict.source}`,
        "give the machine a new key",
      );
    }
    if (verdict.kind === "changed") {
      const known = verdict.expected.map((other) => `${keyText(other)} (${other.source})`).join(", ");
      return refuseHop(
        "HOST_KEY_CHANGED",
        `${quote(name)} is already known by ${known}, not by ${keyText(key)}`,
        "if the machine was set up anew, remove that line and trust again",
      );
    }
    const line = await append(file, hop, key, env);
    return { ok: true, source: `${file}:${line}`, isNew: true };
  } catch (error) {
    return hopRefusalOf(error);
  }
}

/** One write to the end: lines that ssh adds at the same time are kept, and a link stays a link. */
async function append(file: string, hop: Hop, key: PublicKey, env: ConnectEnv): Promise<number> {
  try {
    const text = (await readTextFile(env, file)) ?? "";
    const salt = needsHash(hop.hostKey.name) || parseKnownHosts(text).some(isHashed) ? randomBytes(20) : null;
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(file, "a", 0o600);
    try {
      await handle.appendFile(`${gap}${formatKnownHost(hop.hostKey.name, key, salt)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return (text + gap).split("\n").length;
  } catch (error) {
    throw invalid(
      `${quote(file)} cannot be written: it, or its folder, ${fileFault(error, "written")}`,
      `mend that, or ${otherFile(hop)}`,
      error,
    );
  }
}
