// A config change while an agent's turn goes on: what it reads of its tools afterwards, and what a call that waits meets.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type JsonObject, merge } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { packPlugin } from "../support/install.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig, installOverRpc, PROBE, untilCallWaits, withRouter } from "./deployment.ts";

let gateway: Gateway;
/** There are no nodes. */
const routerOf = (onUnavailable: JsonObject | string): JsonObject => ({
  nodes: { "mac-sg": { tags: ["region=sg"] } },
  rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg", onUnavailable }],
});
const ROUTER = routerOf("refuse");

beforeAll(async () => {
  gateway = await startGateway({ config: { tools: { exec: { backgroundMs: 120_000 } } } });
  await installOverRpc(gateway, await packPlugin());
  await changeConfig(gateway, (config) => withRouter(config, ROUTER));
});

afterAll(() => gateway?.stop());

type Change = (config: JsonObject, number: number) => JsonObject;

/** A turn of three commands on the gateway; the config changes while the first one runs, and again in the second one. */
async function turnOver(name: string, change: Change): Promise<readonly string[]> {
  const on = (file: string): string => join(gateway.home.home, `${name}-${file}`);
  const waits = (word: string): string =>
    `touch ${on(`in-${word}`)}; until test -e ${on(`go-${word}`)}; do sleep 0.1; done; echo ${word}`;
  const commands = [waits("one"), waits("two"), "echo three"];
  const turn = gateway.agent("master", commands.map((command) => call("exec", { command })).join("\n"), {
    timeoutMs: 290_000,
  });
  for (const [number, word] of ["one", "two"].entries()) {
    await waitFor(`command ${word} to run`, () => existsSync(on(`in-${word}`)));
    await changeConfig(gateway, (config) => change(config, number));
    writeFileSync(on(`go-${word}`), "");
  }
  return (await turn).results;
}

test.each<readonly [string, Change]>([
  [
    "of another agent",
    (config, number) => merge(config, { agents: { entries: { [`other-${number}`]: { name: "Other" } } } }),
  ],
  ["of the rules", (config, number) => withRouter(config, { ...ROUTER, auditKeepDays: 31 + number })],
])("two changes %s in one turn leave the agent all of its results", async (name, change) => {
  const [one, two, three] = await turnOver(name.replaceAll(" ", "-"), change);
  expect([one, two, three]).toEqual(["one", "two", "three"].map((word) => expect.stringContaining(word)));
});

test("a config that is loaded while a call waits holds for it; and where it would wait on by that, it is refused as not started and holds nothing up", async () => {
  // Something that it can wait for.
  await gateway.rpc("noderouter.cordon", { node: "mac-sg" });
  await changeConfig(gateway, (config) => withRouter(config, routerOf({ wait: "4m" })));
  const waits = async (then: JsonObject | string) => {
    const run = gateway.agent("worker-sg", call("exec", { command: PROBE }), { timeoutMs: 400_000 });
    await untilCallWaits(gateway);
    await changeConfig(gateway, (config) => withRouter(config, routerOf(then)));
    return (await run).results[0];
  };
  expect(await waits({ wait: "3m" })).toMatch(
    /NOT_STARTED: the call waited for a node, and OpenClaw is load/,
  );
  expect(await waits("refuse")).toMatch(
    /NO_NODE_FITS: .* 1 was cordoned; it waited \d+ (ms|s|min); nothing ran\. Node /,
  );
});
