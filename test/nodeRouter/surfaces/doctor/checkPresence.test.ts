// Sources that fail, and tailnet keys that end; each finding beside the case that is none.
import { describe, expect, test } from "vitest";
import type { NodePresence, SourceHealth } from "../../../../src/presence/record.ts";
import { fact, makePresence } from "../../../support/makePresence.ts";
import { findingsOf, guarded, hostOf, NOW_MS } from "./arrange.ts";

const CLEAN = { host: guarded({ host: hostOf({ "cn-1": {} }) }) };
const DAY_MS = 86_400_000;

describe("a source of presence", () => {
  const source = (changes: Partial<SourceHealth>): SourceHealth => ({
    id: "tailscale",
    lastOkMs: NOW_MS,
    failures: 0,
    lastError: null,
    ...changes,
  });
  const found = (...sources: SourceHealth[]) => findingsOf({ ...CLEAN, doctor: { sources } });

  test("that failed three times in a row is a warning with its error", () => {
    expect(
      found(source({ failures: 3, lastError: "connect ENOENT\n/run/x", lastOkMs: NOW_MS - DAY_MS })),
    ).toEqual([
      {
        id: "node-router/presence-source-failing",
        severity: "warning",
        message:
          'the presence source "tailscale" failed 3 times in a row (connect ENOENT\\u000a/run/x); it last worked at 2026-01-30T08:00:00.000Z, and what it says of nodes is unknown meanwhile',
        path: null,
        fix: 'mend what it names; "openclaw node-router status" shows every source',
      },
    ]);
  });

  test("that never worked does not claim a time", () => {
    const [finding] = found(source({ failures: 9, lastOkMs: null }));
    expect(finding?.message).toContain("(no reason given); it never worked,");
  });

  test("that failed twice, or works, is none", () => {
    expect(found(source({ failures: 2, lastError: "x" }), source({}))).toEqual([]);
  });
});

describe("a tailnet key", () => {
  const found = (facts: NodePresence["facts"]) =>
    findingsOf({ ...CLEAN, presence: [makePresence({ facts })] }).map(({ id, severity, message }) => [
      id.replace("node-router/tailnet-key-", ""),
      severity,
      message,
    ]);

  test("that ends within 14 days is a warning with the day", () => {
    expect(found({ tailnetKeyExpiresMs: fact(NOW_MS + 14 * DAY_MS) })).toEqual([
      [
        "expires",
        "warning",
        'the tailnet key of node "mac-sg" ends in 14 days (2026-02-14T08:00:00.000Z); then it falls off the tailnet',
      ],
    ]);
    expect(found({ tailnetKeyExpiresMs: fact(NOW_MS + 1) })[0]?.[2]).toContain("ends in 1 day (");
  });

  test("that ends later, or never, is none", () => {
    expect(found({ tailnetKeyExpiresMs: fact(NOW_MS + 14 * DAY_MS + 1) })).toEqual([]);
    expect(found({ tailnetKeyExpired: fact(false) })).toEqual([]);
  });

  test("that has ended is an error, said once", () => {
    const ended = [
      [
        "expired",
        "error",
        'the tailnet key of node "mac-sg" has ended (2026-01-31T08:00:00.000Z), so it cannot be reached over the tailnet',
      ],
    ];
    expect(found({ tailnetKeyExpiresMs: fact(NOW_MS) })).toEqual(ended);
    expect(found({ tailnetKeyExpiresMs: fact(NOW_MS), tailnetKeyExpired: fact(true) })).toEqual(ended);
    expect(found({ tailnetKeyExpired: fact(true) })[0]?.[2]).toContain("has ended, so");
  });

  test("a key whose end is known from old news alone is no finding", () => {
    expect(found({ tailnetKeyExpiresMs: fact(NOW_MS, true), tailnetKeyExpired: fact(true, true) })).toEqual(
      [],
    );
  });

  test("a time that no calendar has does not throw", () => {
    expect(found({ tailnetKeyExpiresMs: fact(-1e300) })[0]?.[0]).toBe("expired");
  });
});

test("before the nodes are observed there is nothing to find", () => {
  expect(findingsOf({ ...CLEAN, presence: [] })).toEqual([]);
});
