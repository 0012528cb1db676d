// Alerts on a real gateway: a channel of another plugin really gets them, once each, and nobody else has to do anything.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type JsonObject, merge } from "../support/config.ts";
import { ROOT } from "../support/environment.ts";
import type { Gateway } from "../support/gateway.ts";
import { jsonLines } from "../support/jsonLines.ts";
import { waitFor } from "../support/wait.ts";
import { changeConfig, type Deployment, startDeployment, withRouter } from "./deployment.ts";

const ALERTS = { channel: "pager", to: "ops", refusedFor: "10s", offlineFor: "10s", nodes: "region=sg" };
const RULES = [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }];
const REFUSED = "Alert: commands of agent worker-sg are refused";
const OFFLINE = "Alert: node mac-sg is offline";

let scratch: string;
let file: string;
let deployment: Deployment;
let gateway: Gateway;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "node-router-pager-"));
  file = join(scratch, "messages.jsonl");
  deployment = await startDeployment({
    config: {
      channels: { pager: { enabled: true, file } },
      plugins: {
        load: { paths: [join(ROOT, "test", "fixtures", "pager-plugin")] },
        entries: { pager: { enabled: true } },
      },
    },
    // On a busy machine the other node may be away for 10 s, too: no rule needs it, so that nobody is told.
    router: (router) => merge(router, { gatewayName: "gw-cn", alerts: ALERTS, rules: RULES }),
  });
  gateway = deployment.gateway;
});

afterAll(async () => {
  await deployment?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Page {
  readonly to: string;
  readonly text: string;
}

const pages = (): readonly Page[] => jsonLines(file);
const linesWith = (part: string): readonly string[] =>
  pages().flatMap(({ text }) => text.split("\n").filter((line) => line.includes(part)));
const onTimeout = (): string => `pages: ${JSON.stringify(pages())}\n${gateway.log().slice(-4_000)}`;
const untilTold = (part: string) => waitFor(part, () => linesWith(part).length > 0, { onTimeout });

async function findings(): Promise<readonly string[]> {
  const { findings: all } = await gateway.rpc<{ findings: { id: string; message: string }[] }>(
    "noderouter.doctor",
  );
  return all.filter(({ id }) => id.includes("/alerts-")).map(({ id, message }) => `${id}: ${message}`);
}

const withAlerts = (config: JsonObject, alerts: JsonObject): JsonObject =>
  withRouter(config, merge(deployment.router, { alerts }));

test("nobody is told anything while all is well, and the doctor knows the channel", async () => {
  await waitFor("the nodes", async () => {
    const { nodes } = await gateway.rpc<{ nodes: { name: string; state: string }[] }>("noderouter.nodes");
    return nodes.filter(({ state }) => state === "ready").length === 2;
  });
  expect(await findings()).toEqual([]);
  expect(pages()).toEqual([]);
});

test("a node that stays away, and the agent that is refused by it, are told of in the chat", async () => {
  await deployment.sg.end();
  await untilTold(REFUSED);
  await untilTold(OFFLINE);
  expect(linesWith(REFUSED)).toEqual([expect.stringMatching(/\(\d+ s\): NO_NODE_FITS: 0\/2 nodes fit/)]);
  for (const { to, text } of pages()) {
    expect(to).toBe("ops");
    expect(text).toMatch(/^node-router on gw-cn\nAlert: /);
  }
});

test("no model was asked for it", () => {
  expect(gateway.model.requests).toEqual([]);
});

test("a reload and a restart tell nothing again, and its end is told once", async () => {
  await changeConfig(gateway, (config) => withAlerts(config, { residency: false }));
  await gateway.restart();
  await deployment.sg.start();
  await untilTold("Over: commands of agent worker-sg are not refused any more");
  await untilTold("Over: node mac-sg is back");
  expect(linesWith(REFUSED)).toHaveLength(1);
  expect(linesWith(OFFLINE)).toHaveLength(1);
  expect([...linesWith("Over:")].sort()).toEqual([
    expect.stringContaining("worker-sg"),
    expect.stringContaining("mac-sg"),
  ]);
});

test("a message that the channel does not take is the doctor's to tell, and a channel that is not there too", async () => {
  writeFileSync(`${file}.down`, "");
  await deployment.sg.end();
  await waitFor("the doctor to know", async () => (await findings()).length > 0, { onTimeout });
  expect(await findings()).toEqual([
    expect.stringContaining('alerts-not-sent: the last alert could not be sent by "pager" to "ops": '),
  ]);
  expect((await findings()).join()).toContain("the pager's battery is empty");
  rmSync(`${file}.down`);
  await changeConfig(gateway, (config) => withAlerts(config, { channel: "telegraph" }));
  await waitFor(
    "the doctor to miss the channel",
    async () => (await findings()).some((one) => one.includes("alerts-channel-missing")),
    { onTimeout },
  );
  const before = linesWith(REFUSED).length;
  await changeConfig(gateway, (config) => withAlerts(config, { channel: "pager" }));
  await waitFor("the message", () => linesWith(REFUSED).length > before, { onTimeout });
  await waitFor("the doctor to be content", async () => (await findings()).length === 0, { onTimeout });
  await deployment.sg.start();
});
