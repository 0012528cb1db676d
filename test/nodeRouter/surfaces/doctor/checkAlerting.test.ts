import { expect, test } from "vitest";
import { HEALTHY } from "../../../../src/nodeRouter/alerts/alertsHealth.ts";
import { checkAlerting } from "../../../../src/nodeRouter/surfaces/doctor/checkAlerting.ts";
import { inputOf } from "./arrange.ts";

const found = (changes: object, alerts: object = { channel: "telegram", to: "12" }) => {
  const input = inputOf({ router: { alerts } });
  return checkAlerting({ ...input, alerts: { ...HEALTHY, ...changes } }).map(
    ({ id, severity, path, message }) => [id, severity, path, message],
  );
};
const ROOT = "plugins.entries.node-router.config.alerts";

test("a channel that the gateway has not is told before there is anything to send", () => {
  expect(found({ hasChannel: false })).toEqual([
    [
      "node-router/alerts-channel-missing",
      "warning",
      `${ROOT}.channel`,
      'alerts go by the channel "telegram", which this gateway has not',
    ],
  ]);
});

test("a message that could not be sent is told with its reason and the next try", () => {
  const { nowMs } = inputOf();
  expect(found({ hasChannel: true, failure: "chat not found", retryAtMs: nowMs + 120_000 })).toEqual([
    [
      "node-router/alerts-not-sent",
      "warning",
      `${ROOT}.to`,
      'the last alert could not be sent by "telegram" to "12": chat not found; the next try is in 2 min',
    ],
  ]);
});

test("alerts that go out, that nobody has looked at yet, or that nobody asked for are no finding", () => {
  expect(found({ hasChannel: true })).toEqual([]);
  expect(found({})).toEqual([]);
  const input = inputOf();
  expect(checkAlerting({ ...input, alerts: { ...HEALTHY, hasChannel: false } })).toEqual([]);
  expect(checkAlerting(inputOf({ router: { alerts: { channel: "telegram", to: "12" } } }))).toEqual([]);
});
