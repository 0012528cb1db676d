// What the host's errors say of a call's delivery, as OpenClaw 2026.9.6 makes them.
import { describe, expect, test } from "vitest";
import { deliveryOfFault } from "../../../../../src/nodeRouter/transports/node/gateway/delivery.ts";
import { hostError } from "../../../../support/node/simNodeNet.ts";

const of = (message: string, details: object) => deliveryOfFault(hostError(message, details));

describe("by the host's own word nothing was sent", () => {
  test.each<[string, object, string]>([
    [
      "node not connected",
      { code: "NOT_CONNECTED", nodeError: { code: "NOT_CONNECTED" }, nodeCommandDispatched: false },
      "away",
    ],
    ['does not support "x"', { reason: "command not declared by node", command: "x" }, "missing"],
    ["pending approval", { reason: "node did not declare commands", command: "x" }, "missing"],
    ["blocked", { reason: "command not allowlisted", command: "x" }, "barred"],
    ["not ours", { code: "RUN_NOT_ALLOWED", nodeCommandDispatched: false }, "barred"],
    ["connection changed", { code: "ROUTE_CHANGED", nodeCommandDispatched: false }, "passing"],
    ["policy changed", { code: "PLUGIN_POLICY_CHANGED", nodeCommandDispatched: false }, "passing"],
  ])("%s", (message, details, why) => {
    expect(of(message, details)).toEqual({ kind: "unsent", why, fact: message });
  });
});

describe("nobody knows whether it arrived", () => {
  test.each<[string, object]>([
    ["TIMEOUT: node invoke timed out", { nodeError: { code: "TIMEOUT" }, nodeCommandDispatched: true }],
    ["node disconnected", { nodeError: { code: "DISCONNECTED" }, nodeCommandDispatched: true }],
    // The limit may pass while it is sent.
    ["TIMEOUT: node invoke timed out", { nodeError: { code: "TIMEOUT" }, nodeCommandDispatched: false }],
    // Said after the node's answer, and before anything was sent: the same words.
    ["node pairing changed", { code: "PAIRING_CHANGED" }],
    ["not connected any more", { code: "NOT_CONNECTED", nodeCommandDispatched: true }],
    ["odd", { reason: "command not allowlisted", nodeCommandDispatched: true }],
    ["of another reason", { reason: "constructor" }],
  ])("%s %j", (message, details) => {
    expect(of(message, details)).toEqual({ kind: "lost", fact: message });
  });

  test.each([new Error("Plugin service node access is no longer active"), "text", null, { details: 7 }])(
    "%s, which says nothing of it",
    (thrown) => {
      expect(deliveryOfFault(thrown).kind).toBe("lost");
    },
  );
});
