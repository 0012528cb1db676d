// A gateway and a machine in memory, for the steps of a set-up: everything can be looked at, and any call can fail.
import { section } from "../../../src/nodeRouter/host/hostConfig.ts";
import { addSteps, onlySsh } from "../../../src/nodeRouter/setup/addSteps.ts";
import { missingValues, takeBack, writeValues } from "../../../src/nodeRouter/setup/configChange.ts";
import { type JoinWishes, joinSteps, tunnelEntry } from "../../../src/nodeRouter/setup/joinSteps.ts";
import { runSetup, type SetupReport } from "../../../src/nodeRouter/setup/runSetup.ts";
import { SAYS } from "../../../src/nodeRouter/setup/saidBy.ts";
import type { SetupContext } from "../../../src/nodeRouter/setup/setupContext.ts";
import type { SetupGateway, SetupLook, TaskAnswer } from "../../../src/nodeRouter/setup/setupGateway.ts";
import type { SetupWishes } from "../../../src/nodeRouter/setup/wantedEntry.ts";
import type { TrustReport } from "../../../src/nodeRouter/transports/ssh/connect/trust.ts";

export const FINGERPRINT = "SHA256:right";
export const DEVICE = "ab".repeat(32);
const PORT = 18_789;

/** What a fault does at the n-th call, counted from 0 over all that is asked. */
export interface CallFault {
  readonly at: number;
  /** `dead`: nothing is answered any more, as where the command itself was killed. `lost`: it was done, and the answer did not come. */
  readonly how: "throws" | "lost" | "stops" | "dead";
}

export interface WorldState {
  /** openclaw.json. */
  readonly host: { plugins: { entries: { "node-router": { config: unknown } } } };
  trusted: boolean;
  plugin: string | null;
  device: string | null;
  /** Whether a node host runs there. */
  running: boolean;
  readonly paired: Set<string>;
  guarded: boolean;
  /** Whether the workspace is there. */
  folder: boolean;
}

export function newWorld(config: unknown = {}, changes: Partial<WorldState> = {}): WorldState {
  const host = { plugins: { entries: { "node-router": { config: structuredClone(config) } } } };
  return {
    host,
    trusted: false,
    plugin: null,
    device: null,
    running: false,
    paired: new Set(),
    guarded: false,
    folder: false,
    ...changes,
  };
}

/** All that can be compared. */
export function seen({ host, paired, ...rest }: WorldState) {
  return structuredClone({
    ...rest,
    config: host.plugins.entries["node-router"].config,
    paired: [...paired],
  });
}

export interface WorldOptions {
  readonly fault?: CallFault | null;
  readonly wishes?: Partial<SetupWishes>;
  readonly talk?: Partial<SetupContext["talk"]>;
  readonly gateway?: Partial<SetupGateway>;
  readonly join?: Partial<JoinWishes> | null;
}

const WISHES: SetupWishes = {
  country: "SG",
  city: null,
  tags: [],
  agents: ["worker-sg"],
  workspace: null,
  identityFile: null,
};

