// Whole tool calls of an agent whose workspace is on a paired node 70 ms away: beside the gateway itself, OpenClaw's own
// `exec host=node`, and SSH, in the same run.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeConfig, installOverRpc, withRouter } from "../test/e2e/deployment.ts";
import { SANDBOX } from "../test/e2e/sshDeployment.ts";
import { baseConfig, type JsonObject, merge, scriptedProvider } from "../test/support/config.ts";
import { type Gateway, startGateway } from "../test/support/gateway.ts";
import { packPlugin, unpackPlugin } from "../test/support/install.ts";
import { type NodeHost, startNodeHost } from "../test/support/nodeHost.ts";
import { makeKey } from "../test/support/ssh/keys.ts";
import { type Sshd, startSshd } from "../test/support/ssh/sshd.ts";
import { type DelayProxy, startDelayProxy } from "./delayProxy.ts";
import { type Summary, summary } from "./summary.ts";
import { startToolTimer, type ToolTimer } from "./toolTimer.ts";

export interface NodeRow extends Summary {
  readonly what: string;
  readonly how: string;
}

export interface NodeBench {
  readonly rows: readonly NodeRow[];
  /** Resident MB of a node host with the plugin after all calls, and of one without it that was idle. */
  readonly memory: { readonly withPluginMb: number; readonly withoutMb: number };
}

/** Agent to how its tools reach the node. */
const HOW = {
  master: "the gateway itself",
  "worker-sg": "node-router, node protocol",
  "worker-ssh": "node-router, SSH",
  "worker-cn": "OpenClaw's exec host=node",
} as const;
type Agent = keyof typeof HOW;

const call = (tool: string, args: object): string => `CALL ${tool} ${JSON.stringify(args)}`;
const KIB_256 = 256 << 10;

interface Job {
  readonly what: string;
  readonly tool: string;
  readonly runs: number;
  readonly line: (at: number) => string;
  readonly agents: readonly Agent[];
  /** Each call has a session of its own: OpenClaw sends everything that was written along with each next one. */
  readonly isAlone?: boolean;
}

const ALL: readonly Agent[] = ["master", "worker-sg", "worker-ssh", "worker-cn"];
const FILES: readonly Agent[] = ["master", "worker-sg", "worker-ssh"];

const JOBS: readonly Job[] = [
  {
    what: "exec true",
    tool: "exec",
    runs: 25,
    agents: ALL,
    line: () => call("exec", { command: "true" }),
  },
  {
    what: "read 256 KiB",
    tool: "read",
    runs: 15,
    agents: FILES,
    line: (at) => call("read", { path: `read-${at}.txt` }),
  },
  {
    // OpenClaw takes no longer arguments of a call: 256,000 bytes (2026.9.6).
    what: "write 250 kB",
    tool: "write",
    runs: 8,
    agents: FILES,
    line: (at) => call("write", { path: "write.txt", content: `@padded 250000 v${at}` }),
    isAlone: true,
  },
  ...["edit", "edit 1 MB"].map((what) => ({
    what,
    tool: "edit",
    runs: 15,
    agents: FILES,
    line: (at: number) =>
      call("edit", { path: `${what}.txt`, edits: [{ oldText: `v${at};`, newText: `v${at + 1};` }] }),
  })),
  {
    what: "exec, 8 MB of output",
    tool: "exec",
    runs: 5,
    agents: ALL,
    line: () => call("exec", { command: "head -c 8000000 /dev/zero | tr '\\\\0' x" }),
  },
];
const PARALLEL = 10;

