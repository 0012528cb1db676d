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

type Change = (config: JsonObject, number: number) => JsonObject;

/** A turn of three commands on the gateway; the config changes while the first one runs, and again in the second one. */
async function turnOver(name: string, change: Change): Promise<readonly string[]> {
  const on = (file: string): string => join(gateway.home.home, `${name}-${file}`);
  const waits = (word: string): string =>
    `touch ${on(`in-${word}`)}; until test -e ${on(`go-${word}`)}; do sleep 0.1; done; echo ${word}`;
  const commands = [waits("one"), waits("two"), "echo three"];
  const turn = gateway.agent("master", commands.map((command) => call("exec", { command })).join("\n"), {
    timeoutMs: 200_000,
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
