// One gateway, and machines 70 ms away whose node hosts reach it by a kept tunnel, by OpenSSH's forwards, or with nothing between.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WAITS_FOR } from "../../src/nodeRouter/setup/nodeTasks.ts";
import { changeConfig, installOverRpc, withRouter } from "../../test/e2e/deployment.ts";
import { SANDBOX } from "../../test/e2e/sshDeployment.ts";
import { type JsonObject, merge } from "../../test/support/config.ts";
import { type Gateway, startGateway } from "../../test/support/gateway.ts";
import { unpackPlugin } from "../../test/support/install.ts";
import { type NodeHost, startNodeHost } from "../../test/support/nodeHost.ts";
import { makeKey } from "../../test/support/ssh/keys.ts";
import { type Sshd, startSshd } from "../../test/support/ssh/sshd.ts";
import { startDelayProxy } from "../delayProxy.ts";
import { type FarMachine, startFarMachine } from "./farMachine.ts";

export const WAYS = ["kept", "typed", "reverse", "direct"] as const;
export type Way = (typeof WAYS)[number];
export const HOW: Readonly<Record<Way, string>> = {
  kept: "kept tunnel",
  typed: "ssh -N -L",
  reverse: "ssh -N -R",
  direct: "no tunnel",
};

export interface CutMachine {
  readonly machine: FarMachine;
  readonly node: NodeHost;
}

export interface TunnelDeployment {
  readonly gateway: Gateway;
  /** All on one machine; null: they were not wanted. */
  readonly ways: Readonly<Record<Way, NodeHost>> | null;
  /** Behind kept tunnels, each with a link of its own. */
  readonly cutMachines: readonly CutMachine[];
  stop(): Promise<void>;
}

/** The node's, as a real node host has it; each machine has a loopback of its own. */
const PORTS = { kept: 18_789, typed: 18_790, reverse: 18_791 } as const;
const AT_ONCE = 2;
/** What `join` writes to the node's config. */
const AS_JOINED = { env: { vars: { [WAITS_FOR.variable]: String(WAITS_FOR.ms) } } };

