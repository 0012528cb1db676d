// Whom alerts go to, and of what; nothing that is wrong there may cost an agent its calls.
import { expect, test } from "vitest";
import { problemsForAgent } from "../../../src/config/problems/problem.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { linesOf } from "../support.ts";

const TO = { channel: "telegram", to: "123456789" };
const resolved = (alerts: unknown) => resolveConfig({ alerts }).alerts;

test("there are none unless they are written", () => {
  expect(resolveConfig(undefined).alerts).toBeNull();
  expect(resolveConfig({}).alerts).toBeNull();
});

test("a channel and a chat are enough", () => {
  expect(linesOf({ alerts: TO })).toEqual([]);
  expect(resolved(TO)).toEqual({
    ...TO,
    accountId: null,
    refusedForMs: 300_000,
    offlineForMs: 600_000,
    nodes: null,
    residency: true,
    mismatch: true,
  });
});

test("each is had as it is written, or not at all", () => {
  const written = { accountId: "ops", refusedFor: "90s", offlineFor: "off", nodes: "!laptop" };
  expect(linesOf({ alerts: { ...TO, ...written, residency: false, mismatch: false } })).toEqual([]);
  expect(resolved({ ...TO, ...written, residency: false, mismatch: false })).toMatchObject({
    accountId: "ops",
    refusedForMs: 90_000,
    offlineForMs: null,
    nodes: { text: "!laptop" },
    residency: false,
    mismatch: false,
  });
});

test.each([
  [
    { refusedFor: "soon" },
    'warning alerts.refusedFor: "soon" is not a time span such as 45m, 2h, 3d (s, m, h, d, w), and not "off": the default holds',
  ],
  [
    { offlineFor: "0s" },
    'warning alerts.offlineFor: "0s" is not a time span such as 45m, 2h, 3d (s, m, h, d, w), and not "off": the default holds',
  ],
  [{ to: " 1" }, 'warning alerts.to: " 1" has blanks around it, or characters that nobody can see'],
  [
    { nodes: "gpu in nvidia" },
    'warning alerts.nodes: selector "gpu in nvidia" at column 8: found "nvidia", expected "(": alerts are of all nodes',
  ],
])("%j is one warning, the rest holds, and no agent is refused by it", (changes, line) => {
  const raw = { alerts: { ...TO, ...changes }, rules: [{ name: "all", agents: ["*"] }] };
  expect(linesOf(raw).filter((one) => one.includes(" alerts."))).toEqual([line]);
  const { alerts, problems } = resolveConfig(raw);
  expect(alerts).toMatchObject({ refusedForMs: 300_000, offlineForMs: 600_000, nodes: null });
  expect(problemsForAgent(problems, "worker-sg")).toEqual([]);
});

test("without a channel or a chat nothing of the config is obeyed, as with every key that must be there", () => {
  expect(linesOf({ alerts: { channel: "telegram" } })).toEqual([expect.stringContaining("alerts.to")]);
});
