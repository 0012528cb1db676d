// Cordon, drain, plan and the config's own tests on a real gateway with two real nodes, over a restart.
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ExplainReport } from "../../src/nodeRouter/explain/report.ts";
import type { DrainReport } from "../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import type { PlanReport } from "../../src/nodeRouter/surfaces/methods/planMethods.ts";
import { callWithScopes } from "../nodeRouter/surfaces/methods/callWithScopes.ts";
import type { CliResult } from "../support/cli.ts";
import type { JsonObject } from "../support/config.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig, type Deployment, PROBE, startDeployment, withRouter } from "./deployment.ts";

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(async () => {
  await deployment?.stop();
});

// What one test leaves behind refuses the calls of the next.
afterEach(async () => {
  await deployment?.gateway.rpc("noderouter.uncordon", { all: true });
});

const cli = (...args: string[]): Promise<CliResult> => deployment.gateway.cli("node-router", ...args);

async function execAs(agent: string, command = PROBE): Promise<string> {
  const run = await deployment.gateway.agent(agent, call("exec", { command }));
  return run.results[0] ?? "";
}

test("a cordoned node gets no command of its agent over a restart of the gateway, and gets them again when it is uncordoned", async () => {
  expect(await execAs("worker-sg")).toContain("rule singapore");
  const cordoned = await cli("cordon", "mac-sg", "--reason", "disk", "--for", "2h");
  expect([cordoned.code, cordoned.stderr]).toEqual([0, ""]);
  expect(cordoned.stdout).toMatch(/^node mac-sg is cordoned by "\S+@\S+ \(.+\)" since \S+: "disk"; until\s/);
  expect(await execAs("worker-sg")).toMatch(/NO_NODE_FITS: 0\/2 nodes fit .*1 was cordoned/);
  expect(await execAs("worker-cn")).toContain("rule china");

  await deployment.gateway.restart();
  await waitFor("the nodes to be back", async () => {
    const { stdout } = await cli("nodes", "--json");
    return JSON.parse(stdout).nodes.every(({ online }: { online: boolean }) => online);
  });
  expect(await execAs("worker-sg")).toMatch(/1 was cordoned/);
  const doctor = await cli("doctor");
  expect(doctor.stdout).toContain("node-router/node-cordoned");

  expect((await cli("uncordon", "mac-sg")).stdout).toBe("calls may come again to mac-sg\n");
  expect(await execAs("worker-sg")).toContain("rule singapore");
});

test("a drain waits for the command that runs and takes no new one; a client that may only read cannot begin it", async () => {
  const { gateway } = deployment;
  expect(await callWithScopes(gateway, ["operator.read"], "noderouter.drain")).toMatchObject({
    ok: false,
    error: { code: "FORBIDDEN", message: "missing scope: operator.admin" },
  });
  const marker = join(deployment.work.sg, "go");
  const running = execAs("worker-sg", `touch began; until test -e ${marker}; do sleep 0.1; done; echo over`);
  await waitFor("the command to run", async () => {
    const { calls } = await gateway.rpc<DrainReport>("noderouter.drained", { node: "mac-sg" });
    return calls.length === 1;
  });
  const draining = cli("drain", "mac-sg", "--timeout", "2m", "--json");
  await waitFor("the cordon", async () => {
    const { cordon } = await gateway.rpc<DrainReport>("noderouter.drained", { node: "mac-sg" });
    return cordon !== null;
  });
  const next = await gateway.rpc<ExplainReport>("noderouter.explain", { agent: "worker-sg" });
  expect(next.message).toContain("1 was cordoned");
  writeFileSync(marker, "");
  expect(await running).toContain("over");
  const drained = await draining;
  expect([drained.code, JSON.parse(drained.stdout)]).toMatchObject([0, { done: true, calls: [] }]);
  expect((await cli("uncordon", "--all")).code).toBe(0);
});

const drainedNow = (node = "mac-sg"): Promise<DrainReport> =>
  deployment.gateway.rpc<DrainReport>("noderouter.drained", { node });

/** A command that runs on mac-sg until the file `name` is there; resolves when it runs. */
async function untilFile(name: string, sessionKey: string) {
  const { gateway, work } = deployment;
  const marker = join(work.sg, name);
  const command = `until test -e ${marker}; do sleep 0.1; done; echo over`;
  // Whatever becomes of the run: a restart takes the connection away, too.
  const run = gateway.agent("worker-sg", call("exec", { command }), { sessionKey }).catch(() => null);
  await waitFor("the command to run", async () => (await drainedNow()).calls.length === 1);
  return { run, end: () => writeFileSync(marker, "") };
}

