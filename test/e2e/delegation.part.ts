// An agent of one real gateway gives tasks to an agent of another: once each, and the result comes whoever goes down.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../support/config.ts";
import type { Gateway } from "../support/gateway.ts";
import { waitFor } from "../support/wait.ts";
import { callAny } from "./deployment.ts";
import { recordsOf } from "./ledgerOf.ts";
import { markedTasks } from "./markedTasks.ts";
import { startTwoGateways, type TwoGateways, untilOnline } from "./twoGateways.ts";

const TOKEN = "a".repeat(40);
let two: TwoGateways;

beforeAll(async () => {
  two = await startTwoGateways({
    a: {
      router: ({ b }) => ({
        gatewayName: "gw-a",
        nodes: {},
        audit: "strict",
        peers: {
          "gw-b": {
            url: `http://127.0.0.1:${b.port}`,
            token: TOKEN,
            tags: ["region=sg"],
            location: { country: "SG" },
          },
        },
        delegation: {
          // A busy machine takes its time.
          waitSeconds: 200,
          acceptWithinSeconds: 120,
          rules: [{ name: "sg-work", agents: ["master"], require: "region=sg", agent: "worker-sg" }],
        },
      }),
    },
    b: {
      router: () => ({
        gatewayName: "gw-b",
        nodes: {},
        audit: "strict",
        peers: { "gw-a": { accept: { token: TOKEN, agents: ["worker-sg"], perMinute: 1_000 } } },
      }),
    },
  });
  await untilOnline(two.a, "gw-b");
});
afterAll(() => two?.stop());

const { marking, marks, running, go } = markedTasks(() => two.b);
const give = async (args: JsonObject): Promise<string> => {
  const { results } = await two.a.agent("master", callAny("delegate", args));
  return results[0] ?? "";
};
const idIn = (text: string): string => /Delegation ([0-9a-f-]{36})/.exec(text)?.[1] ?? text;
const kept = (id: string): JsonObject => {
  const out = join(two.a.home.stateDir, "node-router", "delegations", "out");
  const file = readdirSync(out).find((name) => name === `${id}.json`);
  return JSON.parse(readFileSync(join(out, file ?? ""), "utf8")) as JsonObject;
};
const ended = (id: string) =>
  waitFor("its agent to be told", () => {
    const record = kept(id);
    return record.told === true && record;
  });
/** The scripted model ends with the result of its last call; the task itself holds no such words. */
const seenBy = (gateway: Gateway, words: string): boolean =>
  gateway.model.requests.some(({ messages }) => JSON.stringify(messages).includes(words));
const records = (gateway: Gateway, id: string): readonly JsonObject[] =>
  recordsOf(gateway, (line) => line.includes(id));

describe("a task of another gateway's agent", () => {
  test("runs there once, its answer is the call's, and both ledgers have it under one id", async () => {
    const text = await give({ task: marking("happy") });
    expect(text).toContain("completed · agent worker-sg at gateway gw-b");
    expect(text).toContain("done-happy");
    expect(marks("happy")).toBe("start end");
    const id = idIn(text);
    const ends = await waitFor("both records", () => {
      const found = [two.a, two.b].map((gateway) =>
        records(gateway, id).find(({ phase }) => phase === "end"),
      );
      return found.every((record) => record !== undefined) && found;
    });
    expect(ends[0]).toMatchObject({
      id,
      kind: "delegation",
      direction: "out",
      peer: "gw-b",
      outcome: "done",
    });
    expect(ends[1]).toMatchObject({ id, kind: "delegation", direction: "in", peer: "gw-a", outcome: "done" });
    for (const gateway of [two.a, two.b]) {
      expect(seenBy(gateway, TOKEN), "the token is in no prompt").toBe(false);
      expect(gateway.log()).not.toContain(TOKEN);
    }
  });

  test("that takes longer than the wait wakes whoever asked with its end", async () => {
    const text = await give({ task: marking("late", true), wait_seconds: 0 });
    expect(text).toContain("It goes on without this call");
    await running("late");
    expect(seenBy(two.a, "RESULT: done-late")).toBe(false);
    go("late");
    await ended(idIn(text));
    await waitFor("its agent's turn", () => seenBy(two.a, "RESULT: done-late"));
    expect(marks("late")).toBe("start end");
  });

  test("runs once and is told though the asking gateway is killed meanwhile", async () => {
    const id = idIn(await give({ task: marking("killed-a", true), wait_seconds: 0 }));
    await running("killed-a");
    await two.a.kill9();
    go("killed-a");
    await two.a.start();
    expect(await ended(id)).toMatchObject({ state: "completed" });
    expect(marks("killed-a")).toBe("start end");
    await waitFor("its agent's turn", () => seenBy(two.a, "RESULT: done-killed-a"));
  });

  test("is nothing for an agent that no rule names", async () => {
    const { results } = await two.a.agent("worker-cn", callAny("delegate", { task: marking("none") }));
    expect(results[0]).not.toContain("completed");
    expect(marks("none")).toBe("");
  });
});
