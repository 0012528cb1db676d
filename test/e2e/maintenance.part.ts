// Cordon, drain, plan and the config's own tests on a real gateway with two real nodes, over a restart.
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ExplainReport } from "../../src/nodeRouter/explain/report.ts";
import type { DrainReport } from "../../src/nodeRouter/surfaces/methods/cordonMethods.ts";
import type { PlanReport } from "../../src/nodeRouter/surfaces/methods/planMethods.ts";
import { callWithScopes } from "../nodeRouter/surfaces/methods/callWithScopes.ts";
import { type CliResult, runCli } from "../support/cli.ts";
import type { JsonObject } from "../support/config.ts";
import { waitFor } from "../support/wait.ts";
import {
  call,
  changeConfig,
  type Deployment,
  execBy,
  PROBE,
  startDeployment,
  withRouter,
} from "./deployment.ts";

let deployment: Deployment;

beforeAll(async () => {
  // One after the other: the gateway first.
  deployment = await startDeployment({ pluginOn: [] });
});

afterAll(async () => {
  await deployment?.stop();
});

// What one test leaves behind refuses the calls of the next.
afterEach(async () => {
  await deployment?.gateway.rpc("noderouter.uncordon", { all: true });
});

const cli = (...args: string[]): Promise<CliResult> => deployment.gateway.router(...args);

const execAs = (agent: string, command = PROBE) => execBy(deployment.gateway, agent, { command });

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
  const draining = cli("drain", "mac-sg", "--timeout", "4m", "--json");
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

/** How the gateway's life ends in the middle of a drain. Each resolves in the next life. */
const NEXT_LIFE: Readonly<Record<string, (endCommand: () => void) => Promise<void>>> = {
  async killed() {
    await deployment.gateway.kill9();
    await deployment.gateway.start();
  },
  async restarted(endCommand) {
    const { gateway } = deployment;
    const before = gateway.log().length;
    const ended = gateway.end();
    // It waits for what runs, minutes if it must.
    await waitFor("the gateway to end", () => gateway.log().slice(before).includes("draining active work"));
    endCommand();
    await ended;
    await gateway.start();
  },
};

test.each(Object.keys(NEXT_LIFE))(
  "a drain goes on when the gateway is %s in the middle of it: the node takes no call in the new life, and the terminal tells the end",
  { timeout: 900_000 },
  async (how) => {
    const { gateway, work, sg } = deployment;
    const [marks, go] = [join(work.sg, `${how}.marks`), join(work.sg, `${how}.go`)];
    const command = `echo ran >>${marks}; until test -e ${go}; do sleep 0.1; done`;
    const endCommand = (): void => writeFileSync(go, "");
    // Whatever becomes of the run: its connection ends with the gateway.
    const run = gateway.agent("worker-sg", call("exec", { command })).catch(() => null);
    await waitFor("the command to run", () => existsSync(marks), { timeoutMs: 240_000 });
    const waits = Promise.withResolvers<void>();
    const drain = ["node-router", "drain", "mac-sg", "--timeout", "10m", "--reason", "kernel"];
    const draining = runCli(drain, {
      env: gateway.env,
      cwd: gateway.home.home,
      onStderr: (text) => text.includes("mac-sg: waiting for exec of worker-sg") && waits.resolve(),
    });
    await Promise.race([
      waits.promise,
      draining.then(({ stderr }) => expect.fail(`it did not wait: ${stderr}`)),
    ]);

    await NEXT_LIFE[how]?.(endCommand);
    expect((await drainedNow()).cordon).toMatchObject({ reason: "kernel", drain: true });
    await sg.waitUntilUsable();
    expect(await execAs("worker-sg", `echo again >>${marks}`)).toMatch(/NO_NODE_FITS: 0\/2 .*1 was cordoned/);
    const { code, stdout, stderr } = await draining;
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/node mac-sg is drained by .*"kernel"/s);
    expect(stdout).toContain("nothing runs on mac-sg that this gateway knows of");
    endCommand();
    await run;
    await gateway.rpc("noderouter.uncordon", { node: "mac-sg" });
    expect(await execAs("worker-sg")).toContain("rule singapore");
    // OpenClaw goes on with the turn in the new life, and asks for the command again.
    expect(readFileSync(marks, "utf8")).toBe("ran\n");
  },
);

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
