// A task for a plain A2A server, here OpenClaw's own channel: sent once, its result while the peer remembers it, and lost after that.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../support/config.ts";
import { waitFor } from "../support/wait.ts";
import { callAny } from "./deployment.ts";
import { markedTasks } from "./markedTasks.ts";
import { startTwoGateways, type TwoGateways, untilOnline } from "./twoGateways.ts";

const TOKEN = "p".repeat(40);
let two: TwoGateways;

beforeAll(async () => {
  two = await startTwoGateways({
    a: {
      router: ({ b }) => ({
        nodes: {},
        peers: { plain: { url: `http://127.0.0.1:${b.port}`, protocol: "a2a", token: TOKEN } },
        delegation: { rules: [{ name: "plain", agents: ["master"] }] },
      }),
    },
    b: {
      config: {
        channels: {
          a2a: {
            enabled: true,
            advertisedUrl: "http://127.0.0.1:1",
            rateLimitPerMinute: 0,
            peers: { "gw-a": { token: TOKEN } },
          },
        },
        bindings: [{ agentId: "worker-sg", match: { channel: "a2a", peer: { kind: "direct", id: "gw-a" } } }],
      },
    },
  });
  await untilOnline(two.a, "plain");
});
afterAll(() => two?.stop());

const { marking, marks, running, go } = markedTasks(() => two.b, "plain");
const kept = (): readonly JsonObject[] => {
  const out = join(two.a.home.stateDir, "node-router", "delegations", "out");
  return existsSync(out)
    ? readdirSync(out)
        .filter((name) => name.endsWith(".json"))
        .map((name) => JSON.parse(readFileSync(join(out, name), "utf8")) as JsonObject)
    : [];
};
const ofTask = (words: string) => kept().find(({ task }) => String(task).includes(words));

test("its result comes, and the record says that the guarantee is the weaker one", async () => {
  const { results } = await two.a.agent(
    "master",
    callAny("delegate", { task: marking("plain"), wait_seconds: 200 }),
  );
  expect(results[0]).toContain("done-plain");
  expect(ofTask("done-plain")).toMatchObject({ state: "completed", weaker: true, mayHaveRun: true });
  expect(marks("plain")).toBe("start end");
});

test("is lost when the peer was killed and remembers nothing, and is not sent again", async () => {
  await two.a.agent("master", callAny("delegate", { task: marking("lost", true), wait_seconds: 0 }));
  await running("lost");
  await two.b.kill9();
  await two.b.start();
  const record = await waitFor("it to be lost", () => {
    const found = ofTask("done-lost");
    return found?.state === "lost" && found;
  });
  expect(record).toMatchObject({ mayHaveRun: true, reason: { code: "OUTCOME_UNKNOWN" } });
  expect(marks("lost"), "whatever OpenClaw itself goes on with").toMatch(/^start/);
  go("lost");
  const sent = record.attempts;
  expect(Array.isArray(sent) && sent.length).toBe(1);
});
