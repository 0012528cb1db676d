// The deployment under test: a real gateway with the packed plugin, and a node that is reached over SSH only.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type JsonObject, merge } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { packPlugin } from "../support/install.ts";
import { makeKey } from "../support/ssh/keys.ts";
import { type Sshd, startSshd } from "../support/ssh/sshd.ts";
import { changeConfig, installOverRpc, withRouter } from "./deployment.ts";

export const AGENT = "worker-sg";
export const NODE = "mac-sg";

export interface SshDeployment {
  readonly gateway: Gateway;
  readonly sshd: Sshd;
  /** The workspace on the node; it does not exist at the start. */
  readonly workspace: string;
  /** Home of the login on the node. */
  readonly home: string;
  /** The plugin's config in use. */
  readonly router: JsonObject;
  stop(): Promise<void>;
}

export interface SshDeploymentOptions {
  /** More lines of sshd_config. */
  readonly sshd?: readonly string[];
  /** Merged over the default gateway configuration. */
  readonly config?: JsonObject;
  /** Changes the plugin's config. */
  readonly router?: (router: JsonObject, sshd: Sshd) => JsonObject;
  /** Port that the gateway connects to; default: sshd's. */
  readonly port?: (sshd: Sshd) => number;
  /** The agent is bound to the workspace; default true. */
  readonly bound?: boolean;
}

/** What the operator writes so that an agent's whole workspace is on its node. */
export const SANDBOX = {
  mode: "all",
  backend: "node-router",
  scope: "agent",
  workspaceAccess: "rw",
  prune: { idleHours: 0, maxAgeDays: 0 },
};

/** Starts everything; the plugin's rules hold when it resolves. */
export async function startSshDeployment(options: SshDeploymentOptions = {}): Promise<SshDeployment> {
  const key = makeKey("ed25519");
  const archive = await packPlugin();
  const bound = { agents: { entries: { [AGENT]: { sandbox: SANDBOX } } } };
  const gateway = await startGateway({
    config: merge(options.bound === false ? {} : bound, options.config ?? {}),
  });
  let sshd: Sshd | null = null;
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await sshd?.stop();
  };
  try {
    const home = join(gateway.home.dir, "node-home");
    mkdirSync(home);
    sshd = await startSshd({
      authorizedKeys: [key.publicKey],
      config: [`SetEnv HOME=${home}`, ...(options.sshd ?? [])],
    });
    const port = options.port?.(sshd) ?? sshd.port;
    const keys = join(gateway.home.dir, "ssh");
    mkdirSync(keys, { mode: 0o700 });
    writeFileSync(join(keys, "id"), key.privateKey, { mode: 0o600 });
    writeFileSync(join(keys, "known_hosts"), sshd.knownHosts(`[127.0.0.1]:${port}`));
    const workspace = join(home, "work");
    const plain = {
      nodes: {
        [NODE]: {
          node: false,
          tailscale: false,
          tags: ["region=sg"],
          location: { country: "SG", city: "Singapore" },
          workspace,
          ssh: {
            host: "127.0.0.1",
            port,
            user: sshd.user,
            identityFile: join(keys, "id"),
            knownHostsFile: join(keys, "known_hosts"),
          },
        },
      },
      rules: [{ name: "singapore", agents: [AGENT], require: "region=sg" }],
    };
    const router = options.router?.(plain, sshd) ?? plain;
    await installOverRpc(gateway, archive);
    await changeConfig(gateway, (config) => withRouter(config, router));
    return { gateway, sshd, workspace, home, router, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
