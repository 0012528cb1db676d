// How long a command that goes on for ever bears a gateway that does not answer, or that says no.
import { describe, expect, test } from "vitest";
import { createPatience } from "../../../../src/nodeRouter/surfaces/cli/gatewayPatience.ts";
import { refusalOf } from "./arrange.ts";

function scene() {
  const clock = { ms: 0 };
  const patience = createPatience(() => clock.ms);
  patience.answered();
  /** What is said of each failure, a second apart; null: nothing new. */
  const fails = (count: number, error: unknown) =>
    Array.from({ length: count }, () => {
      clock.ms += 1_000;
      const { text, isNew } = patience.failed(error);
      return isNew ? text : null;
    });
  return { clock, patience, fails };
}

const unavailable = (refusal: string, text: string) =>
  refusalOf("UNAVAILABLE", text, { details: { refusal } });

describe("what passes by itself", () => {
  test.each<[string, unknown]>([
    ["a closed connection", new Error("gateway closed (1012): service restart")],
    ["a refused connection", new Error("connect ECONNREFUSED 127.0.0.1:18789")],
    ["a gateway that starts", refusalOf("UNAVAILABLE", "gateway starting", { retryable: true })],
    ["nodes that it cannot list now", unavailable("INVENTORY_UNAVAILABLE", "x: unauthorized")],
    ["whatever the host says to be tried again", refusalOf("CONFLICT", "busy", { retryable: true })],
  ])("%s is borne for an hour, said once, and so is its end", (_, error) => {
    const { patience, fails } = scene();
    const told = fails(3_600, error).filter((text) => text !== null);
    expect(told).toEqual([expect.stringMatching(/^the gateway does not answer, this goes on: /)]);
    expect([patience.answered(), patience.answered()]).toEqual(["the gateway answers again", null]);
  });

  test("is thrown while no answer ever came", () => {
    const lost = new Error("connect ECONNREFUSED");
    expect(() => createPatience(() => 0).failed(lost)).toThrow(lost);
  });
});

describe("what somebody must mend", () => {
  test.each<[string, unknown]>([
    ["a wrong token", new Error("gateway closed (1008): unauthorized: gateway token mismatch")],
    ["a scope that is missing", refusalOf("INVALID_REQUEST", "missing scope: operator.read")],
    ["a device that is not paired any more", new Error("gateway closed (1008): pairing required")],
    [
      "no credentials",
      new Error("gateway x requires credentials\nFix: configure gateway.auth token/password"),
    ],
    ["an answer that cannot be read", new TypeError("Cannot read properties of undefined")],
  ])("%s ends it at once", (_, error) => {
    expect(() => scene().fails(1, error)).toThrow(error as Error);
  });
});

describe("a no that a gateway may say while it starts", () => {
  const refusals: [string, Error][] = [
    ["a method that it lacks", refusalOf("INVALID_REQUEST", "unknown method: noderouter.calls")],
    ["a name that it does not know", refusalOf("INVALID_REQUEST", 'no node "mac-gs" is known')],
  ];

  test.each(refusals)("%s ends it when it lasts for 30 seconds", (_, error) => {
    const { fails } = scene();
    expect(fails(30, error).filter((text) => text !== null)).toHaveLength(1);
    expect(() => fails(1, error)).toThrow(error);
  });

  test.each(refusals)("%s does not end it where an answer, or a restart, is in between", (_, error) => {
    const { patience, fails } = scene();
    for (let round = 0; round < 5; round++) {
      fails(20, error);
      if (round % 2 === 0) patience.answered();
      else fails(1, new Error("gateway closed (1012)"));
    }
  });
});
