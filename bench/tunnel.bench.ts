// Node hosts behind a kept tunnel and behind `ssh -L`, 70 ms away: what a command takes, and how soon a node is back after a cut.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeConfig, installOverRpc, withRouter } from "../test/e2e/deployment.ts";
import type { JsonObject } from "../test/support/config.ts";
import { type Gateway, startGateway } from "../test/support/gateway.ts";
import { packPlugin } from "../test/support/install.ts";
import { listNodes, startNodeHost } from "../test/support/nodeHost.ts";
import { freePort } from "../test/support/ports.ts";
import { makeKey } from "../test/support/ssh/keys.ts";
import { startSshd } from "../test/support/ssh/sshd.ts";
import { startWire, type Wire } from "../test/support/ssh/wire.ts";
import { pause, waitFor } from "../test/support/wait.ts";
import { type Summary, summary } from "./summary.ts";
import { startToolTimer } from "./toolTimer.ts";

export interface TunnelBench {
  readonly exec: readonly (Summary & { readonly how: string })[];
  /** `ssh -L` over kept tunnel, of the medians. */
  readonly ratio: number;
  readonly cuts: readonly CutRow[];
}

export interface CutRow {
  readonly cutSeconds: number;
  readonly runs: number;
  /** From the healing until OpenClaw has the node again. */
  readonly medianMs: number;
  readonly maxMs: number;
}

const RUNS = 25;
const KEPT = "worker-sg";
const TYPED = "worker-cn";

/** @param cuts seconds of each cut, and how often */
export async function benchTunnel(
  rttMs: number,
  cuts: readonly (readonly [seconds: number, times: number])[],
): Promise<TunnelBench> {
  const archive = await packPlugin();
  const key = makeKey("ed25519");
  const gateway = await startGateway();
  const stops: (() => Promise<unknown>)[] = [() => gateway.stop()];
  try {
    const { dir } = gateway.home;
    const identityFile = join(dir, "id");
    writeFileSync(identityFile, key.privateKey, { mode: 0o600 });
    const home = join(dir, "node-home");
    mkdirSync(home);
    // One login for both ways: the node's for the tunnel, the gateway machine's for `ssh -L`.
    const sshd = await startSshd({ authorizedKeys: [key.publicKey], config: [`SetEnv HOME=${home}`] });
    stops.push(() => sshd.stop());
    const wires = await Promise.all(
      [0, 1].map(() => startWire({ target: sshd.port, delayMs: rttMs / 2, misbehaviour: null })),
    );
    const [keptWire, typedWire] = wires as [Wire, Wire];
    for (const wire of wires) stops.push(() => wire.stop());
    const knownHostsFile = join(dir, "known_hosts");
    writeFileSync(knownHostsFile, wires.map(({ port }) => sshd.knownHosts(`[127.0.0.1]:${port}`)).join(""));

    const [keptPort, typedPort] = [await freePort(), await freePort()];
    const ssh = { host: "127.0.0.1", port: keptWire.port, user: sshd.user, identityFile, knownHostsFile };
    await installOverRpc(gateway, archive);
    await changeConfig(gateway, (config) =>
      withRouter(config, {
        nodes: { "mac-sg": { tailscale: false, ssh: { ...ssh, tunnel: { port: keptPort } } } },
        rules: [{ name: "none", agents: ["nobody"] }],
      }),
    );
    const options = ["-F", "/dev/null", "-o", `UserKnownHostsFile=${knownHostsFile}`, "-o", "BatchMode=yes"];
    const forward = ["-N", "-L", `127.0.0.1:${typedPort}:127.0.0.1:${gateway.port}`];
    const where = ["-i", identityFile, "-p", String(typedWire.port), `${sshd.user}@127.0.0.1`];
    const typed = spawn("ssh", [...options, ...forward, ...where], { stdio: "ignore" });
    stops.push(async () => typed.kill());

    const kept = await startNodeHost(gateway, "mac-sg", { port: keptPort });
    stops.push(() => kept.stop());
    const other = await startNodeHost(gateway, "mac-cn", { port: typedPort });
    stops.push(() => other.stop());
    await changeConfig(gateway, (config) => withHost(config, { [KEPT]: kept.id, [TYPED]: other.id }));

    const exec = await measure(gateway);
    const [fast, slow] = exec;
    const rows: CutRow[] = [];
    for (const [seconds, times] of cuts) {
      const back: number[] = [];
      for (let time = 0; time < times; time += 1) back.push(await cut(gateway, keptWire, kept.id, seconds));
      const sorted = back.sort((a, b) => a - b);
      const medianMs = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
      rows.push({ cutSeconds: seconds, runs: times, medianMs, maxMs: sorted.at(-1) ?? Number.NaN });
    }
    return { exec, ratio: (slow?.p50Ms ?? Number.NaN) / (fast?.p50Ms ?? Number.NaN), cuts: rows };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** OpenClaw's own `exec host=node`, agent by node id. */
function withHost(config: JsonObject, nodes: Readonly<Record<string, string>>): JsonObject {
  const { agents } = config as { agents: { entries: Record<string, JsonObject> } };
  const entries = Object.entries(nodes).map(([agent, node]) => [
    agent,
    { ...agents.entries[agent], tools: { exec: { host: "node", node, security: "full", ask: "off" } } },
  ]);
  return { ...config, agents: { ...agents, entries: { ...agents.entries, ...Object.fromEntries(entries) } } };
}

async function measure(gateway: Gateway): Promise<TunnelBench["exec"]> {
  const timer = await startToolTimer(gateway);
  const line = 'CALL exec {"command":"true"}';
  const rows: (Summary & { how: string })[] = [];
  for (const [agent, how] of [
    [KEPT, "behind a kept tunnel"],
    [TYPED, "behind ssh -N -L"],
  ] as const) {
    await timer(agent, "exec", [line, line]);
    const { times, results } = await timer(agent, "exec", new Array(RUNS).fill(line));
    if (times.length !== RUNS) throw new Error(`${how}: ${results.join(" | ")}`);
    rows.push({ how, ...summary(times) });
  }
  return rows;
}

async function cut(gateway: Gateway, wire: Wire, nodeId: string, seconds: number): Promise<number> {
  const connected = async (): Promise<boolean> =>
    (await listNodes(gateway)).some((row) => row.nodeId === nodeId && row.connected);
  await waitFor("the node to be there before the cut", connected);
  // Anywhere between two keepalives.
  await pause(Math.random() * 3_000);
  wire.freeze();
  await pause(seconds * 1_000);
  // Short cuts may pass before OpenClaw looks: what counts is a node that answers.
  wire.thaw();
  const fromMs = performance.now();
  await waitFor(
    "a node that answers",
    () =>
      gateway
        .rpc("node.invoke", {
          nodeId,
          command: "system.which",
          params: { bins: ["sh"] },
          timeoutMs: 1_000,
          idempotencyKey: `${performance.now()}`,
        })
        .then(
          () => true,
          () => false,
        ),
    { timeoutMs: 120_000, everyMs: 50 },
  );
  return performance.now() - fromMs;
}
