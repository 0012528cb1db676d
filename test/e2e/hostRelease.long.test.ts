// What each supported release of OpenClaw must carry; `npm run matrix` runs it on several, and the test run on the one in node_modules.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import { type JsonObject, merge } from "../support/config.ts";
import { pause, waitFor } from "../support/wait.ts";
import {
  call,
  changeConfig,
  type Deployment,
  execBy,
  machineOf,
  PROBE,
  startDeployment,
  withRouter,
} from "./deployment.ts";
import { SANDBOX } from "./sshDeployment.ts";

/** Another release may be slower, and a machine busy. */
const LONG = { timeoutMs: 200_000 };
const SLOW = 400_000;

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({
    pluginOn: ["mac-sg"],
    config: { agents: { defaults: { skills: [] } } },
    node: { unprivileged: true, ...LONG, config: { nodeHost: { workerRuns: { enabled: true } } } },
  });
  // The node hosts are another user's.
  for (const folder of Object.values(deployment.work)) chmodSync(folder, 0o777);
}, SLOW);
afterAll(() => deployment?.stop());

const exec = (agent: string, command = PROBE) => execBy(deployment.gateway, agent, { command }, LONG);
const status = () => deployment.gateway.rpc<StatusReport>("noderouter.status");

test("route: commands run on the node of their rule, and nowhere where none fits", {
  timeout: SLOW,
}, async () => {
  const { gateway, router, cn, sg } = deployment;
  expect([machineOf(await exec("worker-sg")), machineOf(await exec("worker-cn"))]).toEqual([
    "mac-sg",
    "mac-cn",
  ]);
  const rules = [{ name: "none", agents: ["worker-sg"], require: "region=hk" }];
  await changeConfig(gateway, (config) => withRouter(config, { ...router, rules }));
  const marks = [gateway.home, cn.home, sg.home].map(({ home }) => join(home, "ran"));
  expect(await exec("worker-sg", `touch ${marks.join(" ")}`)).toContain("NO_NODE_FITS");
  expect(marks.filter((mark) => existsSync(mark))).toEqual([]);
  await changeConfig(gateway, (config) => withRouter(config, router));
});

test(
  "reload: a run that goes on over a change of the rules is still routed, by the new ones",
  async () => {
    const { gateway, router, work } = deployment;
    const [began, go] = [join(work.sg, "began"), join(work.sg, "go")];
    const script = [
      call("exec", { command: `touch ${began}; until [ -e ${go} ]; do sleep 0.1; done` }),
      call("exec", { command: PROBE }),
    ];
    const run = gateway.agent("worker-sg", script.join("\n"), LONG);
    await waitFor("the first command to run", () => existsSync(began), LONG);
    const rules = [{ name: "moved", agents: ["worker-sg"], require: "region=cn" }];
    await changeConfig(gateway, (config) => withRouter(config, { ...router, rules }));
    // Older than what a call goes by: it has to ask for the nodes, through a registration that was replaced.
    await pause(1_500);
    writeFileSync(go, "");
    expect(machineOf((await run).results[1])).toBe("mac-cn");
    await changeConfig(gateway, (config) => withRouter(config, router));
  },
  SLOW,
);

test(
  "guard: binds agents to their node in OpenClaw's own settings, and commands go there on",
  async () => {
    const { gateway } = deployment;
    const done = await gateway.cli("node-router", "guard");
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining("written")]);
    const guardOf = async (agent: string) =>
      (await status()).agents.find((one) => one.agent === agent)?.guard;
    await waitFor("the guard to hold", async () => (await guardOf("worker-sg")) === "guarded", LONG);
    expect(machineOf(await exec("worker-sg"))).toBe("mac-sg");
  },
  SLOW,
);

test("hosted sessions: a turn of a routed agent on a machine outside its rule asks no model", {
  timeout: SLOW,
}, async (context) => {
  const { gateway, cn } = deployment;
  const key = "agent:worker-sg:elsewhere";
  const create = { key, agentId: "worker-sg", worktree: true, worktreeSource: "empty" };
  try {
    await gateway.rpc("sessions.create", create, LONG);
    await gateway.rpc("sessions.dispatch", { key, deviceId: cn.id }, LONG);
  } catch (error) {
    if (!/unknown method/i.test(String(error))) throw error;
    context.skip(`this release hosts no sessions: ${String(error).slice(0, 200)}`);
  }
  const before = gateway.model.requests.length;
  const text = await gateway
    .agent("worker-sg", call("exec", { command: "true" }), { sessionKey: key, ...LONG })
    .then(
      (run) => run.text,
      (error: unknown) => String(error),
    );
  expect([text, gateway.model.requests.length - before]).toEqual([
    expect.stringContaining("HOSTED_ELSEWHERE"),
    0,
  ]);
});

test("workspace: what write makes is on the node, where exec reads it, and not on the gateway", {
  timeout: SLOW,
}, async () => {
  const { gateway, work } = deployment;
  await changeConfig(gateway, (config) => {
    const bound = merge(config.agents as JsonObject, { entries: { "worker-sg": { sandbox: SANDBOX } } });
    // What the guard wrote for exec alone goes.
    const agents = JSON.parse(
      JSON.stringify(bound, (key, value) => (key === "exec" ? undefined : value)),
    ) as JsonObject;
    return { ...config, agents };
  });
  const script = [
    call("write", { path: "a.txt", content: "one" }),
    call("exec", { command: `${PROBE}; cat a.txt` }),
  ];
  const [written, read] = (await gateway.agent("worker-sg", script.join("\n"), LONG)).results;
  expect(written).toContain("Successfully wrote");
  expect([machineOf(read), read]).toEqual(["mac-sg", expect.stringContaining("\none")]);
  expect(readFileSync(join(work.sg, "a.txt"), "utf8")).toBe("one");
  expect(existsSync(join(gateway.home.home, "workspace-worker-sg", "a.txt"))).toBe(false);
});
