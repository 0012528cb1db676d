// The three variables by which OpenClaw says where its gateway is, and what comes of each. Pure.
// Source: OpenClaw 2026.9.6, docs/gateway/discovery.md; they count in the gateway's own environment only.

/** A value, and who says so: the variable's name, or what stands in for it. */
export interface Told<T> {
  readonly value: T;
  readonly source: string;
}

export interface Discovery {
  /** The gateway machine's name for people and for ssh. */
  readonly address: Told<string>;
  /** Of the gateway machine's sshd. */
  readonly sshPort: Told<number>;
  /** Whether OPENCLAW_DISABLE_BONJOUR keeps OpenClaw from telling the local network of this gateway. */
  readonly isHidden: boolean;
}

export const DISCOVERY_VARIABLES = [
  "OPENCLAW_TAILNET_DNS",
  "OPENCLAW_SSH_PORT",
  "OPENCLAW_DISABLE_BONJOUR",
] as const;
const [TAILNET_DNS, SSH_PORT, NO_BONJOUR] = DISCOVERY_VARIABLES;

/** @param hostname of this machine, which is used where no variable says its name. */
export function discoveryOf(
  variables: Readonly<Record<string, string | undefined>>,
  hostname: string,
): Discovery {
  const name = variables[TAILNET_DNS]?.trim().replace(/\.$/, "") ?? "";
  const port = variables[SSH_PORT]?.trim() ?? "";
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  return {
    address: name === "" ? { value: hostname, source: "hostname" } : { value: name, source: TAILNET_DNS },
    sshPort: isPort ? { value: Number(port), source: SSH_PORT } : { value: 22, source: "default" },
    isHidden: /^(1|true|yes|on)$/i.test(variables[NO_BONJOUR]?.trim() ?? ""),
  };
}
