// A config change while an agent's turn goes on: what the agent reads of its tools afterwards.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type JsonObject, merge } from "../support/config.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { packPlugin } from "../support/install.ts";
import { waitFor } from "../support/wait.ts";
import { call, changeConfig, installOverRpc, withRouter } from "./deployment.ts";

let gateway: Gateway;
const ROUTER: JsonObject = {
  nodes: { "mac-sg": { tags: ["region=sg"] } },
  rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
};

beforeAll(async () => {
  gateway = await startGateway({ config: { tools: { exec: { backgroundMs: 120_000 } } } });
  await installOverRpc(gateway, await packPlugin());
  await changeConfig(gateway, (config) => withRouter(config, ROUTER));
});

afterAll(() => gateway?.stop());

/** A turn of three commands on the gateway; the config changes while the second one runs. */
async function turnOver(
  name: string,
  change: (config: JsonObject) => JsonObject,
): Promise<readonly string[]> {
  const on = (file: string): string => join(gateway.home.home, `${name}-${file}`);
  const commands = [
    "echo one",
    `touch ${on("began")}; until test -e ${on("go")}; do sleep 0.1; done; echo two`,
    "echo three",
  ];
  const turn = gateway.agent("master", commands.map((command) => call("exec", { command })).join("\n"), {
    timeoutMs: 200_000,
  });
  await waitFor("the command to run", () => existsSync(on("began")));
  await changeConfig(gateway, change);
  writeFileSync(on("go"), "");
  return (await turn).results;
}

test.each<readonly [string, (config: JsonObject) => JsonObject]>([
  ["of another agent", (config) => merge(config, { agents: { entries: { other: { name: "Other" } } } })],
  ["of the rules", (config) => withRouter(config, { ...ROUTER, auditKeepDays: 31 })],
])("a change %s leaves the agent its results", async (name, change) => {
  const [one, two, three] = await turnOver(name.replaceAll(" ", "-"), change);
  console.log(JSON.stringify([one, two, three]));
  expect([one, two, three]).toEqual(["one", "two", "three"].map((word) => expect.stringContaining(word)));
});
