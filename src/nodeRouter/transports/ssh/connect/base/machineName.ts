// What a machine is called in messages. Pure.
import { quote, safe } from "../../../../../shared/safeText.ts";

/** Where something failed, for people. */
export interface HopPlace {
  /** Inventory name of the node that the connection is for. */
  readonly node: string;
  /** `user@host:port`. */
  readonly address: string;
  /** The name of a machine on the way; null: it is the node itself. */
  readonly jump: string | null;
  /** Where its settings are: a key of the config in full, or whose ProxyJump. */
  readonly at: string;
}

/** `node "mac-sg" (claw@mac-sg)`, or `jump host "bastion" of node "mac-sg" (me@bastion)`. */
export function machineText({ node, address, jump }: HopPlace): string {
  const machine = jump === null ? `node ${quote(node)}` : `jump host ${quote(jump)} of node ${quote(node)}`;
  return `${machine} (${safe(address)})`;
}

/** Where to change one setting of it: the config key in full, or the ssh_config that a jump host has its own from. */
export function settingOf({ jump, at }: HopPlace, key: "host" | "port" | "identityFile"): string {
  const keyword = { host: "HostName", port: "Port", identityFile: "IdentityFile" }[key];
  return jump === null ? `${at}.${key}` : `${keyword} of it in ssh_config (${safe(at)})`;
}