test("a drain does not wait for a call whose run was stopped, and names it", async () => {
  const sessionKey = "agent:worker-sg:stopped";
  const { run, end } = await untilFile("stopped", sessionKey);
  await deployment.gateway.rpc("sessions.abort", { key: sessionKey });
  await run;
  const drained = await cli("drain", "mac-sg", "--timeout", "30s", "--json");
  end();
  expect([drained.code, JSON.parse(drained.stdout)]).toMatchObject([0, { done: true, calls: [] }]);
  expect((await cli("uncordon", "mac-sg")).code).toBe(0);
});

test("a gateway that is killed in the middle of a drain: the terminal waits on, and the cordon holds in the new life", async () => {
  const { gateway } = deployment;
  const { run, end } = await untilFile("restarted", "agent:worker-sg:restarted");
  const draining = cli("drain", "mac-sg", "--timeout", "3m", "--reason", "kernel");
  await waitFor("the cordon", async () => (await drainedNow()).cordon !== null);
  await gateway.kill9();
  await gateway.start();
  const drained = await draining;
  end();
  await run;
  expect([drained.code, drained.stderr]).toEqual([
    0,
    expect.stringMatching(/waiting for exec of worker-sg\n.*the gateway does not answer, this goes on/s),
  ]);
  expect((await drainedNow()).cordon).toMatchObject({ drain: true, reason: "kernel" });
  expect((await cli("uncordon", "mac-sg")).code).toBe(0);
  await waitFor("the nodes to be back", async () => {
    const { stdout } = await cli("nodes", "--json");
    return JSON.parse(stdout).nodes.every(({ online }: { online: boolean }) => online);
  });
});

test("in a chat /cordon and /uncordon act for a client with operator.admin, and for no other", async () => {
  const { gateway } = deployment;
  const cordonOf = async (node = "mac-sg"): Promise<unknown> =>
    (await gateway.rpc<DrainReport>("noderouter.drained", { node })).cordon;
  const message = (text: string) => ({
    sessionKey: "agent:master:main",
    message: text,
    idempotencyKey: randomUUID(),
  });
  await callWithScopes(
    gateway,
    ["operator.read", "operator.write"],
    "chat.send",
    message("/cordon mac-cn no"),
  );
  await gateway.rpc("chat.send", message("/cordon mac-sg for 1h the disk is full"));
  await waitFor("the cordon", async () => (await cordonOf()) !== null);
  expect(await cordonOf()).toMatchObject({ reason: "the disk is full", drain: false });
  await gateway.rpc("chat.send", message("/uncordon mac-sg"));
  await waitFor("calls to come again", async () => (await cordonOf()) === null);
  // The session's messages are taken one after the other, so the first was by now.
  expect(await cordonOf("mac-cn")).toBeNull();
});

test("plan says what another config would change without changing anything: 0, 1 and 2", async () => {
  const { gateway } = deployment;
  const file = join(gateway.home.home, "new.json");
  const plan = async (document: unknown, ...more: string[]): Promise<readonly [number, PlanReport]> => {
    writeFileSync(file, JSON.stringify(document));
    const { code, stdout } = await cli("plan", file, "--json", ...more);
    return [code, JSON.parse(stdout)];
  };
  const before = readFileSync(gateway.home.configFile, "utf8");
  const same = await plan(JSON.parse(before), "--all-down-one-by-one");
  expect(same).toMatchObject([
    0,
    { valid: true, took: "a whole openclaw.json", changes: [], sessions: [], guards: [] },
  ]);

  const rules = [{ name: "singapore", agents: ["worker-sg"], require: "region=cn" }];
  const [code, moved] = await plan({ ...deployment.router, rules });
  expect(code).toBe(1);
  expect(
    moved.changes
      .filter(({ tool }) => tool === "exec")
      .map(({ agent, before: was, after }) => [agent, was.node, after]),
  ).toEqual([
    ["worker-cn", "mac-cn", { outcome: "unrouted", node: null }],
    ["worker-sg", "mac-sg", { outcome: "placed", node: "mac-cn" }],
  ]);
  const broken = await plan({ rules: [{ ...rules[0], require: "region in (" }] });
  expect(broken).toMatchObject([2, { valid: false }]);
  expect(readFileSync(gateway.home.configFile, "utf8")).toBe(before);
  expect(await execAs("worker-sg")).toContain("rule singapore");
});

test("a config whose own test fails refuses the agent of that test, and no other", async () => {
  const tests = [{ name: "home", agent: "worker-sg", expect: "node:mac-cn" }];
  const router: JsonObject = { ...deployment.router, tests };
  await changeConfig(deployment.gateway, (config) => withRouter(config, router));
  await waitFor("the config to hold", async () => (await cli("test")).code === 1);
  expect(await execAs("worker-sg")).toMatch(/CONFIG_INVALID: .*tests\[0\]: test "home" fails/);
  expect(await execAs("worker-cn")).toContain("rule china");
});
