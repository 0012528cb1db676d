// Two gateways side by side: each has the plugin and its own config, and reaches the other one over HTTP.
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "./deployment.ts";
import { startTwoGateways, type TwoGateways } from "./twoGateways.ts";

let two: TwoGateways;
beforeAll(async () => {
  two = await startTwoGateways({
    a: { config: { tools: { exec: { backgroundMs: 120_000 } } } },
    b: {
      router: () => ({
        nodes: { "mac-sg": { tags: ["region=sg"] } },
        rules: [{ name: "singapore", agents: ["worker-sg"], require: "region=sg" }],
      }),
    },
  });
});
afterAll(() => two?.stop());

test("the rules of the one hold there and not at the other", async () => {
  const [a, b] = await Promise.all(
    [two.a, two.b].map((gateway) => gateway.agent("worker-sg", call("exec", { command: "echo ran" }))),
  );
  expect(a?.results[0]).toBe("ran");
  expect(b?.results[0]).toContain("NO_NODE_FITS");
});

test("each answers at a port and with a state folder of its own", async () => {
  const { a, b } = two;
  expect(a.home.stateDir).not.toBe(b.home.stateDir);
  const answers = await Promise.all([a, b].map(({ port }) => fetch(`http://127.0.0.1:${port}/readyz`)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});
