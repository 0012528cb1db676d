// Whole tool calls of an agent whose workspace is on an SSH node: ours beside OpenClaw's own `ssh` backend and the gateway.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeConfig, installOverRpc, withRouter } from "../test/e2e/deployment.ts";
import { SANDBOX } from "../test/e2e/sshDeployment.ts";
import { type Gateway, startGateway } from "../test/support/gateway.ts";
import { packPlugin } from "../test/support/install.ts";
import { makeKey } from "../test/support/ssh/keys.ts";
import { type Sshd, startSshd } from "../test/support/ssh/sshd.ts";
import { type DelayProxy, startDelayProxy } from "./delayProxy.ts";
import { type Summary, summary } from "./summary.ts";
import { startToolTimer, type ToolTimer } from "./toolTimer.ts";

export interface ToolRow extends Summary {
  readonly rttMs: number;
  readonly tool: string;
  readonly how: string;
  /** TCP connections that these calls made. */
  readonly connections: number;
}

const OURS = "worker-sg";
const BUILT_IN = "worker-cn";
const GATEWAY = "master";
const HOW = new Map([
  [OURS, "node-router"],
  [BUILT_IN, "OpenClaw's ssh backend"],
  [GATEWAY, "the gateway itself"],
]);

const call = (tool: string, args: object): string => `CALL ${tool} ${JSON.stringify(args)}`;

/** One call of each kind; `at` makes what it does new. */
const TOOLS: readonly { readonly tool: string; readonly line: (at: number) => string }[] = [
  { tool: "exec", line: () => call("exec", { command: "true" }) },
  { tool: "write", line: (at) => call("write", { path: "bench.txt", content: `round ${at}\n` }) },
  // Another file each time: the first look at it.
  { tool: "read", line: (at) => call("read", { path: `read-${at}.txt` }) },
  {
    tool: "edit",
    line: (at) => call("edit", { path: "edit.txt", edits: [{ oldText: `v${at};`, newText: `v${at + 1};` }] }),
  },
];
const OUTPUT = call("exec", { command: "head -c 50000000 /dev/zero | tr '\\\\0' x" });

export interface ToolsOptions {
  readonly roundTrips: readonly number[];
  /** Calls of each kind, for the built-in backend near and far: it needs seconds for each. */
  readonly runs: number;
  readonly builtInRuns: number;
  readonly builtInFarRuns: number;
}

export async function benchSshTools(options: ToolsOptions): Promise<readonly ToolRow[]> {
  const key = makeKey("ed25519");
  const archive = await packPlugin();
  const gateway = await startGateway();
  let sshd: Sshd | null = null;
  const rows: ToolRow[] = [];
  try {
    const home = join(gateway.home.dir, "node-home");
    mkdirSync(home);
    sshd = await startSshd({ authorizedKeys: [key.publicKey], config: [`SetEnv HOME=${home}`] });
    writeFileSync(join(gateway.home.dir, "id"), key.privateKey, { mode: 0o600 });
    await installOverRpc(gateway, archive);
    for (const rttMs of options.roundTrips) {
      const proxies = new Map<string, DelayProxy>();
      for (const agent of [OURS, BUILT_IN]) proxies.set(agent, await startDelayProxy(sshd.port, rttMs / 2));
      await configure(gateway, sshd, home, proxies);
      const timer = await startToolTimer(gateway);
      for (const agent of [GATEWAY, OURS, BUILT_IN]) {
        const runs =
          agent !== BUILT_IN ? options.runs : rttMs === 0 ? options.builtInRuns : options.builtInFarRuns;
        rows.push(...(await measure(timer, agent, runs, rttMs, proxies.get(agent) ?? null)));
        if (rttMs === 0 && agent !== BUILT_IN) rows.push(await measureOutput(timer, agent));
      }
      for (const proxy of proxies.values()) await proxy.stop();
    }
  } finally {
    await gateway.stop();
    await sshd?.stop();
  }
  return rows;
}

async function configure(
  gateway: Gateway,
  sshd: Sshd,
  home: string,
  proxies: ReadonlyMap<string, DelayProxy>,
): Promise<void> {
  const port = (agent: string) => proxies.get(agent)?.port ?? 0;
  const knownHosts = join(gateway.home.dir, "known_hosts");
  const names = [...proxies.values()].map((proxy) => sshd.knownHosts(`[127.0.0.1]:${proxy.port}`));
  writeFileSync(knownHosts, names.join(""));
  const identityFile = join(gateway.home.dir, "id");
  await changeConfig(gateway, (config) => {
    const routed = withRouter(config, {
      nodes: {
        far: {
          node: false,
          tailscale: false,
          workspace: join(home, "work"),
          ssh: {
            host: "127.0.0.1",
            port: port(OURS),
            user: sshd.user,
            identityFile,
            knownHostsFile: knownHosts,
          },
        },
      },
      rules: [{ name: "bench", agents: [OURS] }],
    });
    const entries = (routed.agents as { entries: Record<string, object> }).entries;
    const builtIn = {
      ...SANDBOX,
      backend: "ssh",
      ssh: {
        target: `${sshd.user}@127.0.0.1:${port(BUILT_IN)}`,
        identityFile,
        knownHostsFile: knownHosts,
        workspaceRoot: join(home, "oc"),
      },
    };
    return {
      ...routed,
      agents: {
        ...(routed.agents as object),
        entries: {
          ...entries,
          [OURS]: { ...entries[OURS], sandbox: SANDBOX },
          [BUILT_IN]: { ...entries[BUILT_IN], sandbox: builtIn },
        },
      },
    };
  });
}

async function measure(
  timer: ToolTimer,
  agent: string,
  runs: number,
  rttMs: number,
  proxy: DelayProxy | null,
): Promise<readonly ToolRow[]> {
  if (runs === 0) return [];
  // Connections, prepared models, caches.
  const first = [
    call("exec", { command: `for i in $(seq 0 ${runs}); do echo line > read-$i.txt; done` }),
    call("write", { path: "edit.txt", content: "v0;\n" }),
    call("write", { path: "bench.txt", content: "-\n" }),
  ];
  check(agent, await timer(agent, "exec", first));
  const rows: ToolRow[] = [];
  for (const { tool, line } of TOOLS) {
    const before = proxy?.connections() ?? 0;
    const run = await timer(
      agent,
      tool,
      Array.from({ length: runs }, (_, at) => line(at)),
    );
    check(agent, run);
    const connections = (proxy?.connections() ?? 0) - before;
    rows.push({ rttMs, tool, how: HOW.get(agent) ?? agent, ...summary(run.times), connections });
  }
  return rows;
}

async function measureOutput(timer: ToolTimer, agent: string): Promise<ToolRow> {
  const run = await timer(agent, "exec", [OUTPUT, OUTPUT, OUTPUT]);
  return {
    rttMs: 0,
    tool: "exec, 50 MB of output",
    how: HOW.get(agent) ?? agent,
    ...summary(run.times),
    connections: 0,
  };
}

/** A call that failed quickly would look like a fast one. */
function check(
  agent: string,
  run: { readonly results: readonly string[]; readonly times: readonly number[] },
): void {
  const wrong = run.results.find((text) => /error|not found|refused|[A-Z]{3,}_[A-Z]+:/i.test(text));
  if (wrong !== undefined || run.times.length === 0)
    throw new Error(`${agent}: ${wrong ?? "no call was seen"}`);
}
