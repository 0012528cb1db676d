// What is settled about a machine before ssh is asked.
import type { JumpSpec } from "./proxyJump.ts";

export const DEFAULT_PORT = 22;

/** What the config says of a hop; null = ssh decides. Of a jump host it says nothing. */
export interface HopConfig extends JumpSpec {
  /** Hosts to go through, as `ssh -J` takes them; null = ssh decides. */
  readonly jumps: string | null;
  readonly identityFile: string | null;
  readonly identityData: string | null;
  readonly passphrase: string | null;
  readonly knownHostsFile: string | null;
  readonly hostKey: string | null;
  readonly tailscale: string | null;
  readonly defaultPort: number;
  /** Where this is written, for messages. */
  readonly at: string;
}

/** A machine that only ssh_config or a ProxyJump knows. */
export function jumpConfig(jump: JumpSpec, jumps: string | null, at: string): HopConfig {
  return {
    ...jump,
    jumps,
    identityFile: null,
    identityData: null,
    passphrase: null,
    knownHostsFile: null,
    hostKey: null,
    tailscale: null,
    defaultPort: DEFAULT_PORT,
    at,
  };
}
