// What is said about a host key that is not believed. Pure.
import { quote, safe } from "../../../../../shared/safeText.ts";
import { type HopRefusal, refuseHop } from "../base/hopRefusal.ts";
import { type HopPlace, machineText } from "../base/machineName.ts";
import { fingerprintOf, type PublicKey } from "./fingerprint.ts";
import type { HostKeyVerdict, HostTrust, TrustedKey } from "./hostTrust.ts";
import { NOWHERE, otherFile } from "./knownHostsFile.ts";

const NOTHING_SENT = "nothing was sent";
const COMPARE = "compare it with the machine's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there)";

/** `ssh-ed25519 SHA256:…` */
export function keyText(key: PublicKey): string {
  return `${key.type} ${fingerprintOf(key.blob)}`;
}

/**
 * HOST_KEY_UNKNOWN, HOST_KEY_CHANGED or HOST_KEY_REVOKED.
 * @param known what known_hosts calls the machine, and in which files of the user it is looked for.
 * @param offered every key that was seen; the last is the one the verdict is about.
 */
export function hostKeyRefusal(
  place: HopPlace,
  known: { readonly name: string; readonly files: readonly string[] },
  trust: HostTrust,
  verdict: Exclude<HostKeyVerdict, { kind: "trusted" }>,
  offered: readonly PublicKey[],
): HopRefusal {
  const fact = `${machineText(place)} offered ${offered.map(keyText).join(", ")}`;
  const trustCommand = `"openclaw node-router trust ${safe(place.node)}"`;
  switch (verdict.kind) {
    case "revoked":
      return refuseHop(
        "HOST_KEY_REVOKED",
        `${fact}, which ${safe(verdict.source)} revokes`,
        "do not connect until the machine has a new key",
        NOTHING_SENT,
      );
    case "changed": {
      const expected =
        trust.pin === null
          ? `${knownText(verdict.expected)} is known`
          : `${trust.pin.at} is ${safe(trust.pin.fingerprint)}`;
      const mend = trust.pin === null ? `remove that line and run ${trustCommand}` : "change it";
      return refuseHop(
        "HOST_KEY_CHANGED",
        `THE HOST KEY HAS CHANGED, another machine may be answering: ${fact}, but ${expected}`,
        `if the machine was set up anew, ${COMPARE}, then ${mend}`,
        NOTHING_SENT,
      );
    }
    case "unknown": {
      // What is recorded there would be gone at once, and the next connection just as unknown.
      const keepsNothing = known.files.every((file) => file === NOWHERE);
      const keeps = keepsNothing ? `${otherFile(place)} (UserKnownHostsFile keeps nothing), and ` : "";
      return refuseHop(
        "HOST_KEY_UNKNOWN",
        `${fact}, which nobody vouches for as ${quote(known.name)}${asides(trust)}`,
        `${COMPARE}, then ${keeps}run ${trustCommand}`,
        NOTHING_SENT,
      );
    }
  }
}

/** What comes close to vouching, and why it does not count. */
function asides({ keys, authorities, tailscale }: HostTrust): string {
  return [
    ...(keys.length === 0 ? [] : [`known of other types: ${knownText(keys)}`]),
    ...(authorities.length === 0
      ? []
      : [
          `@cert-authority in ${safe(authorities.join(", "))} does not count, certificates are not supported`,
        ]),
    ...(tailscale === null ? [] : [`Tailscale: ${safe(tailscale)}`]),
  ]
    .map((aside) => ` (${aside})`)
    .join("");
}

function knownText(keys: readonly TrustedKey[]): string {
  return keys.map((key) => `${keyText(key)} (${safe(key.source)})`).join(", ");
}
