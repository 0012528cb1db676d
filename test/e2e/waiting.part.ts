// When no node fits, on a real gateway: a call waits and begins once, another rule takes over, a new config holds for who waits.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../support/config.ts";
import {
  changeConfig,
  type Deployment,
  execBy,
  machineOf,
  PROBE,
  startDeployment,
  untilCallWaits,
  withRouter,
} from "./deployment.ts";

let deployment: Deployment;

const rulesOf = (singapore: JsonObject): JsonObject => ({
  rules: [
    { name: "singapore", agents: ["worker-sg"], onUnavailable: { wait: "4m" }, ...singapore },
    { name: "china", agents: ["worker-cn"], require: "region=cn", onUnavailable: { next: "abroad" } },
    { name: "abroad", agents: [], require: "region=sg" },
  ],
});

beforeAll(async () => {
  deployment = await startDeployment({
    // One after the other: the gateway first.
    pluginOn: [],
    router: (router) => ({ ...router, ...rulesOf({ require: "region=sg" }) }),
  });
});

afterAll(async () => {
  await deployment?.stop();
});

const execAs = (agent: string, command = PROBE) =>
  execBy(deployment.gateway, agent, { command }, { timeoutMs: 290_000 });

test("a call waits while its node is away, and runs once when the node is back", async () => {
  const { sg, work } = deployment;
  await sg.end();
  await sg.waitUntilOffline();
  const running = execAs("worker-sg", `echo ran >>marks; ${PROBE}`);
  await untilCallWaits(deployment.gateway);
  const { stdout } = await deployment.gateway.router("status");
  expect(stdout).toMatch(/worker-sg: exec waits for a node, \d+ m?s until now/);
  expect(existsSync(join(work.sg, "marks"))).toBe(false);
  await sg.start();
  const result = await running;
  expect(machineOf(result)).toBe("mac-sg");
  expect(result).toMatch(
    /\[node-router\] ran on mac-sg .* · rule singapore · waited \d+ (ms|s|min) for a node/,
  );
  expect(readFileSync(join(work.sg, "marks"), "utf8")).toBe("ran\n");
});

test("a call whose rule has no node is placed by the rule that is next, and says so", async () => {
  const { cn } = deployment;
  await cn.end();
  await cn.waitUntilOffline();
  const result = await execAs("worker-cn");
  expect(machineOf(result)).toBe("mac-sg");
  expect(result).toContain(
    'rule abroad · rule "abroad" is next, for 0/2 nodes fit rule "china" for exec: 1 didn\'t match "region=cn", 1 was offline',
  );
  await cn.start();
  await cn.waitUntilUsable();
});

test("a config that is loaded while a call waits holds for it", async () => {
  const { gateway, sg, router } = deployment;
  await sg.end();
  await sg.waitUntilOffline();
  const running = execAs("worker-sg");
  await untilCallWaits(deployment.gateway);
  await changeConfig(gateway, (config) =>
    withRouter(config, { ...router, ...rulesOf({ require: "region=cn" }) }),
  );
  expect(machineOf(await running)).toBe("mac-cn");
  await sg.start();
});
