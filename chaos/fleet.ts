// The machines of the chaos: a real gateway, two node hosts and two sshds, each behind a wire that can fail.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeConfig, withRouter } from "../test/e2e/deployment.ts";
import { SANDBOX } from "../test/e2e/sshDeployment.ts";
import type { JsonObject } from "../test/support/config.ts";
import { type Home, makeHome, removeHome } from "../test/support/environment.ts";
import { type Gateway, startGateway } from "../test/support/gateway.ts";
import { unpackPlugin } from "../test/support/install.ts";
import { startNodeHost } from "../test/support/nodeHost.ts";
import { makeKey } from "../test/support/ssh/keys.ts";
import { sshdUnavailable, startSshd } from "../test/support/ssh/sshd.ts";
import { startWire, type Wire } from "../test/support/ssh/wire.ts";
import { fileOf } from "./asks.ts";
import { marksIn } from "./marks.ts";
import type { Mark } from "./oracle.ts";
import { AGENTS, type ChaosAgent, GATEWAY, OVER_SSH, PAIRED, routerConfig, variantOf } from "./rules.ts";

/** One machine and what can be done to it. */
export interface Machine {
  readonly name: string;
  readonly home: Home;
  /** Its entry under `nodes`, without tags and place. */
  readonly entry: JsonObject;
  readonly wire: Wire;
  kill(): Promise<void>;
  end(): Promise<void>;
  /** Resolves when it works, or when that takes too long: then others see it as it is. */
  start(): Promise<void>;
  /** kill -9 of what serves its connections; of a node host that is the node host. */
  drop(): Promise<void>;
  /** Its processes stand still until what is given is called. */
  suspend(): () => void;
  stop(): Promise<void>;
}

export interface Fleet {
  readonly gateway: Gateway;
  readonly machines: ReadonlyMap<string, Machine>;
  /** Those whose machines are there. */
  readonly agents: readonly ChaosAgent[];
  /** Why some are not; null: all are there. */
  readonly missing: string | null;
  /** Writes the plugin's config and resolves when the gateway works with it. @param more merged over it. */
  configure(variant: string, more?: JsonObject): Promise<void>;
  /** All marks, wherever they are. @param prefix of their ids. */
  marks(prefix: string): readonly Mark[];
  stop(): Promise<void>;
}

const WORK = "work";

