// Why a tunnel is not open, in words: what was seen on the node, and what to do there. Pure.
import { type Refusal, refusal } from "../../shared/refusal.ts";
import { quote } from "../../shared/safeText.ts";
import { type HopPlace, machineText } from "../transports/ssh/connect/base/machineName.ts";
import type { Allowance } from "./forward.ts";

const MAX_SHOWN = 5;

/** @param programs that hold the port; empty: the login may not see whose it is. */
export function portTaken(place: HopPlace, port: number, programs: readonly string[]): Refusal {
  const shown = programs.slice(0, MAX_SHOWN).map(quote).join(", ");
  const who =
    programs.length === 0
      ? "a program that this login may not look at (another user's, or sshd for another connection)"
      : shown;
  return refusal(
    "TUNNEL_PORT_TAKEN",
    `port ${port} of ${machineText(place)} is taken there by ${who}${about(programs)}`,
    {
      advice: `End that on the node, and the tunnel comes by itself, or set ${place.at}.tunnel to { port: … } with a free one`,
    },
  );
}

function about(programs: readonly string[]): string {
  if (programs.includes("ssh")) return ", such as an ssh -L that was started by hand";
  if (programs.some((name) => name.startsWith("sshd"))) {
    return ", which keeps a forward of another connection: another gateway's, another entry's of the same machine, or one whose end it has not noticed yet";
  }
  if (programs.some((name) => /^(openclaw|node)/.test(name))) return ", such as a gateway of its own";
  return "";
}

/** @param isFree whether it was seen that nobody listens there. */
export function forbidden(
  place: HopPlace,
  port: number,
  { anyPort, outward }: Allowance,
  isFree: boolean,
): Refusal {
  const free = isFree ? ", where nobody listens" : "";
  const tried = anyPort
    ? "it does listen on a port of its own choice"
    : outward
      ? "it listens on no port for this login, though it forwards connections the other way (AllowTcpForwarding local, PermitListen, or permitlisten of the key)"
      : "it forwards nothing for this login (AllowTcpForwarding, DisableForwarding, or restrict of the key)";
  return refusal(
    "TUNNEL_FORBIDDEN",
    `sshd of ${machineText(place)} refuses to listen on 127.0.0.1:${port}${free}; ${tried}`,
    {
      advice: `Set AllowTcpForwarding to yes or remote in its sshd_config, and begin the key's line in authorized_keys with ${keyOptions(port)}`,
    },
  );
}

/** What an authorized_keys line allows a key that has a tunnel and no other forward (sshd(8)). */
export function keyOptions(port: number): string {
  return `restrict,pty,port-forwarding,permitlisten="127.0.0.1:${port}",permitopen="none:1"`;
}

/** @param others addresses that are not loopback. */
export function exposed(place: HopPlace, port: number, others: readonly string[]): Refusal {
  const where = others
    .slice(0, MAX_SHOWN)
    .map((address) => quote(address))
    .join(", ");
  return refusal(
    "TUNNEL_EXPOSED",
    `port ${port} of ${machineText(place)} was open to other machines, on ${where}, and not on loopback alone`,
    {
      advice:
        "Set GatewayPorts to no in its sshd_config, and see that nothing else there listens on that port",
    },
  );
}

/** What cannot be seen is not trusted. */
export function unseen(place: HopPlace, port: number): Refusal {
  return refusal(
    "TUNNEL_EXPOSED",
    `on ${machineText(place)} it could not be seen on which addresses port ${port} was open`,
    { advice: "Let the login run /bin/sh with /proc/net/tcp or netstat; a Windows node has neither" },
  );
}
