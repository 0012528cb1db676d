// A config that is loaded while a call waits, on a real gateway that has no nodes: the one that the call waits for is cordoned.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StatusReport } from "../../src/nodeRouter/surfaces/reports/statusReport.ts";
import type { JsonObject } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { packPlugin } from "../support/install.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig, installOverRpc, PROBE, withRouter } from "./deployment.ts";

let gateway: Gateway;

const routerOf = (onUnavailable: JsonObject | string): JsonObject => ({
  nodes: { "mac-sg": { tags: ["region=sg"] } },
  rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg", onUnavailable }],
});

beforeAll(async () => {
  const archive = await packPlugin();
  gateway = await startGateway();
  await installOverRpc(gateway, archive);
  await changeConfig(gateway, (config) => withRouter(config, routerOf({ wait: "3m" })));
});

afterAll(async () => {
  await gateway?.stop();
});

test("holds for it; and where it would wait on by that, it is refused as not started and holds nothing up", async () => {
  await gateway.rpc("noderouter.cordon", { node: "mac-sg" });
  const waits = async (then: JsonObject | string) => {
    const run = gateway.agent("worker-sg", call("exec", { command: PROBE }), { timeoutMs: 400_000 });
    await waitFor("the call to wait", async () => {
      // A machine with much to do may not answer at once.
      const status = await gateway.rpc<StatusReport>("noderouter.status").catch(() => null);
      return status?.waiting?.length === 1;
    });
    await changeConfig(gateway, (config) => withRouter(config, routerOf(then)));
    return (await run).results[0];
  };
  expect(await waits({ wait: "2m" })).toMatch(
    /NOT_STARTED: the call waited for a node, and OpenClaw is load/,
  );
  expect(await waits("refuse")).toMatch(/NO_NODE_FITS: .* 1 was cordoned; it waited \d+ (ms|s|min)\. Run/);
});
