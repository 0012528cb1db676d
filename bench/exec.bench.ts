// The whole exec tool call on a real gateway: placed by the plugin, beside the same call bound natively.

import { type Gateway, startGateway } from "../test/support/gateway.ts";
import { installPlugin, packPlugin } from "../test/support/install.ts";
import { startNodeHost } from "../test/support/nodeHost.ts";

export interface ExecRow {
  readonly how: string;
  readonly calls: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
}

export interface ExecBench {
  readonly rows: readonly ExecRow[];
  /** Median of the calls placed by the plugin, as installed with the guard, over the median of the native ones. */
  readonly ratio: number;
  /** The same without the guard's native settings. */
  readonly unguardedRatio: number;
}

/** Runs of each kind, in turn, so that a machine that slows down slows both. */
const ROUNDS = 30;
const CALLS_A_ROUND = 10;
/** The first rounds pay for prepared models, caches and JIT. */
const WARM_UP_ROUNDS = 2;

const GUARDED = "worker-sg";
const UNGUARDED = "master";
const NATIVE = "worker-cn";
const KINDS = [GUARDED, NATIVE, UNGUARDED];

/** Starts a gateway and a node, measures, and ends both. */
export async function benchExec(): Promise<ExecBench> {
  const gateway = await startGateway();
  const node = await startNodeHost(gateway, "mac-sg");
  try {
    await installPlugin(gateway, await packPlugin());
    await set(gateway, "plugins.entries.node-router.config", {
      nodes: { "mac-sg": { tags: ["region=sg"] } },
      rules: [{ name: "bench", agents: [GUARDED, UNGUARDED], require: "region=sg" }],
    });
    for (const agent of [NATIVE, GUARDED]) {
      await set(gateway, `agents.entries.${agent}.tools.exec`, { host: "node", node: node.id });
    }
    await gateway.waitUntilConfigApplied();
    return await measure(gateway);
  } finally {
    await node.stop();
    await gateway.stop();
  }
}

async function measure(gateway: Gateway): Promise<ExecBench> {
  const times = new Map<string, number[]>(KINDS.map((agent) => [agent, []]));
  const timer = await startTimer(gateway);
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    // Each kind takes each place in turn, so that what one leaves behind does not always meet the same other.
    for (const at of KINDS.keys()) {
      const agent = KINDS[(at + round) % KINDS.length] ?? NATIVE;
      const took = await timer(agent);
      if (round >= WARM_UP_ROUNDS) times.get(agent)?.push(...took);
    }
  }
  const guarded = row("placed by node-router, with guard", times.get(GUARDED) ?? []);
  const unguarded = row("placed by node-router, no guard", times.get(UNGUARDED) ?? []);
  const native = row("bound natively (tools.exec.node)", times.get(NATIVE) ?? []);
  return {
    rows: [guarded, unguarded, native],
    ratio: guarded.p50Ms / native.p50Ms,
    unguardedRatio: unguarded.p50Ms / native.p50Ms,
  };
}

interface AgentEvent {
  readonly runId: string;
  readonly stream: string;
  readonly ts: number;
  readonly data: { readonly phase?: string; readonly name?: string; readonly toolCallId?: string };
}

/**
 * Times one run's exec calls from the gateway's own events: a call's `start` comes before any hook, its
 * `result` after the last.
 */
async function startTimer(gateway: Gateway): Promise<(agent: string) => Promise<number[]>> {
  const starts = new Map<string, bigint>();
  const ends = new Map<string, bigint>();
  await gateway.on("agent", (payload) => {
    const event = payload as AgentEvent;
    if (event.stream !== "tool" || event.data.name !== "exec") return;
    const key = `${event.runId} ${event.data.toolCallId}`;
    if (event.data.phase === "start") starts.set(key, process.hrtime.bigint());
    if (event.data.phase === "result") ends.set(key, process.hrtime.bigint());
  });
  return async (agent) => {
    const message = Array.from(
      { length: CALLS_A_ROUND },
      () => 'CALL exec {"command":"printenv WHOAMI"}',
    ).join("\n");
    const run = await gateway.agent(agent, message);
    const wrong = run.results.filter((result) => !result.includes("mac-sg"));
    if (wrong.length > 0 || run.results.length !== CALLS_A_ROUND) {
      throw new Error(
        `${agent}: ${run.results.length} results, ${wrong.length} not from mac-sg: ${wrong[0] ?? ""}`,
      );
    }
    return [...ends]
      .filter(([key]) => key.startsWith(run.runId))
      .map(([key, end]) => Number(end - (starts.get(key) ?? end)) / 1e6);
  };
}

function row(how: string, times: readonly number[]): ExecRow {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { how, calls: sorted.length, minMs: at(0), p50Ms: at(0.5), p90Ms: at(0.9) };
}

async function set(gateway: Gateway, path: string, value: unknown): Promise<void> {
  const done = await gateway.cli("config", "set", path, JSON.stringify(value), "--strict-json");
  if (done.code !== 0)
    throw new Error(`openclaw config set ${path} failed (exit ${done.code})\n${done.stderr}`);
}
