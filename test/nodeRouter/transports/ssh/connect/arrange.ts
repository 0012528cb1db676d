// A gateway user's home in a temporary folder, and nodes that lead to test servers.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { vi } from "vitest";
import { resolveConfig } from "../../../../../src/config/resolve.ts";
import type { ConfiguredNode, SshSettings } from "../../../../../src/config/resolveNodes.ts";
import type { ConnectEnv } from "../../../../../src/nodeRouter/transports/ssh/connect/base/env.ts";
import { resolveTarget, type SshTarget } from "../../../../../src/nodeRouter/transports/ssh/connect/hops.ts";
import { refusalLine } from "../../../../../src/shared/refusal.ts";

// Every target asks a process, some several: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

export interface TestHome {
  /** Absolute; the gateway user's home. */
  readonly home: string;
  /** Writes `~/<path>`; answers the absolute path. */
  write(path: string, text: string, mode?: number): string;
  /** The environment of a gateway whose home this is; nothing of the real machine's. */
  env(changes?: Partial<ConnectEnv>): ConnectEnv;
  remove(): void;
}

export function makeTestHome(): TestHome {
  const dir = mkdtempSync(join(tmpdir(), "nr-"));
  const home = join(dir, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  return {
    home,
    write(path, text, mode = 0o600) {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { mode });
      return file;
    },
    env: (changes = {}) => ({
      // ssh is found on PATH, and nothing else of the real environment counts.
      variables: { PATH: process.env.PATH },
      home,
      user: "gateway",
      account: { name: userInfo().username, home: userInfo().homedir },
      systemConfig: join(dir, "etc/ssh_config"),
      systemKnownHosts: [join(dir, "etc/ssh_known_hosts")],
      readFile: (path) => readFile(path),
      tailscaleKeys: async () => ({ kind: "unknown", reason: "Tailscale is not installed" }),
      now: () => performance.now(),
      ...changes,
    }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A configured node "mac-sg" with these SSH settings. */
export function sshNode(
  ssh: Partial<SshSettings> | object = {},
  changes: Partial<ConfiguredNode> = {},
): ConfiguredNode {
  const node = resolveConfig({ nodes: { "mac-sg": { tailscale: false, ssh } } }).nodes.get("mac-sg");
  if (node?.ssh == null) throw new Error(`not a node with SSH: ${JSON.stringify(ssh)}`);
  return { ...node, ...changes };
}

/** The target of such a node; the settings must be sound. */
export async function targetOf(node: ConfiguredNode, env: ConnectEnv): Promise<SshTarget> {
  const resolved = await resolveTarget(node, env);
  if (!resolved.ok) throw new Error(refusalLine(resolved));
  return resolved.target;
}

/** An environment where `ssh` is this shell script, run with its arguments in the home. */
export function fakeSsh(home: TestHome, script: string): Pick<ConnectEnv, "variables"> {
  home.write("bin/ssh", `#!/bin/sh\ncd '${home.home}' || exit 9\n${script}\n`, 0o755);
  return { variables: { PATH: `${join(home.home, "bin")}:/usr/bin:/bin` } };
}
