// What presence takes and how fast it notices: simulated nodes, a large tailnet, and cuts of real nodes.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { promisify } from "node:util";
import type { EventsReport } from "../src/nodeRouter/surfaces/reports/eventsReport.ts";
import type { NodesReport } from "../src/nodeRouter/surfaces/reports/nodeReport.ts";
import { peersCalled } from "../src/presence/sources/tailscale/match.ts";
import { createTailnetReader } from "../src/presence/sources/tailscale/reader.ts";
import { startSshDeployment } from "../test/e2e/sshDeployment.ts";
import { merge } from "../test/support/config.ts";
import { listNodes, startNodeHost } from "../test/support/nodeHost.ts";
import { startWire, type Wire } from "../test/support/ssh/wire.ts";
import { manyPeers, status103 } from "../test/support/tailscale/fixtures.ts";
import { machine, startLocalApi } from "../test/support/tailscale/localApi.ts";
import { pause, waitFor } from "../test/support/wait.ts";

export interface LoadRow {
  readonly nodes: number;
  readonly cpuSecondsPerMinute: number;
  readonly corePercent: number;
  /** Resident. */
  readonly memoryMb: number;
  /** Of the heap, after collection. */
  readonly keptMb: number;
  readonly snapshotP50Ms: number;
  readonly snapshotP90Ms: number;
}

/** Each number of nodes in a process of its own, so that memory and processor time are theirs alone. */
export async function benchPresenceLoad(counts: readonly number[], seconds: number): Promise<LoadRow[]> {
  const rows: LoadRow[] = [];
  for (const count of counts) {
    const script = join(import.meta.dirname, "presenceLoad.ts");
    const args = ["--expose-gc", script, String(count), String(seconds)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: quietEnv() });
    rows.push(JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as LoadRow);
  }
  return rows;
}

function quietEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return env;
}

export interface TailnetRow {
  readonly peers: number;
  readonly megabytes: number;
  readonly cpuMsPerRound: number;
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

/** A status of so many peers, of which 20 are nodes, read over a socket; serving it is in the numbers too. */
export async function benchTailnet(peers: number, rounds: number): Promise<TailnetRow> {
  const bytes = Buffer.from(JSON.stringify(status103(manyPeers(peers)), null, "\t"));
  const api = await startLocalApi();
  try {
    api.instead = (_, answer) => answer.end(bytes);
    const reader = createTailnetReader(machine({ sockets: [api.socket] }));
    const wants = peersCalled(Array.from({ length: 20 }, (_, at) => `node-${at * 7}`));
    const read = async (): Promise<void> => {
      const answer = await reader.status(wants, 20_000);
      if (answer.kind !== "status") throw new Error(answer.reason);
    };
    await read();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const cpu = process.cpuUsage();
    for (let round = 0; round < rounds; round += 1) await read();
    const used = process.cpuUsage(cpu);
    delay.disable();
    return {
      peers,
      megabytes: bytes.length / 1e6,
      cpuMsPerRound: (used.user + used.system) / 1e3 / rounds,
      loopDelayP99Ms: delay.percentile(99) / 1e6,
      loopDelayMaxMs: delay.max / 1e6,
    };
  } finally {
    await api.close();
  }
}

export interface CutRow {
  readonly what: string;
  readonly runs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/**
 * Cuts both nodes at once, again and again: the node host's process is stopped, and the way to the sshd becomes a
 * black hole. OpenClaw's own word is waited for at the first cuts only: it takes a minute.
 */
export async function benchCuts(cuts: number, ownCuts: number): Promise<readonly CutRow[]> {
  let wire: Wire | undefined;
  const deployment = await startSshDeployment({
    port: async (sshd) => {
      wire = await startWire({ target: sshd.port, delayMs: 0, misbehaviour: null });
      return wire.port;
    },
    router: (router) => merge(router, { nodes: { "mac-cn": { tags: ["region=cn"] } } }),
  });
  const { gateway } = deployment;
  const host = await startNodeHost(gateway, "mac-cn");
  const times = { nodeOut: [] as number[], nodeBack: [] as number[] };
  const ssh = { out: [] as number[], back: [] as number[] };
  const own: number[] = [];
  try {
    const stateOf = async (name: string) =>
      (await gateway.rpc<NodesReport>("noderouter.nodes")).nodes.find((node) => node.name === name)?.state;
    const both = (state: string) =>
      waitFor(
        `both nodes to be ${state}`,
        async () => (await stateOf("mac-cn")) === state && (await stateOf("mac-sg")) === state,
        { timeoutMs: 120_000, everyMs: 250 },
      );
    const at = async (name: string, to: string, afterMs: number): Promise<number> => {
      const { events } = await gateway.rpc<EventsReport>("noderouter.events", { node: name });
      const event = events.find((found) => found.to === to && Date.parse(found.at) >= afterMs);
      if (event === undefined) throw new Error(`${name} did not become ${to}`);
      return Date.parse(event.at) - afterMs;
    };
    for (let cut = 0; cut < cuts; cut += 1) {
      await both("ready");
      // Anywhere between two questions.
      await pause(Math.random() * 2_000);
      const cutMs = Date.now();
      process.kill(-host.pid(), "SIGSTOP");
      wire?.freeze();
      await both("offline");
      times.nodeOut.push(await at("mac-cn", "offline", cutMs));
      ssh.out.push(await at("mac-sg", "offline", cutMs));
      if (cut < ownCuts) {
        await waitFor(
          "OpenClaw to notice",
          async () => (await listNodes(gateway)).every(({ connected }) => !connected),
          { timeoutMs: 300_000, everyMs: 500 },
        );
        own.push(Date.now() - cutMs);
      }
      const healMs = Date.now();
      process.kill(-host.pid(), "SIGCONT");
      wire?.thaw();
      await both("ready");
      if (cut >= ownCuts) times.nodeBack.push(await at("mac-cn", "ready", healMs));
      ssh.back.push(await at("mac-sg", "ready", healMs));
    }
    return [
      row("node host stopped: offline", times.nodeOut),
      row("SSH node in a black hole: offline", ssh.out),
      row("node host stopped: not connected, says OpenClaw", own),
      row("node host goes on: ready", times.nodeBack),
      row("way to the SSH node is free: ready", ssh.back),
    ];
  } finally {
    await host.stop();
    await deployment.stop();
    await wire?.stop();
  }
}

function row(what: string, times: readonly number[]): CutRow {
  const sorted = [...times].sort((a, b) => a - b);
  const share = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? 0;
  return { what, runs: sorted.length, medianMs: share(0.5), p95Ms: share(0.95), maxMs: sorted.at(-1) ?? 0 };
}
