// Puts the faults of a plan in, each at its time, one after another on each machine.
import { pause, waitFor } from "../test/support/wait.ts";
import { type Fleet, type Machine, suspendGroup } from "./fleet.ts";
import { type Fault, faultText } from "./plan.ts";
import type { Ending } from "./records.ts";
import { GATEWAY } from "./rules.ts";
import type { Timeline } from "./timeline.ts";

export interface FaultOptions {
  readonly fleet: Fleet;
  readonly plan: readonly Fault[];
  readonly timeline: Timeline;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
  /** Those of the gateway, as they come. */
  readonly endings: Ending[];
}

/** Resolves when all are over and healed. What a fault could not do is said, and is no failure. */
export async function putFaultsIn(options: FaultOptions): Promise<void> {
  const { plan, nowMs, say } = options;
  const queues = new Map<string, Promise<void>>();
  const config: ConfigInUse = { variant: "base", reloads: 0 };
  /** Ms for which the plan's clock stood still. */
  let heldMs = 0;
  let gatewayBack: { readonly atMs: number; readonly work: Promise<void> } | null = null;
  for (const fault of plan) {
    if (gatewayBack !== null && fault.atMs > gatewayBack.atMs + DOWN_MS) {
      const sinceMs = nowMs();
      await gatewayBack.work;
      heldMs += nowMs() - sinceMs;
      gatewayBack = null;
    }
    await pause(Math.max(0, fault.atMs + heldMs - nowMs()));
    const before = queues.get(fault.target) ?? Promise.resolve();
    const work = before.then(async () => {
      say(faultText({ ...fault, atMs: nowMs() }));
      await putIn(fault, config, options).catch((error: unknown) =>
        say(`${" ".repeat(11)}${fault.kind} ${fault.target}: ${firstLine(error)}`),
      );
    });
    queues.set(fault.target, work);
    if (isOfGatewayProcess(fault)) gatewayBack = { atMs: fault.atMs, work };
  }
  await Promise.all(queues.values());
}

/** So long faults go on while the gateway is down; then the plan waits, or a slow machine would see most of them without one. */
const DOWN_MS = 6_000;

const isOfGatewayProcess = ({ kind, target }: Fault): boolean =>
  target === GATEWAY && (kind === "kill" || kind === "restart");

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";

interface ConfigInUse {
  variant: string;
  reloads: number;
}

async function putIn(fault: Fault, config: ConfigInUse, options: FaultOptions): Promise<void> {
  const machine = options.fleet.machines.get(fault.target);
  await (machine === undefined ? onGateway(fault, config, options) : onNode(fault, machine, options));
}

async function ended(
  { endings, nowMs }: Pick<FaultOptions, "endings" | "nowMs">,
  end: () => Promise<void>,
): Promise<void> {
  const fromMs = nowMs();
  await end();
  endings.push({ fromMs, untilMs: nowMs() });
}

/** OpenClaw gives up a reload that takes it too long on a busy machine, and then asks for a restart. */
export async function configureOrRestart(
  options: Pick<FaultOptions, "fleet" | "nowMs" | "endings" | "say">,
  ...how: Parameters<Fleet["configure"]>
): Promise<void> {
  const { fleet, say } = options;
  const { gateway } = fleet;
  await gateway.waitUntilReady();
  try {
    await fleet.configure(...how);
  } catch (error) {
    say(`${" ".repeat(11)}config: ${firstLine(error)}; the gateway is restarted`);
    await ended(options, () => gateway.kill9());
    await gateway.start();
  }
}

async function onGateway(
  { kind, forMs, variant }: Fault,
  config: ConfigInUse,
  options: FaultOptions,
): Promise<void> {
  const { fleet, timeline, nowMs } = options;
  const { gateway } = fleet;
  switch (kind) {
    case "kill":
      await ended(options, () => gateway.kill9());
      await pause(forMs);
      return gateway.start();
    case "restart":
      // Whatever runs then is a part of the fault: it is not waited for.
      await ended(options, () => gateway.end(8_000));
      await pause(forMs);
      return gateway.start();
    case "suspend": {
      const goOn = suspendGroup(gateway.pid());
      await pause(forMs);
      return goOn();
    }
    case "config": {
      if (variant === null) return;
      const applied = timeline.writes(variant, nowMs());
      config.variant = variant;
      await configureOrRestart(options, variant);
      return applied(nowMs());
    }
    default:
      config.reloads++;
      // A number that no call asks for: the plugin is registered anew, with the same rules.
      return configureOrRestart(options, config.variant, { auditKeepDays: 30 + (config.reloads % 2) });
  }
}

async function onNode({ kind, forMs, ms }: Fault, machine: Machine, options: FaultOptions): Promise<void> {
  switch (kind) {
    case "cut":
      return machine.wire.cut();
    case "drop":
      return machine.drop();
    case "slow":
      machine.wire.slow(ms);
      await pause(forMs);
      return machine.wire.slow(0);
    case "hole":
      machine.wire.freeze();
      await pause(forMs);
      return machine.wire.thaw();
    case "suspend": {
      const goOn = machine.suspend();
      await pause(forMs);
      return goOn();
    }
    case "kill":
    case "restart":
      await (kind === "kill" ? machine.kill() : machine.end());
      await pause(forMs);
      return machine.start();
    default:
      return closeAndOpen(kind, machine.name, forMs, options);
  }
}

async function closeAndOpen(kind: string, node: string, forMs: number, options: FaultOptions): Promise<void> {
  const { fleet, timeline, nowMs } = options;
  const ask = (method: string): Promise<unknown> =>
    fleet.gateway.rpc(`noderouter.${method}`, { node, reason: "chaos" });
  await fleet.gateway.waitUntilReady();
  await ask(kind);
  const opens = timeline.closes(node, nowMs());
  await pause(forMs);
  opens(nowMs());
  await waitFor(
    `the end of the ${kind}`,
    () =>
      fleet.gateway.rpc("noderouter.uncordon", { node }).then(
        () => true,
        () => false,
      ),
    {
      timeoutMs: 240_000,
      everyMs: 500,
    },
  );
}