/** @param rttMs to every node, by delaying proxies; the TCP handshake is not delayed */
export async function benchNode(rttMs: number): Promise<NodeBench> {
  const archive = await packPlugin();
  const key = makeKey("ed25519");
  const gateway = await startGateway({
    config: (context) =>
      merge(baseConfig(context), {
        agents: { entries: { "worker-ssh": {} } },
        tools: { exec: { backgroundMs: 120_000 } },
        models: { providers: scriptedProvider("scripted", context.modelUrl, ["model"], 10_000_000) },
      }),
  });
  const stops: (() => Promise<void>)[] = [() => gateway.stop()];
  try {
    await installOverRpc(gateway, archive);
    const wire = await startDelayProxy(gateway.port, rttMs / 2);
    stops.push(() => wire.stop());
    const start = async (name: string, plugin: boolean): Promise<NodeHost> => {
      const host = await startNodeHost(gateway, name, {
        port: wire.port,
        ...(plugin ? { plugin: await unpackPlugin() } : {}),
      });
      stops.push(() => host.stop());
      return host;
    };
    const sg = await start("mac-sg", true);
    const cn = await start("mac-cn", false);
    const sshd = await startFarSshd(gateway, key.publicKey);
    stops.push(() => sshd.stop());
    writeFileSync(join(gateway.home.dir, "id"), key.privateKey, { mode: 0o600 });
    const sshWire = await startDelayProxy(sshd.port, rttMs / 2);
    stops.push(() => sshWire.stop());
    await configure(gateway, { sg, cn }, sshd, sshWire);
    const timer = await startToolTimer(gateway);
    const rows: NodeRow[] = [];
    for (const agent of ALL) await prepare(timer, agent);
    for (const job of JOBS) for (const agent of job.agents) rows.push(await measure(timer, job, agent));
    rows.push(...(await parallel(gateway)));
    return { rows, memory: { withPluginMb: residentMb(sg), withoutMb: residentMb(cn) } };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function startFarSshd(gateway: Gateway, publicKey: string): Promise<Sshd> {
  const home = join(gateway.home.dir, "ssh-home");
  mkdirSync(home);
  return startSshd({ authorizedKeys: [publicKey], config: [`SetEnv HOME=${home}`] });
}

async function configure(
  gateway: Gateway,
  { sg, cn }: { readonly sg: NodeHost; readonly cn: NodeHost },
  sshd: Sshd,
  wire: DelayProxy,
): Promise<void> {
  const { dir } = gateway.home;
  const knownHostsFile = join(dir, "known_hosts");
  writeFileSync(knownHostsFile, sshd.knownHosts(`[127.0.0.1]:${wire.port}`));
  const ssh = {
    host: "127.0.0.1",
    port: wire.port,
    user: sshd.user,
    identityFile: join(dir, "id"),
    knownHostsFile,
  };
  const workspace = (home: string): string => join(home, "bench");
  mkdirSync(workspace(cn.home.home));
  await changeConfig(gateway, (config) => {
    const routed = withRouter(config, {
      nodes: {
        "mac-sg": { tailscale: false, workspace: workspace(sg.home.home), tags: ["at=sg"] },
        far: {
          node: false,
          tailscale: false,
          workspace: join(dir, "ssh-home", "bench"),
          tags: ["at=ssh"],
          ssh,
        },
      },
      rules: [
        { name: "node", agents: ["worker-sg"], require: "at=sg" },
        { name: "ssh", agents: ["worker-ssh"], require: "at=ssh" },
      ],
    });
    const { agents } = routed as { agents: { entries: Record<string, JsonObject> } };
    const native = { exec: { host: "node", node: cn.id, security: "full", ask: "off" } };
    return {
      ...routed,
      agents: {
        ...agents,
        entries: {
          ...agents.entries,
          "worker-sg": { ...agents.entries["worker-sg"], sandbox: SANDBOX },
          "worker-ssh": { ...agents.entries["worker-ssh"], sandbox: SANDBOX },
          "worker-cn": { ...agents.entries["worker-cn"], tools: native },
        },
      },
    };
  });
}

/** Connections, prepared models, caches, and the files that are read and edited. */
async function prepare(timer: ToolTimer, agent: Agent): Promise<void> {
  const lines = ["true"];
  if (FILES.includes(agent)) {
    lines.push(
      `for i in $(seq 0 20); do head -c ${KIB_256} /dev/zero | tr '\\\\0' x | fold -w 100 > read-$i.txt; done`,
    );
    lines.push("printf 'v0;\\\\n' > edit.txt; touch write.txt");
    lines.push("(cat edit.txt; head -c 1000000 /dev/zero | tr '\\\\0' x | fold -w 100) > 'edit 1 MB.txt'");
  }
  check(
    agent,
    await timer(
      agent,
      "exec",
      lines.map((command) => call("exec", { command })),
    ),
  );
}

async function measure(timer: ToolTimer, job: Job, agent: Agent): Promise<NodeRow> {
  const lines = Array.from({ length: job.runs }, (_, at) => job.line(at));
  const times: number[] = [];
  for (const part of job.isAlone === true ? lines.map((line) => [line]) : [lines]) {
    const run = await timer(agent, job.tool, part);
    check(`${agent}, ${job.what}`, run);
    times.push(...run.times);
  }
  return { what: job.what, how: HOW[agent], ...summary(times) };
}

/** In one assistant message: the time is that of all of them. */
async function parallel(gateway: Gateway): Promise<readonly NodeRow[]> {
  const rows: NodeRow[] = [];
  for (const agent of ALL) {
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const lines = Array.from({ length: PARALLEL }, (_, at) =>
        call("exec", { command: `echo mark-${round}-${at}.` }),
      );
      const fromMs = performance.now();
      const { results } = await gateway.agent(agent, ["PARALLEL", ...lines, "END"].join("\n"));
      times.push(performance.now() - fromMs);
      const lost = lines.filter((_, at) => !results[at]?.includes(`mark-${round}-${at}.`));
      if (lost.length > 0)
        throw new Error(`${agent}: ${lost.length} of ${PARALLEL} commands lost: ${results.join(" | ")}`);
    }
    rows.push({ what: `a run with ${PARALLEL} exec at once`, how: HOW[agent], ...summary(times) });
  }
  return rows;
}

/** Linux: VmRSS of the process. */
function residentMb(host: NodeHost): number {
  const status = readFileSync(`/proc/${host.pid()}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) * 1024) / 1e6;
}

/** A call that failed quickly would look like a fast one. */
function check(
  agent: string,
  run: { readonly results: readonly string[]; readonly times: readonly number[] },
): void {
  const wrong = run.results.find((text) =>
    /error|not found|refused|[A-Z]{3,}_[A-Z]+:/i.test(text.slice(0, 2_000)),
  );
  if (wrong !== undefined || run.times.length === 0)
    throw new Error(`${agent}: ${wrong ?? `no call was seen: ${run.results.join(" | ").slice(0, 2_000)}`}`);
}
