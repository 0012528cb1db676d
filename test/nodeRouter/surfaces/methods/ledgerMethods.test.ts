// What the gateway's methods about the ledger answer, and what they keep to themselves.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LEDGER } from "../../../../src/nodeRouter/ledger/ledger.ts";
import { callResult } from "../../../../src/nodeRouter/ledger/ledgerResult.ts";
import { calls, newestCalls, verify } from "../../../../src/nodeRouter/surfaces/methods/ledgerMethods.ts";
import { UsageError } from "../../../../src/nodeRouter/surfaces/methods/params.ts";
import { fakeDeps } from "../../../support/fakeDeps.ts";
import { command, ledgerIn, RAN, START_MS } from "../../ledger/arrange.ts";

function arranged(hostConfig: unknown = {}) {
  const deps = fakeDeps({ hostConfig });
  deps.clockMs = START_MS + 60_000;
  const ledger = ledgerIn("best-effort");
  ledger.settings.keepText = true;
  deps.memory.part(LEDGER).current = ledger.audit;
  ledger.audit.end(command({ id: "ran" }), RAN);
  const {
    command: _command,
    cwd: _cwd,
    ...common
  } = command({ id: "no", node: null, startMs: START_MS + 5_000 });
  ledger.audit.end(
    { ...common, kind: "call", place: null, candidates: null, movedFrom: null, command: "rm -rf s3cret" },
    callResult("refused", "NO_NODE_FITS", "0/2 nodes fit"),
  );
  return { deps, ledger, [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose]() };
}

test("a call has the fields of the contract and no others, and no text of a command", async () => {
  await using at = arranged();
  const report = await calls(at.deps, {});
  expect(report).toEqual({
    calls: [
      expect.objectContaining({ id: "no", outcome: "refused", code: "NO_NODE_FITS", node: null }),
      {
        id: "ran",
        at: "2026-01-02T03:04:05.000Z",
        agent: "worker-sg",
        session: "agent:worker-sg:main",
        tool: "exec",
        rule: "singapore",
        outcome: "ran",
        node: "mac-sg",
        transport: "ssh",
        place: null,
        code: null,
        ms: 1_500,
      },
    ],
  });
  expect(JSON.stringify(report)).not.toContain("reason");
  const told = await calls(at.deps, { reasons: true });
  expect(told.calls[0]?.reason).toBe("0/2 nodes fit");
  expect(JSON.stringify(told)).not.toMatch(/s3cret|echo hello/);
  expect(at.ledger.text()).toMatch(/s3cret.*|echo hello/);
});

test.each([
  [{ agent: "Worker-SG", outcome: "ran" }, ["ran"]],
  [{ agent: "Worker SG", outcome: "ran" }, ["ran"]],
  [{ since: "58s" }, ["no"]],
  [{ limit: 1 }, ["no"]],
  [{ node: "mac-cn" }, []],
  [{ nodes: ["mac-sg", "mac-cn"] }, ["ran"]],
  [{ nodes: ["mac-cn"] }, []],
  [{ nodes: [] }, []],
])("calls with %j are those", async (params, ids) => {
  await using at = arranged();
  expect((await calls(at.deps, params)).calls.map(({ id }) => id)).toEqual(ids);
});

test.each([
  [{ node: "mac-gs" }, 'no node "mac-gs" is known; did you mean "mac-sg"?'],
  [{ agent: "worker-gs" }, 'no agent "worker-gs" is configured; did you mean "worker-sg"?'],
  [{ rule: "singapor" }, 'no rule "singapor" is configured; did you mean "singapore"?'],
])("an empty list is not the answer to a slip of the pen: %j", async (params, message) => {
  await using at = arranged({ agents: { entries: { "worker-sg": {} } } });
  await expect(calls(at.deps, params)).rejects.toThrow(message);
});

test("what is gone from the config has its calls all the same", async () => {
  await using at = arranged({ agents: { entries: { boss: {} } } });
  at.deps.configure({});
  for (const params of [{ agent: "worker-sg" }, { node: "mac-sg" }, { rule: "singapore" }])
    expect((await calls(at.deps, params)).calls).not.toEqual([]);
});

test.each([
  { limit: 0 },
  { limit: 1_001 },
  { limit: "5" },
  { limit: 1.5 },
  { outcome: "lost" },
  { since: "soon" },
])("%j is the caller's mistake", async (params) => {
  await using at = arranged();
  await expect(calls(at.deps, params)).rejects.toThrow(UsageError);
});

describe("verify", () => {
  test("holds, with a head that was noted and one that was not", async () => {
    await using at = arranged();
    const { ok, head, records } = await verify(at.deps, {});
    expect([ok, records]).toEqual([true, 2]);
    expect((await verify(at.deps, { head: head?.hash })).ok).toBe(true);
    const other = await verify(at.deps, { head: "x".repeat(43) });
    expect(other.findings).toMatchObject([{ kind: "end", text: expect.stringContaining("x".repeat(43)) }]);
    await expect(verify(at.deps, { head: "short" })).rejects.toThrow(UsageError);
  });

  test("finds that the end was cut off while the gateway runs, before it writes again", async () => {
    await using at = arranged();
    await at.ledger.audit.flush();
    const [first] = at.ledger.text().split("\n");
    writeFileSync(at.ledger.file, `${first}\n`);
    const { findings } = await verify(at.deps, {});
    expect(findings).toMatchObject([
      { kind: "end", text: "record 2 which this gateway wrote last is not in the ledger" },
    ]);
  });
});

test("a gateway without a ledger says so, and its page has no calls", async () => {
  const deps = fakeDeps();
  await expect(calls(deps, {})).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
  await expect(verify(deps, {})).rejects.toThrow(
    "AUDIT_UNAVAILABLE: this gateway has no ledger yet. Try again",
  );
  expect(await newestCalls(deps)).toEqual([]);
});
