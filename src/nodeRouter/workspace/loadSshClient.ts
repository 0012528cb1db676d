// The SSH client for connections that outlive the registration which made them.
import type { Registrations, SshClient } from "./registrations.ts";

/** A reload's gap is 0.3 to 1.6 s on two cores. */
export const RELOAD_GAP_MS = 5_000;

/**
 * Loaded through the registration that lives: OpenClaw runs a copy of the plugin's files, and removes it soon after that
 * registration is replaced. Code of a removed copy goes on, but can load nothing any more.
 * @throws NodeRouterError PACKAGE_REPLACED when its files are gone; Error when no registration comes in time.
 */
export async function loadSshClient(registrations: Registrations): Promise<SshClient> {
  for (;;) {
    const from = await registrations.wait(RELOAD_GAP_MS);
    if (from === null) throw new Error("node-router is being reloaded or was disabled; try again");
    try {
      return await from.loadSshClient();
    } catch (error) {
      // It was replaced meanwhile, and its files with it.
      if (registrations.current() === from) throw error;
    }
  }
}
