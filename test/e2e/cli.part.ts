// `openclaw node-router …` and its gateway methods on a real gateway with two real nodes, and the guard.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ExplainReport } from "../../src/nodeRouter/explain/report.ts";
import { section } from "../../src/nodeRouter/host/hostConfig.ts";
import type { PingTotal } from "../../src/nodeRouter/surfaces/cli/pingCommand.ts";
import type { DoctorReport } from "../../src/nodeRouter/surfaces/doctor/doctor.ts";
import type { GuardReport } from "../../src/nodeRouter/surfaces/methods/methods.ts";
import type { EventsReport } from "../../src/nodeRouter/surfaces/reports/eventsReport.ts";
import type { NodesReport } from "../../src/nodeRouter/surfaces/reports/nodesReport.ts";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { displayWidth } from "../../src/shared/displayWidth.ts";
import { callWithScopes } from "../nodeRouter/surfaces/methods/callWithScopes.ts";
import type { CliResult } from "../support/cli.ts";
import { type JsonObject, merge } from "../support/config.ts";
import { OPENCLAW } from "../support/environment.ts";
import { startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import {
  changeConfig,
  type Deployment,
  execBy,
  machineOf,
  startDeployment,
  withRouter,
} from "./deployment.ts";

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(async () => {
  await deployment?.stop();
});

const cli = (...args: string[]): Promise<CliResult> => deployment.gateway.router(...args);
/** The same behind OpenClaw's own program, which takes ten times as long. */
const whole = (...args: string[]): Promise<CliResult> => deployment.gateway.cli("node-router", ...args);
const rpc = <T>(name: string, params: object = {}): Promise<T> =>
  deployment.gateway.rpc<T>(`noderouter.${name}`, params);
const fileNow = (): JsonObject => JSON.parse(readFileSync(deployment.gateway.home.configFile, "utf8"));
const execOf = (agent: string): unknown => section(fileNow(), "agents", "entries", agent, "tools").exec;
const guardOf = async (agent: string) =>
  (await rpc<StatusReport>("status")).agents.find((status) => status.agent === agent)?.guard;

const execAs = (agent: string, args: JsonObject = {}) => execBy(deployment.gateway, agent, args);

test("status and doctor as text: exit codes 0 and 1, 100 columns, no colour, nothing on stderr", async () => {
  await waitFor("the hooks to be live", async () => (await rpc<StatusReport>("status")).hooks === "live");
  await waitFor("both nodes to be observed", async () =>
    (await rpc<NodesReport>("nodes")).nodes.every(({ state }) => state === "ready"),
  );
  const status = await whole("status");
  expect([status.code, status.stderr]).toEqual([0, ""]);
  expect(status.stdout).toMatch(
    /^node-router \d+\.\d+\.\d+ · mode enforce · hooks live · 2 nodes: 2 ready\n/,
  );
  expect(status.stdout).toMatch(/^worker-sg {2}singapore {2}mac-sg {14}node {7}ready {5}unguarded$/m);
  expect(status.stdout).toMatch(/^master {5}- {10}\(OpenClaw decides\) /m);

  const doctor = await cli("doctor");
  expect([doctor.code, doctor.stderr]).toEqual([1, ""]);
  expect(doctor.stdout.match(/^\w+ {2}node-router\/\S+/gm)).toEqual([
    "WARNING  node-router/guard-missing",
    "WARNING  node-router/guard-missing",
  ]);
  for (const line of `${status.stdout}${doctor.stdout}`.split("\n")) {
    expect(displayWidth(line)).toBeLessThanOrEqual(100);
    expect(line).not.toContain("\u001b");
  }
});

test("nodes and explain --json print one document; explain without an agent is 2", async () => {
  const nodes = await cli("nodes", "--json");
  expect([nodes.code, nodes.stderr]).toEqual([0, ""]);
  const report: NodesReport = JSON.parse(nodes.stdout);
  expect(report.nodes.map(({ name, nodeId, online, exec }) => [name, nodeId, online, exec])).toEqual([
    ["mac-cn", deployment.cn.id, true, true],
    ["mac-sg", deployment.sg.id, true, true],
  ]);

  const explain = await cli("explain", "--agent", "worker-sg", "--json");
  expect([explain.code, explain.stderr]).toEqual([0, ""]);
  const found: ExplainReport = JSON.parse(explain.stdout);
  expect(found).toMatchObject({ agent: "worker-sg", tool: "exec", outcome: "placed", node: "mac-sg" });
  expect(found).toEqual({
    ...(await rpc<ExplainReport>("explain", { agent: "worker-sg" })),
    snapshotAgeMs: found.snapshotAgeMs,
  });

  const usage = await whole("explain");
  expect([usage.code, usage.stdout]).toEqual([2, ""]);
  expect(usage.stderr).toBe(
    "explain needs an agent: openclaw node-router explain --agent <id> [--tool exec]\n",
  );
});

test("nodes and events as text: state and place with its source, and what changed since the gateway knows them", async () => {
  await waitFor("mac-sg to be observed", async () => {
    const { events } = await rpc<EventsReport>("events", { node: "mac-sg" });
    return events.at(-1)?.to === "ready";
  });
  const nodes = await cli("nodes");
  expect([nodes.code, nodes.stderr]).toEqual([0, ""]);
  expect(nodes.stdout).toMatch(/^mac-sg +ready .* SG Singapore \(declared\) +node /m);
  expect(nodes.stdout).toMatch(/^mac-sg .* worker-sg +region=sg/m);
  const events = await cli("events", "--since", "1h", "--node", "mac-sg", "--json");
  expect([events.code, events.stderr]).toEqual([0, ""]);
  const report: EventsReport = JSON.parse(events.stdout);
  expect(report).toMatchObject({ node: "mac-sg", observing: true });
  expect(report.events.at(-1)).toMatchObject({ node: "mac-sg", to: "ready" });
  const usage = await cli("events", "--since", "yesterday");
  expect([usage.code, usage.stdout]).toEqual([2, ""]);
});

test("describe, ping, wait and lists with -l and -o on real nodes; a wrong token is told once and as what it is", async () => {
  const names = await cli("nodes", "-l", "region=sg", "-o", "name");
  expect(names).toMatchObject({ code: 0, stdout: "mac-sg\n", stderr: "" });

  const node = await cli("describe", "node", "mac-sg", "-o", "yaml");
  expect([node.code, node.stderr]).toEqual([0, ""]);
  expect(node.stdout).toMatch(/^kind: node\nnode:\n {2}name: mac-sg\n/);
  expect(node.stdout).toMatch(/^rules:\n {2}- singapore$/m);

  const ready = await cli("wait", "--for", "ready", "mac-sg", "--timeout", "30s");
  expect(ready.code).toBe(0);
  expect(ready.stdout).toMatch(/^node mac-sg is ready/);

  const ping = await cli("ping", "mac-sg", "--count", "2", "--json");
  const { ways }: { ways: readonly PingTotal[] } = JSON.parse(ping.stdout);
  expect([ping.code, ping.stderr]).toEqual([0, ""]);
  expect(ways.find(({ way }) => way === "node")).toMatchObject({ sent: 2, answered: 2, reason: null });
  for (const { minMs, avgMs, maxMs } of ways) {
    expect(minMs).toBeGreaterThan(0);
    expect(avgMs).toBeGreaterThanOrEqual(minMs ?? 0);
    expect(maxMs).toBeGreaterThanOrEqual(avgMs ?? 0);
  }

  const wrong = await whole("status", "--url", deployment.gateway.url, "--token", "not-the-token");
  expect([wrong.code, wrong.stdout]).toEqual([1, ""]);
  expect(wrong.stderr).toMatch(/unauthorized.*; name the right one with --token or --password\n/);
  expect(wrong.stderr).not.toContain("gateway run");
});

test("a client that may only read gets the reports and is refused guard, which then writes nothing", async () => {
  const { gateway } = deployment;
  const read = (method: string) => callWithScopes(gateway, ["operator.read"], `noderouter.${method}`);
  for (const method of ["status", "nodes", "events", "doctor", "guardPlan"])
    expect(await read(method)).toMatchObject({ ok: true });
  const refused = await read("guard");
  expect(refused).toMatchObject({ ok: false });
  expect(JSON.stringify(refused)).toContain("operator.admin");
  // Nor is write scope enough to change the config.
  const writer = await callWithScopes(gateway, ["operator.read", "operator.write"], "noderouter.guard");
  expect(writer).toMatchObject({ ok: false });
  expect(execOf("worker-sg")).toBeUndefined();
  // The caller's own mistake has a code of its own.
  await expect(rpc("explain")).rejects.toMatchObject({ code: "INVALID_REQUEST" });
});

test("guard writes exactly the settings, which hold at once, and routing goes on", async () => {
  const before = fileNow();
  const guard = await whole("guard");
  expect([guard.code, guard.stderr]).toEqual([0, ""]);
  expect(guard.stdout).toContain("worker-sg · rule singapore · written\n");
  await deployment.gateway.waitUntilConfigApplied();

  const exec = (node: string): JsonObject => ({ tools: { exec: { host: "node", node } } });
  const entries = { "worker-cn": exec(deployment.cn.id), "worker-sg": exec(deployment.sg.id) };
  const expected = merge(before, { agents: { entries } });
  expect({ ...fileNow(), meta: null }).toEqual({ ...expected, meta: null });

  await waitFor("the guard to be in force", async () => (await guardOf("worker-sg")) === "guarded");
  // Right after a reload the hooks may not be seen yet.
  await waitFor("the doctor to be content", async () => (await rpc<DoctorReport>("doctor")).ok);
  expect(await rpc<DoctorReport>("doctor")).toEqual({ ok: true, findings: [] });
  expect(await rpc<GuardReport>("guard")).toMatchObject({ applied: false });
  expect(machineOf(await execAs("worker-sg"))).toBe("mac-sg");
  // The host's own session store says so.
  const { agents } = await rpc<StatusReport>("status");
  expect(agents.find(({ agent }) => agent === "worker-sg")?.sessions).toBeGreaterThan(0);
});

test("a rule that grows to two nodes: doctor says so, and guard takes the bound node away again", async () => {
  const { gateway, router } = deployment;
  const rules = [
    {
      name: "anywhere",
      agents: ["worker-sg"],
      require: "region in (cn,sg)",
      prefer: [{ selector: "region=cn", weight: 50 }],
    },
  ];
  await changeConfig(gateway, (config) => withRouter(config, { ...router, rules }));
  await waitFor(
    "the new rule",
    async () => (await rpc<ExplainReport>("explain", { agent: "worker-sg" })).node === "mac-cn",
  );
  const { findings } = await rpc<DoctorReport>("doctor");
  expect(findings.map(({ id }) => id)).toContain("node-router/exec-node-contradicts");
  expect(await execAs("worker-sg")).toContain("exec node not allowed");

  const written = await callWithScopes(gateway, ["operator.admin"], "noderouter.guard");
  expect(written).toMatchObject({ ok: true, payload: { applied: true } });
  await gateway.waitUntilConfigApplied();
  expect(execOf("worker-sg")).toEqual({ host: "node" });
  await waitFor("the guard to be in force", async () => (await guardOf("worker-sg")) === "partial");
  expect(machineOf(await execAs("worker-sg"))).toBe("mac-cn");

  await changeConfig(gateway, (config) => withRouter(config, router));
  await waitFor(
    "the old rule",
    async () => (await rpc<ExplainReport>("explain", { agent: "worker-sg" })).node === "mac-sg",
  );
  await rpc<GuardReport>("guard");
  await gateway.waitUntilConfigApplied();
  await waitFor("the guard to be whole", async () => (await guardOf("worker-sg")) === "guarded");
});

test("with the plugin disabled the guard makes the host itself refuse the gateway", async () => {
  const { gateway, router } = deployment;
  const enable = (enabled: boolean) =>
    changeConfig(gateway, (config) =>
      merge(config, { plugins: { entries: { "node-router": { enabled } } } }),
    );
  await enable(false);
  await waitFor("the plugin to be gone", () =>
    rpc("status").then(
      () => false,
      () => true,
    ),
  );
  await expect(rpc("status")).rejects.toThrow(/unknown method/);

  const refused = await execAs("worker-sg", { host: "gateway" });
  expect(refused).toContain("exec host not allowed (requested gateway; configured host is node");
  expect(machineOf(await execAs("worker-sg", { node: deployment.cn.id }))).toBe("none");
  expect(machineOf(await execAs("worker-sg"))).toBe("mac-sg");
  expect(machineOf(await execAs("master"))).toBe("gateway"); // no rule, no guard

  await enable(true);
  await changeConfig(gateway, (config) => withRouter(config, router));
  await waitFor("the plugin to be back", () =>
    rpc("status").then(
      () => true,
      () => false,
    ),
  );
});

test("nodes --watch outlives a restart of the gateway, and Ctrl-C ends it with 0", async () => {
  const { gateway } = deployment;
  const watching = startProcess(process.execPath, [OPENCLAW, "node-router", "nodes", "--watch", "1"], {
    env: gateway.env,
    cwd: gateway.home.home,
    logFile: join(gateway.home.home, "watch.log"),
  });
  await watching.waitForLine(/^mac-sg +ready/m);
  await gateway.end();
  await watching.waitForLine(/ {2}the gateway does not answer, this goes on: /);
  await gateway.start();
  await watching.waitForLine(/ {2}the gateway answers again$/m);
  process.kill(watching.pid, "SIGINT");
  await waitFor("the command to end", () => watching.exit() !== undefined);
  expect(watching.exit()).toEqual({ code: 0, signal: null });
  await watching.end();
});

test("with the gateway stopped: exit 1, one line that says what to do, and no half report", async () => {
  await deployment.gateway.end();
  const { code, stdout, stderr } = await whole("status", "--json");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^GATEWAY_UNREACHABLE: node-router could not be asked: [^\n]+; start the gateway with "openclaw gateway run", or name it with --url and --token\n$/,
  );
});