/** Runs `add`, or `join` where `join` is given. @returns the report, and everything that was asked. */
export async function runIn(
  world: WorldState,
  { fault = null, wishes, talk, gateway, join = null }: WorldOptions = {},
): Promise<{ report: SetupReport; calls: readonly string[]; shown: readonly string[] }> {
  const stop = new AbortController();
  const calls: string[] = [];
  const shown: string[] = [];
  let isDead = false;
  /** Every question goes through here. */
  const ask = async <T>(name: string, work: () => T): Promise<T> => {
    const at = calls.push(name) - 1;
    if (fault?.at === at) {
      if (fault.how === "dead") isDead = true;
      if (fault.how === "stops") stop.abort();
      if (fault.how === "throws") throw new Error("no answer");
      if (fault.how === "lost") {
        work();
        throw new Error("no answer");
      }
    }
    if (isDead) throw new Error("the gateway is gone");
    return work();
  };
  const config = () => world.host.plugins.entries["node-router"].config;
  const node = "mac-new";
  const report = (isTrusted: boolean): TrustReport => ({
    node,
    jumpHost: null,
    address: "claw@mac-new:22",
    name: node,
    keys: [
      {
        type: "ssh-ed25519",
        bits: null,
        fingerprint: FINGERPRINT,
        state: isTrusted ? "trusted" : "unknown",
        source: isTrusted ? "known_hosts:1" : null,
      },
    ],
    tailscale: null,
    file: null,
    recorded: null,
    problem: null,
  });
  const tasks: Record<string, (input: string, args: readonly string[]) => string> = {
    folder: (_input, [folder, what]) => {
      if (what !== "look") world.folder = what === "make";
      return what === "look" && world.folder ? `${SAYS}folder ${folder}\n` : "";
    },
    facts: () => `Last login: today\n${SAYS}home /home/claw\nnode-router-stats 1\ntz_env Asia/Singapore\n`,
    openclaw: () =>
      `${SAYS}service systemd\n${SAYS}version OpenClaw 2026.9.6 (abc)\n${world.plugin === null ? "" : `${SAYS}plugin ${world.plugin}\n`}`,
    identity: () => (world.device === null ? "" : `${SAYS}device ${world.device}\n`),
    install: () => {
      world.plugin = "0.1.0";
      return "";
    },
    uninstall: () => {
      world.plugin = null;
      return "";
    },
    connect: (input) => {
      if (input !== "code-1") throw new Error("wrong code");
      world.device = DEVICE;
      world.running = true;
      world.paired.add(DEVICE);
      return "";
    },
    disconnect: () => {
      world.running = false;
      return "";
    },
  };
  const own: SetupGateway = {
    look: (_, agents, device) =>
      ask("look", (): SetupLook => {
        const { nodes } = section(world.host, "plugins", "entries", "node-router", "config");
        const entry = section(nodes, node);
        const rules = (config() as { rules?: { name: string; agents: string[] }[] }).rules ?? [];
        return {
          version: "0.1.0",
          openclaw: "2026.9.6",
          port: PORT,
          entry: Object.keys(entry).length === 0 ? null : entry,
          rules: rules.map(({ name }) => name),
          agents: agents.map((agent) => ({
            agent,
            exists: agent.startsWith("worker-"),
            rule: rules.find((rule) => rule.agents.includes(agent))?.name ?? null,
          })),
          paired: [...world.paired]
            .filter((id) => id === device || id === entry.node)
            .map((id) => ({ id, connected: world.running, approved: true, exec: true })),
          tunnel: section(entry, "ssh").tunnel === undefined ? null : TUNNEL,
        };
      }),
    plan: (change) => ask("plan", () => ({ values: missingValues(config(), change), problems: [] })),
    write: (change) =>
      ask("write", () => {
        const values = missingValues(config(), change);
        writeValues(world.host, values);
        return values;
      }),
    takeBack: (values) => ask("takeBack", () => takeBack(world.host, values)),
    trust: (_, fingerprint) =>
      ask("trust", () => {
        if (fingerprint === FINGERPRINT) world.trusted = true;
        const problem =
          fingerprint === null || world.trusted ? null : "HOST_KEY_UNKNOWN: it does not offer that";
        return { ...report(world.trusted), problem };
      }),
    probe: () => ask("probe", () => ({ node, way: "claw@mac-new:22", ok: true, steps: [], problem: null })),
    guess: (_, facts) =>
      ask("guess", () => {
        const [, timeZone] = /tz_env (\S+)/.exec(facts ?? "") ?? [];
        return timeZone === undefined ? null : { country: "SG", why: `time zone ${timeZone}` };
      }),
    keyLine: () => ask("keyLine", () => "restrict,pty ssh-ed25519 AAAA"),
    onNode: (_, task, args = [], input = "") =>
      ask(task, (): TaskAnswer => ({ ok: true, stdout: tasks[task]?.(input, args) ?? "", problem: null })),
    ...gateway,
  };
  const context: SetupContext = {
    target: { node, host: node, user: "claw", port: null },
    wishes: { ...WISHES, ...wishes },
    gateway: own,
    talk: {
      hostKey: async () => FINGERPRINT,
      place: async () => null,
      change: async (lines) => shown.push(...lines) >= 0,
      ...talk,
    },
    guard: (_, write) =>
      ask(write ? "guard" : "guardPlan", () => {
        if (write) world.guarded = true;
        return {
          changes: world.guarded ? [] : ["agents.entries.worker-sg.tools.exec.host: node"],
          notes: [],
        };
      }),
    stop: stop.signal,
    // Nothing changes by waiting here.
    sleep: async () => undefined,
    tunnelPort: join === null ? null : PORT,
    more: join === null ? onlySsh : (look) => tunnelEntry(look, null),
  };
  const pairing: JoinWishes["pairing"] = {
    code: () => ask("code", () => ({ setupId: "1", target: "code-1" })),
    usedBy: () => ask("usedBy", () => (world.paired.has(DEVICE) ? DEVICE : null)),
    remove: (id) => ask("remove", () => void world.paired.delete(id)),
  };
  const steps =
    join === null
      ? addSteps(context)
      : joinSteps(context, { pairing, tunnelPort: PORT, service: true, ...join });
  return { report: await runSetup(steps, { stop: stop.signal, now: () => 0 }), calls, shown };
}

const TUNNEL = {
  state: "up",
  port: PORT,
  since: null,
  retries: 0,
  code: null,
  reason: null,
  connections: 0,
} as const;