/** Starts everything, with the rules of variant `base`. */
export async function startFleet(): Promise<Fleet> {
  const folder = await unpackPlugin();
  const missing = sshdUnavailable();
  const agents = AGENTS.filter(({ machines }) => missing === null || machines !== OVER_SSH);
  const gateway = await startGateway({ withPlugin: true, config: gatewayConfig(agents) });
  const machines = new Map<string, Machine>();
  const stop = async (): Promise<void> => {
    await Promise.allSettled([...machines.values()].map((machine) => machine.stop()));
    await gateway.stop();
  };
  try {
    const key = makeKey("ed25519");
    await Promise.all([
      ...PAIRED.map(async (name) => machines.set(name, await startPaired(gateway, name, folder))),
      ...(missing === null ? OVER_SSH : []).map(async (name) =>
        machines.set(name, await startOverSsh(name, key)),
      ),
    ]);
    const entries = Object.fromEntries([...machines].map(([name, { entry }]) => [name, entry] as const));
    const configure = (variant: string, more: JsonObject = {}): Promise<void> =>
      changeConfig(gateway, (config) =>
        withRouter(config, { ...routerConfig(entries, variantOf(variant), agents), ...more }),
      );
    await configure("base");
    // The first turn of an agent costs seconds.
    await Promise.all(agents.map(({ id }) => gateway.agent(id, "hello", { timeoutMs: 240_000 })));
    const homes = (): readonly (readonly [string, Home])[] => [
      [GATEWAY, gateway.home],
      ...[...machines].map(([name, { home }]) => [name, home] as const),
    ];
    const marks = (prefix: string) => homes().flatMap(([machine, home]) => marksOn(machine, home, prefix));
    return { gateway, machines, agents, missing, configure, marks, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function gatewayConfig(agents: readonly ChaosAgent[]): JsonObject {
  // As `openclaw node-router guard` writes it, without the one node that a variant may take away.
  const guarded = { tools: { exec: { host: "node" } } };
  const settings = { exec: guarded, workspace: { sandbox: SANDBOX }, none: {} };
  return {
    // Only who asks for it gets a job instead of a result.
    tools: { exec: { backgroundMs: 120_000 } },
    agents: {
      defaults: { maxConcurrent: agents.length + 4 },
      entries: Object.fromEntries(
        agents.map(({ id, binding }): [string, JsonObject] => [id, { name: id, ...settings[binding] }]),
      ),
    },
  };
}

async function startPaired(gateway: Gateway, name: string, plugin: string): Promise<Machine> {
  const wire = await startWire({ target: gateway.port, delayMs: 0, misbehaviour: null });
  const host = await startNodeHost(gateway, name, { port: wire.port, plugin });
  const workspace = join(host.home.home, WORK);
  mkdirSync(workspace);
  return {
    name,
    home: host.home,
    entry: { tailscale: false, workspace },
    wire,
    kill: host.kill9,
    drop: host.kill9,
    end: host.end,
    start: () => host.start().catch(() => undefined),
    suspend: () => suspendGroup(host.pid()),
    async stop() {
      await host.stop();
      await wire.stop();
    },
  };
}

async function startOverSsh(name: string, key: ReturnType<typeof makeKey>): Promise<Machine> {
  const home = makeHome(name);
  const run = (more: { port?: number; hostKeys?: readonly ReturnType<typeof makeKey>[] } = {}) =>
    startSshd({ authorizedKeys: [key.publicKey], config: [`SetEnv HOME=${home.home}`], ...more });
  let sshd = await run();
  const wire = await startWire({ target: sshd.port, delayMs: 0, misbehaviour: null });
  const folder = join(home.dir, "keys");
  mkdirSync(folder, { mode: 0o700 });
  const identityFile = join(folder, "id_ed25519");
  const knownHostsFile = join(folder, "known_hosts");
  writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
  writeFileSync(knownHostsFile, sshd.knownHosts(`[127.0.0.1]:${wire.port}`));
  const end = () => sshd.stop();
  return {
    name,
    home,
    entry: {
      node: false,
      tailscale: false,
      workspace: join(home.home, WORK),
      ssh: { host: "127.0.0.1", port: wire.port, user: sshd.user, identityFile, knownHostsFile },
    },
    wire,
    kill: end,
    end,
    async start() {
      sshd = await run({ port: sshd.port, hostKeys: sshd.hostKeys });
    },
    async drop() {
      sshd.dropConnections();
    },
    suspend: () => sshd.freeze(),
    async stop() {
      await end();
      await wire.stop();
      removeHome(home);
    },
  };
}

/** Stops a process group; what is given lets it go on. */
export function suspendGroup(pid: number): () => void {
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // It has ended.
    }
  };
  signal("SIGSTOP");
  return () => signal("SIGCONT");
}

function marksOn(machine: string, home: Home, prefix: string): readonly Mark[] {
  const file = join(home.home, "marks");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const written = filesOn(machine, home).map((id): Mark => ({ id, machine, lines: null }));
  return [...marksIn(text, machine), ...written].filter(({ id }) => id.startsWith(prefix));
}

/** Ids of written files. On the gateway every folder of an agent is looked into: a file there is one that went astray. */
function filesOn(machine: string, { home }: Home): readonly string[] {
  const folders =
    machine === GATEWAY
      ? readdirSync(home).filter((name) => name.startsWith("workspace"))
      : readdirSync(home).filter((name) => name === WORK);
  const suffix = fileOf("");
  return folders.flatMap((folder) =>
    readdirSync(join(home, folder), { encoding: "utf8" })
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length)),
  );
}
