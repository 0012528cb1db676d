// Which public key to put on a machine that lets the gateway not in, as the line of its authorized_keys.

import { safe } from "../../shared/safeText.ts";
import type { ConnectEnv } from "../transports/ssh/connect/base/env.ts";
import { readTextFile } from "../transports/ssh/connect/base/env.ts";
import { parsePublicKey } from "../transports/ssh/connect/trust/fingerprint.ts";
import { keyOptions } from "../tunnels/tunnelRefusals.ts";

const OWN = ["id_node_router", "id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * The first key of the gateway's user that has a public half, with what it may be used for there: sessions and
 * terminals, and with a tunnel the one port.
 * @param identityFile the configured one, which is looked at first; null: none.
 * @param tunnelPort null: no tunnel.
 * @returns null: there is none; one is made with ssh-keygen.
 */
export async function publicKeyLine(
  identityFile: string | null,
  tunnelPort: number | null,
  env: Pick<ConnectEnv, "home" | "readFile">,
): Promise<string | null> {
  const named = identityFile === null ? [] : [identityFile.replace(/^~(?=\/)/, env.home)];
  for (const file of [...named, ...OWN.map((name) => `${env.home}/.ssh/${name}`)]) {
    const text = await readTextFile(env, `${file}.pub`).catch(() => null);
    const line = text?.split("\n", 1)[0]?.trim() ?? "";
    if (parsePublicKey(line) === null) continue;
    return `${tunnelPort === null ? "restrict,pty" : keyOptions(tunnelPort)} ${safe(line)}`;
  }
  return null;
}
