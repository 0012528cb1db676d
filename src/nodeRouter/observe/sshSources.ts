// The sources over SSH, on the connections that commands use.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { PresenceSource } from "../../presence/record.ts";
import { createSshPing } from "../../presence/sources/ssh/ping.ts";
import { createSshStats } from "../../presence/sources/ssh/stats.ts";
import { runScript } from "../transports/ssh/runScript.ts";
import type { SshTransport } from "../transports/transport.ts";

export interface SshSourcesOptions {
  /** Null: not made yet. */
  readonly transport: () => SshTransport | null;
  readonly config: () => ResolvedConfig;
  /** Epoch ms. */
  readonly now: () => number;
}

const NONE = "the SSH transport is not there yet";

/** `ssh:ping` and `ssh`. Both use the connections of commands and make none but for `presence.connect`. */
export function sshSources({ transport, config, now }: SshSourcesOptions): readonly PresenceSource[] {
  return [
    createSshPing({
      now,
      ask: async (node, timeoutMs) =>
        (await transport()?.ping(node, timeoutMs, { connect: config().presence.connect })) ?? {
          kind: "unknown",
          reason: NONE,
        },
    }),
    createSshStats({
      now,
      monotonic: () => performance.now(),
      publicAddressUrl: () => config().presence.publicAddressUrl,
      run: async (node, request) => {
        const ssh = transport();
        return ssh === null
          ? { ok: false, reason: NONE, stdout: "", isConnected: false }
          : runScript(ssh, node, request);
      },
    }),
  ];
}
