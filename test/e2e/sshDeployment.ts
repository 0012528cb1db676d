// The deployment under test: a real gateway with the packed plugin, and nodes that are reached over SSH only.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { type JsonObject, merge } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { makeKey, type TestKey } from "../support/ssh/keys.ts";
import { type Sshd, type SshdOptions, startSshd } from "../support/ssh/sshd.ts";
import { changeConfig, withRouter } from "./deployment.ts";

export const AGENT = "worker-sg";
export const NODE = "mac-sg";

/** A machine with a login and an sshd, and its entry under `nodes`. */
export interface SshNode {
  readonly name: string;
  /** The one that runs, or ran last. */
  readonly sshd: Sshd;
  /** Home of the login; `~/whoami` holds the node's name, so that a command can prove where it ran. */
  readonly home: string;
  /** The workspace; it does not exist at the start. */
  readonly workspace: string;
  readonly knownHostsFile: string;
  readonly entry: JsonObject;
  /** After `sshd.stop()`: starts it again on its port. Default: with the keys that it had. */
  startAgain(hostKeys?: readonly TestKey[]): Promise<void>;
}

export interface SshNodeOptions {
  /** More lines of sshd_config. */
  readonly sshd?: readonly string[];
  /** Environment of what runs there, besides HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Command that runs the sshd; see there. */
  readonly through?: readonly string[];
  /** Shares the sshd of this node. */
  readonly server?: SshNode;
  /** Port that the gateway connects to; default: sshd's. */
  readonly port?: (sshd: Sshd) => number | Promise<number>;
  /** Content of known_hosts for that port; default: the server's own key. */
  readonly knownHosts?: (sshd: Sshd, name: string) => string;
  /** Workspace on the node; default: `~/work`. */
  readonly workspace?: string;
  /** Merged over the node's entry. */
  readonly entry?: (home: string) => JsonObject;
}

export interface SshDeployment {
  readonly gateway: Gateway;
  /** The first node: `NODE`. */
  readonly node: SshNode;
  readonly sshd: Sshd;
  readonly workspace: string;
  readonly home: string;
  /** The plugin's config in use. */
  readonly router: JsonObject;
  stop(): Promise<void>;
}

export interface SshDeploymentOptions extends SshNodeOptions {
  /** Merged over the default gateway configuration. */
  readonly config?: JsonObject;
  /**
   * Changes the plugin's config.
   * @param start starts one more node, which ends with the deployment; its entry is for the config.
   */
  readonly router?: (
    router: JsonObject,
    start: StartNode,
    first: SshNode,
  ) => JsonObject | Promise<JsonObject>;
  /** The agent is bound to the workspace; default true. */
  readonly bound?: boolean;
}

export type StartNode = (name: string, region: string, options?: SshNodeOptions) => Promise<SshNode>;

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
  // On a busy machine a short command may take long; only who asks for it gets a job instead of a result.
  const patient = { tools: { exec: { backgroundMs: 120_000 } } };
  const bound = { agents: { entries: { [AGENT]: { sandbox: SANDBOX } } } };
  const gateway = await startGateway({
    withPlugin: true,
    config: merge(merge(patient, options.bound === false ? {} : bound), options.config ?? {}),
  });
  const servers: Sshd[] = [];
  const stop = async (): Promise<void> => {
    await gateway.stop();
    await Promise.all(servers.map((sshd) => sshd.stop()));
  };
  try {
    const folder = join(gateway.home.dir, "ssh");
    mkdirSync(folder, { mode: 0o700 });
    const identityFile = join(folder, "id");
    writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
    const start: StartNode = async (name, region, nodeOptions = {}) => {
      const home = join(gateway.home.dir, `home-of-${name}`);
      mkdirSync(home);
      writeFileSync(join(home, "whoami"), `${name}\n`);
      const { server, through = [], env = {} } = nodeOptions;
      // sshd heeds the first line of that name alone.
      const setEnv = Object.entries({ HOME: home, ...env }).map(([key, value]) => `${key}=${value}`);
      const run = async (more: Partial<SshdOptions>): Promise<Sshd> => {
        const started = await startSshd({
          authorizedKeys: [key.publicKey],
          config: [`SetEnv ${setEnv.join(" ")}`, ...(nodeOptions.sshd ?? [])],
          through,
          ...more,
        });
        servers.push(started);
        return started;
      };
      let sshd = server?.sshd ?? (await run({}));
      const described = await describeNode(name, region, { sshd, home, folder, identityFile }, nodeOptions);
      return {
        ...described,
        get sshd() {
          return sshd;
        },
        async startAgain(hostKeys = sshd.hostKeys) {
          sshd = await run({ port: sshd.port, hostKeys });
        },
      };
    };
    const node = await start(NODE, "sg", options);
    const plain = {
      nodes: { [NODE]: node.entry },
      rules: [{ name: "singapore", agents: [AGENT], require: "region=sg" }],
    };
    const router = (await options.router?.(plain, start, node)) ?? plain;
    await changeConfig(gateway, (config) => withRouter(config, router));
    const { problems } = await gateway.rpc<StatusReport>("noderouter.status");
    if (problems.length > 0) throw new Error(`the test's own config: ${JSON.stringify(problems)}`);
    const { sshd, workspace, home } = node;
    return { gateway, node, sshd, workspace, home, router, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Machine {
  readonly sshd: Sshd;
  readonly home: string;
  /** Where keys and known_hosts are, on the gateway. */
  readonly folder: string;
  readonly identityFile: string;
}

async function describeNode(
  name: string,
  region: string,
  { sshd, home, folder, identityFile }: Machine,
  options: SshNodeOptions,
): Promise<Omit<SshNode, "startAgain">> {
  const port = (await options.port?.(sshd)) ?? sshd.port;
  const knownHostsFile = join(folder, `known_hosts-${name}`);
  const knownHosts = options.knownHosts ?? ((server: Sshd, host: string) => server.knownHosts(host));
  writeFileSync(knownHostsFile, knownHosts(sshd, `[127.0.0.1]:${port}`));
  const workspace = options.workspace ?? join(home, "work");
  const entry = {
    node: false,
    tailscale: false,
    tags: [`region=${region}`],
    ...(name === NODE ? { location: { country: "SG", city: "Singapore" } } : {}),
    workspace,
    ssh: { host: "127.0.0.1", port, user: sshd.user, identityFile, knownHostsFile },
  };
  return {
    name,
    sshd,
    home,
    workspace,
    knownHostsFile,
    entry: merge(entry, options.entry?.(home) ?? {}),
  };
}
