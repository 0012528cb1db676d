// A refusal becomes a text in one way.
import { describe, expect, test } from "vitest";
import { NodeRouterError } from "../../src/shared/errors.ts";
import { adviceOf, refusal, refusalLine, refusalText, refusalWords } from "../../src/shared/refusal.ts";

describe("the text of a refusal", () => {
  test.each([
    ["a fact alone", refusal("ENV_INVALID", "x is no name"), "ENV_INVALID: x is no name."],
    [
      "advice as a part of the sentence",
      refusal("ENV_INVALID", "x is no name", { advice: "take another" }),
      "ENV_INVALID: x is no name; take another.",
    ],
    [
      "advice as a sentence of its own",
      refusal("ENV_INVALID", "x is no name", { advice: "Take another" }),
      "ENV_INVALID: x is no name. Take another.",
    ],
    [
      "that nothing ran, and advice",
      refusal("NODE_BUSY", "it is full"),
      "NODE_BUSY: it is full; nothing ran. Wait for some to end, or end them with process kill.",
    ],
    [
      "that nothing ran, without advice",
      refusal("NODE_BUSY", "it is full", { advice: null }),
      "NODE_BUSY: it is full; nothing ran.",
    ],
    [
      "that something else did not happen, in the words of the catalogue",
      refusal("GATEWAY_PORT_REFUSED", "it would open a port"),
      "GATEWAY_PORT_REFUSED: it would open a port; nothing was opened. Give the user the node's own address.",
    ],
    [
      "neither, where both are taken out",
      refusal("NODE_BUSY", "x", { nothingRan: null, advice: null }),
      "NODE_BUSY: x.",
    ],
  ])("says %s", (_what, why, text) => {
    expect(refusalText(why)).toBe(text);
    expect(`${refusalLine(why)}.`).toBe(text);
    expect(`${why.code}: ${refusalWords(why)}.`).toBe(text);
  });

  test("of an error has no full stop, and the error holds the value", () => {
    const why = refusal("JOB_UNREACHABLE", "no answer");
    const error = new NodeRouterError({ ...why, ...{ ok: false, kind: "unknown" } });
    expect(error.message).toBe(refusalLine(why));
    // No more than the value: what is spread into a result must not bring a kind of its own.
    expect(error.refusal).toEqual(why);
    expect(error.code).toBe("JOB_UNREACHABLE");
  });
});

describe("advice with holes", () => {
  test("is filled, and braces that are no hole stay", () => {
    expect(adviceOf("RUNTIME_NOT_ROUTABLE", { agent: "a", wayOut: "stop" })).toBe(
      'set agentRuntime: { id: "openclaw" } for its model in agents.entries.a.models, or stop',
    );
  });

  test("takes what is filled in as it is, however it looks", () => {
    expect(adviceOf("AUTH_FAILED", { setting: "{setting} $& $1" })).toBe(
      "put a key that it accepts into ssh-agent, or name it in {setting} $& $1",
    );
  });

  test("cannot be forgotten", () => {
    // @ts-expect-error: its advice has a hole, so it must be given.
    refusal("AUTH_FAILED", "no login");
    // @ts-expect-error: the hole is called otherwise.
    adviceOf("AUTH_FAILED", { settings: "x" });
  });
});