/** @param cutMachines how many, beside the one with all ways */
export async function startTunnels(
  archive: string,
  oneWayMs: number,
  cutMachines: number,
  withWays: boolean,
): Promise<TunnelDeployment> {
  const stops: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const entries = WAYS.flatMap((way) => [`plugin-${way}`, `native-${way}`]).map((name) => [name, {}]);
    const gateway = await startGateway({ config: { agents: { entries: Object.fromEntries(entries) } } });
    stops.push(() => gateway.stop());
    await installOverRpc(gateway, archive);
    const { dir } = gateway.home;
    const key = makeKey("ed25519");
    const identityFile = join(dir, "id");
    const knownHostsFile = join(dir, "known_hosts");
    writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
    const machines: FarMachine[] = [];
    for (let at = 0; at <= cutMachines; at += 1) {
      const machine = await startFarMachine(at, oneWayMs);
      stops.push(() => machine.stop());
      machines.push(machine);
    }
    const login = async (address: string, through: readonly string[]): Promise<Sshd> => {
      const home = join(dir, `home-${address}`);
      mkdirSync(home);
      const config = [`ListenAddress ${address}`, `SetEnv HOME=${home}`];
      const sshd = await startSshd({ authorizedKeys: [key.publicKey], config, through });
      stops.push(() => sshd.stop());
      return sshd;
    };
    const [first] = machines;
    if (first === undefined) throw new Error("no machine");
    const near = await login(first.near, []);
    const far = await Promise.all(machines.map((machine) => login(machine.far, machine.through)));
    const known = [near.knownHosts(`[${first.near}]:${near.port}`)];
    const sshOf = ({ far: host }: FarMachine, { port, user }: Sshd): JsonObject => {
      return { host, port, user, identityFile, knownHostsFile };
    };
    const nodes: Record<string, JsonObject> = {};
    for (const [at, machine] of machines.entries()) {
      const sshd = far[at];
      if (sshd === undefined) continue;
      known.push(sshd.knownHosts(`[${machine.far}]:${sshd.port}`));
      const ssh = { ...sshOf(machine, sshd), tunnel: { port: PORTS.kept } };
      nodes[at === 0 ? "mac-kept" : `mac-cut${at}`] = { tailscale: false, transport: "node", ssh };
    }
    writeFileSync(knownHostsFile, known.join(""));
    await changeConfig(gateway, (config) => withRouter(config, { nodes, rules: [] }));

    const forward = (through: readonly string[], to: string, sshd: Sshd, what: readonly string[]): void => {
      const options = [
        "-F",
        "/dev/null",
        "-o",
        `UserKnownHostsFile=${knownHostsFile}`,
        "-o",
        "BatchMode=yes",
      ];
      const where = ["-i", identityFile, "-p", String(sshd.port), `${sshd.user}@${to}`];
      const [file = "", ...line] = [...through, "ssh", ...options, "-N", ...what, ...where];
      const child: ChildProcess = spawn(file, line, { stdio: "ignore" });
      stops.push(() => child.kill());
    };
    const to = `127.0.0.1:${gateway.port}`;
    forward(first.through, first.near, near, ["-L", `127.0.0.1:${PORTS.typed}:${to}`]);
    const [serverThere] = far;
    if (serverThere !== undefined)
      forward([], first.far, serverThere, ["-R", `127.0.0.1:${PORTS.reverse}:${to}`]);
    const door = await startDelayProxy(gateway.port, 0, first.near);
    stops.push(() => door.stop());

    const host = async (name: string, machine: FarMachine, more: object): Promise<NodeHost> => {
      const node = await startNodeHost(gateway, name, {
        through: machine.through,
        timeoutMs: 400_000,
        config: AS_JOINED,
        ...more,
      });
      stops.push(() => node.stop());
      return node;
    };
    const ways: Partial<Record<Way, NodeHost>> = {};
    const cut: CutMachine[] = [];
    const starts = [
      ...(withWays ? WAYS : []).map((way) => async () => {
        const at = way === "direct" ? { host: first.near, port: door.port } : { port: PORTS[way] };
        ways[way] = await host(`mac-${way}`, first, { ...at, plugin: await unpackPlugin() });
      }),
      ...machines.slice(1).map((machine, at) => async () => {
        cut.push({ machine, node: await host(`mac-cut${at + 1}`, machine, { port: PORTS.kept }) });
      }),
    ];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let start = starts.shift(); start !== undefined; start = starts.shift()) await start();
      }),
    );
    const { kept, typed, reverse, direct } = ways;
    const all = kept && typed && reverse && direct ? { kept, typed, reverse, direct } : null;
    if (all !== null) await changeConfig(gateway, (config) => withAgents(config, nodes, all));
    return { gateway, ways: all, cutMachines: cut, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Of each way two agents: one whose workspace is there, and one with OpenClaw's own `exec host=node`. */
function withAgents(
  config: JsonObject,
  nodes: Readonly<Record<string, JsonObject>>,
  ways: Readonly<Record<Way, NodeHost>>,
): JsonObject {
  const entries: Record<string, JsonObject> = {};
  const tagged: Record<string, JsonObject> = { ...nodes };
  for (const way of WAYS) {
    const { id, home } = ways[way];
    const workspace = join(home.home, "work");
    mkdirSync(workspace, { recursive: true });
    tagged[`mac-${way}`] = { tailscale: false, ...nodes[`mac-${way}`], workspace, tags: [`way=${way}`] };
    entries[`plugin-${way}`] = { sandbox: SANDBOX };
    entries[`native-${way}`] = { tools: { exec: { host: "node", node: id, security: "full", ask: "off" } } };
  }
  const rules = WAYS.map((way) => ({ name: way, agents: [`plugin-${way}`], require: `way=${way}` }));
  return merge(withRouter(config, { nodes: tagged, rules }), { agents: { entries } });
}
