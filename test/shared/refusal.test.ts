// A refusal becomes a text in one way.
import { describe, expect, test } from "vitest";
import { ERROR_CODES, entryOf, isErrorCode, TELL_USER } from "../../src/shared/errorCatalogue.ts";
import { agentError, NodeRouterError } from "../../src/shared/errors.ts";
import {
  adviceOf,
  agentText,
  refusal,
  refusalLine,
  refusalText,
  refusalWords,
} from "../../src/shared/refusal.ts";

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

describe("the text for an agent", () => {
  test("has the code and the fact, and for what the operator must do who is to be told, and that nothing ran", () => {
    const why = refusal("SECRET_UNAVAILABLE", "the key is not there");
    expect(refusalText(why)).toBe(
      "SECRET_UNAVAILABLE: the key is not there; make the secret available to the gateway and reload it.",
    );
    expect(agentText(why)).toBe(`SECRET_UNAVAILABLE: the key is not there; nothing ran. ${TELL_USER}.`);
  });

  test("is the same as anybody's where the agent itself can do what is advised", () => {
    const why = refusal("NODE_BUSY", "it is full");
    expect(agentText(why)).toBe(refusalText(why));
  });

  test("keeps the words about what was not done, and of an unknown outcome says nothing like it", () => {
    const sent = { nothingRan: "nothing was sent", advice: "x", agentAdvice: "Wait" };
    expect(agentText(refusal("NODE_NOT_ALLOWED", "f", sent))).toBe(
      "NODE_NOT_ALLOWED: f; nothing was sent. Wait.",
    );
    expect(agentText(refusal("OUTCOME_UNKNOWN", "f", { agentAdvice: "Look" }))).toBe(
      "OUTCOME_UNKNOWN: f. Look.",
    );
  });

  test("takes what one refusal has for agents before what its code has", () => {
    const why = refusal("WORKSPACE_UNAVAILABLE", "f", { advice: "try again", agentAdvice: "try again" });
    expect(agentText(why)).toBe("WORKSPACE_UNAVAILABLE: f; nothing ran; try again.");
  });

  test("is the message of an error that the host shows an agent, and the error is still one of ours", () => {
    const error = new NodeRouterError(refusal("SECRET_UNAVAILABLE", "f"), { cause: "c" });
    expect(error.message).toContain("reload it");
    expect(agentError(error)).toMatchObject({
      message: `SECRET_UNAVAILABLE: f; nothing ran. ${TELL_USER}`,
      code: "SECRET_UNAVAILABLE",
      refusal: error.refusal,
      cause: "c",
    });
    const other = new Error("no");
    expect(agentError(other)).toBe(other);
  });

  test("never has a command or a key of the operator's by the catalogue alone", () => {
    const told = ERROR_CODES.filter(isErrorCode).flatMap((code) => {
      const { advice = "", agentAdvice = advice } = entryOf(code);
      return /openclaw |plugins\.entries|gateway\./.test(agentAdvice) ? [code] : [];
    });
    // Read by operators alone.
    expect(told).toEqual(["CORDONS_UNREADABLE", "TUNNEL_NO_AUTH"]);
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
