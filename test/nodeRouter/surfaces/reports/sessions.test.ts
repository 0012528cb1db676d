// What status says of an agent's model and sessions: as far as the host says it, never a guess.
import { describe, expect, test } from "vitest";
import { modelOf } from "../../../../src/nodeRouter/host/agentModel.ts";
import { sessionTotals } from "../../../../src/nodeRouter/host/sessionTotals.ts";

const entry = (values: object) => ({ sessionKey: "agent:a:main", entry: values });

describe("sessionTotals", () => {
  test("adds up the last run of each session", () => {
    const list = [entry({ inputTokens: 100, outputTokens: 20 }), entry({ inputTokens: 1, outputTokens: 2 })];
    expect(sessionTotals(list)).toEqual({ sessions: 2, tokens: { input: 101, output: 22 } });
  });

  test("sessions without numbers count as sessions, and make no tokens", () => {
    expect(sessionTotals([entry({}), entry({ totalTokens: 9 })])).toEqual({ sessions: 2, tokens: null });
    expect(sessionTotals([entry({}), entry({ outputTokens: 7 })]).tokens).toEqual({ input: 0, output: 7 });
    expect(sessionTotals([])).toEqual({ sessions: 0, tokens: null });
  });

  test.each([null, "text", 7, {}, { entry: null }, entry({ inputTokens: "9", outputTokens: -1 })])(
    "an entry like %j is a session of which nothing is known",
    (item) => {
      expect(sessionTotals([item])).toEqual({ sessions: 1, tokens: null });
    },
  );
});

describe("modelOf", () => {
  const config = (own: unknown, inherited?: unknown) => ({
    agents: { entries: { "worker-sg": { model: own } }, defaults: { model: inherited } },
  });

  test.each<[unknown, unknown, string | null]>([
    ["anthropic/opus", "anthropic/sonnet", "anthropic/opus"],
    [undefined, "anthropic/sonnet", "anthropic/sonnet"],
    [{ primary: "anthropic/opus", fallbacks: ["x"] }, "anthropic/sonnet", "anthropic/opus"],
    [undefined, { primary: "anthropic/sonnet" }, "anthropic/sonnet"],
    [undefined, undefined, null],
    [" ", undefined, null],
    [{ fallbacks: ["x"] }, undefined, null],
    [7, undefined, null],
  ])("own %j, default %j: %j", (own, inherited, model) => {
    expect(modelOf(config(own, inherited), "worker-sg")).toBe(model);
  });

  test("a config that is none says nothing", () => {
    expect(modelOf(null, "worker-sg")).toBe(null);
  });
});
