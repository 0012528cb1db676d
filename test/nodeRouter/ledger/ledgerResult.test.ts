// What becomes of a command's outcome in its record.
import { describe, expect, test } from "vitest";
import { commandResult } from "../../../src/nodeRouter/ledger/ledgerResult.ts";
import { refused } from "../../support/refused.ts";

describe("an outcome becomes a result", () => {
  const facts = { processGroup: 7, bytesIn: 1, bytesOut: 2 };

  test("ran: with its exit code or its signal", () => {
    expect(commandResult({ kind: "ran", exitCode: 3, signal: null }, facts)).toEqual({
      outcome: "ran",
      exitCode: 3,
      signal: null,
      processGroup: 7,
      bytesIn: 1,
      bytesOut: 2,
      error: null,
    });
    expect(commandResult({ kind: "ran", exitCode: null, signal: "TERM" }, facts)).toMatchObject({
      outcome: "ran",
      exitCode: null,
      signal: "TERM",
    });
  });

  test("not started: with why, and no exit code", () => {
    expect(commandResult({ kind: "notStarted", ...refused("NODE_BUSY", "x") }, facts)).toMatchObject({
      outcome: "not-started",
      exitCode: null,
      error: "NODE_BUSY",
    });
  });

  test("unknown: with the process group that either side told, never as ran", () => {
    const unknown = { kind: "unknown", ...refused("OUTCOME_UNKNOWN", "x") } as const;
    expect(commandResult({ ...unknown, processGroup: null }, facts)).toMatchObject({
      outcome: "unknown",
      processGroup: 7,
      error: "OUTCOME_UNKNOWN",
    });
    expect(commandResult({ ...unknown, processGroup: 9 }, facts)).toMatchObject({ processGroup: 9 });
  });
});
