// The harness itself, without the plugin: real gateway, real node hosts, and nothing left behind.
import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { processesOf } from "../support/leftovers.ts";
import { listNodes, type NodeHost, startNodeHost } from "../support/nodeHost.ts";
import { groupAlive } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { spawnAndLocate } from "../support/whereabouts.ts";

let gateway: Gateway;
let cn: NodeHost;
let sg: NodeHost;

beforeAll(async () => {
  gateway = await startGateway();
  [cn, sg] = await Promise.all([startNodeHost(gateway, "mac-cn"), startNodeHost(gateway, "mac-sg")]);
});

afterAll(async () => {
  await Promise.all([cn?.stop(), sg?.stop()]);
  await gateway?.stop();
});

test("a command of an agent runs on the gateway by default and on a node when told", async () => {
  const run = await gateway.agent(
    "worker-sg",
    [
      'CALL exec {"command":"printenv WHOAMI; cat ~/whoami"}',
      `CALL exec {"command":"printenv WHOAMI; cat ~/whoami","host":"node","node":"${sg.id}"}`,
    ].join("\n"),
  );
  expect(run.status).toBe("ok");
  expect(run.results[0]).toBe("gateway\ngateway");
  expect(run.results[1]).toMatch(/mac-sg\nmac-sg$/);
  expect(run.text).toBe(`RESULT: ${run.results[1]}`);
});

test("calls between PARALLEL and END go out in one assistant message", async () => {
  const run = await gateway.agent(
    "worker-cn",
    [
      "PARALLEL",
      `CALL exec {"command":"printenv WHOAMI","host":"node","node":"${cn.id}"}`,
      `CALL exec {"command":"printenv WHOAMI","host":"node","node":"${sg.id}"}`,
      "END",
      'CALL exec {"command":"echo afterwards"}',
    ].join("\n"),
  );
  expect(run.results.map((text) => text.split("\n").at(-1))).toEqual(["mac-cn", "mac-sg", "afterwards"]);
});

test("sub-agents' own runs are visible at the model, and their reports start nothing in the parent", async () => {
  const places = await spawnAndLocate(gateway, "master", ["worker-sg", "worker-cn"]);
  expect(places.map(({ agent, machine }) => [agent, machine])).toEqual([
    ["worker-sg", "gateway"],
    ["worker-cn", "gateway"],
  ]);
  const settled = await gateway.model.waitFor("the notice that all sub-agents have ended", (request) =>
    JSON.stringify(request.messages).includes("subagent_settle"),
  );
  expect(settled.reply).toHaveProperty("text");
});

test("a node host that dies is seen offline, and a new device may carry the same name", async () => {
  await cn.kill9();
  await cn.waitUntilOffline();
  // One name to the host's lookups. Under the very same spelling OpenClaw 2026.9.6 would forget the device that is
  // away: it paired itself from this machine over a minute ago.
  const ghost = await startNodeHost(gateway, "Mac CN");
  try {
    const rows = (await listNodes(gateway)).filter((row) => /^mac[ -]cn$/i.test(row.displayName ?? ""));
    expect(rows.map((row) => [row.nodeId === ghost.id, row.connected]).sort()).toEqual([
      [false, false],
      [true, true],
    ]);
  } finally {
    await ghost.stop();
  }
});

test("stop leaves no process and no folder behind", async () => {
  const dir = sg.home.dir;
  const pid = sg.pid();
  await gateway.agent(
    "worker-sg",
    `CALL exec {"command":"nohup sleep 300 >/dev/null 2>&1 &","host":"node","node":"${sg.id}"}`,
  );
  expect(processesOf(dir).length).toBeGreaterThan(1);
  await sg.stop();
  expect(groupAlive(pid)).toBe(false);
  await waitFor("nothing to be left", () => processesOf(dir).length === 0);
  expect(existsSync(dir)).toBe(process.env.NODE_ROUTER_KEEP !== undefined);
});
