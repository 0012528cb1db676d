// How a machine is dialled and how its silence is noticed, as far as ssh_config says. Pure.
import { isIP } from "node:net";
import { oneOf, type SshConfigAnswer } from "./sshAnswer.ts";

export interface NetworkSettings {
  /** Addresses to use; 0 = either kind. */
  readonly family: 0 | 4 | 6;
  /** Own address to dial from; null = the system chooses. */
  readonly localAddress: string | null;
  /** ConnectTimeout; null = ours. */
  readonly connectTimeoutMs: number | null;
  /** ServerAliveInterval and ServerAliveCountMax; null = ours. They count where they are stricter than ours. */
  readonly keepaliveIntervalMs: number | null;
  readonly keepaliveCountMax: number | null;
}

/** Nobody waits longer for a node, whatever ssh_config says. */
const MAX_CONNECT_TIMEOUT_MS = 30_000;

/** Null for what ssh leaves open. ssh says seconds; these are ms. */
export function readNetwork(answer: SshConfigAnswer): NetworkSettings {
  const address = oneOf(answer, "bindaddress");
  const interval = secondsOf(answer, "serveraliveinterval");
  const timeout = secondsOf(answer, "connecttimeout");
  const family = oneOf(answer, "addressfamily");
  return {
    family: family === "inet" ? 4 : family === "inet6" ? 6 : 0,
    localAddress: address !== null && isIP(address) !== 0 ? address : null,
    connectTimeoutMs: timeout === null ? null : Math.min(timeout * 1_000, MAX_CONNECT_TIMEOUT_MS),
    keepaliveIntervalMs: interval === null ? null : interval * 1_000,
    keepaliveCountMax: interval === null ? null : secondsOf(answer, "serveralivecountmax"),
  };
}

/** A whole number above zero; null = off. */
function secondsOf(answer: SshConfigAnswer, keyword: string): number | null {
  const text = oneOf(answer, keyword) ?? "";
  return /^\d{1,6}$/.test(text) && Number(text) > 0 ? Number(text) : null;
}
