// What a reader of the newest calls gets, whatever else is in the ledger.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeLedgerFs } from "../../../src/nodeRouter/ledger/ledgerFs.ts";
import { callResult } from "../../../src/nodeRouter/ledger/ledgerResult.ts";
import type { CallSubject } from "../../../src/nodeRouter/ledger/ledgerSubject.ts";
import { linesBack } from "../../../src/nodeRouter/ledger/readBack.ts";
import { type CallQuery, readCalls } from "../../../src/nodeRouter/ledger/readCalls.ts";
import { command, fileChange, ledgerIn, RAN, START_MS } from "./arrange.ts";

function call(change: Partial<CallSubject> = {}): CallSubject {
  const { command: _command, cwd: _cwd, ...common } = command();
  return {
    ...common,
    kind: "call",
    place: { country: "SG", source: "declared" },
    candidates: { total: 2, fitting: 1 },
    movedFrom: null,
    command: null,
    ...change,
  };
}

type Arranged = ReturnType<typeof ledgerIn>;
const read = async ({ audit, file }: Arranged, query: Partial<CallQuery> = {}) => {
  await audit.flush();
  return readCalls(nodeLedgerFs, file, audit.writer, { limit: 50, ...query });
};
const RAN_CALL = callResult("ran", null);

test("a call, its command and its end are one row, and file changes and input are none", async () => {
  await using arranged = ledgerIn("strict");
  const { audit } = arranged;
  const decided = call({ id: "one", operation: "exec" });
  audit.open(decided);
  const sent = command({ id: "one" });
  await audit.begin(sent);
  audit.end(sent, RAN, decided);
  audit.end(fileChange({ id: "change" }), { ...RAN, outcome: "done" });
  const rows = await read(arranged);
  expect(rows.map(({ id, outcome }) => [id, outcome])).toEqual([["one", "ran"]]);
});

test("an end that is told later stands over the one before: unknown becomes what is true", async () => {
  await using arranged = ledgerIn("best-effort");
  const decided = call({ id: "one" });
  arranged.audit.end(decided, callResult("unknown", "OUTCOME_UNKNOWN"));
  arranged.audit.endLate(arranged.audit.announcement(command({ id: "one" })), RAN);
  expect(await read(arranged)).toMatchObject([{ id: "one", outcome: "ran", code: null }]);
  expect(await read(arranged, { outcome: "unknown" })).toEqual([]);
});

test("what an earlier life of the gateway began is unknown, but for a detached command of which no end is known", async () => {
  await using arranged = ledgerIn("best-effort");
  for (const id of ["call", "job"]) arranged.audit.open(call({ id }));
  await arranged.audit.flush();
  const rows = await readCalls(nodeLedgerFs, arranged.file, "later", {
    limit: 5,
    detached: new Set(["job"]),
  });
  const outcomes = Object.fromEntries(rows.map(({ id, outcome, code }) => [id, [outcome, code]]));
  expect(outcomes).toEqual({ call: ["unknown", "OUTCOME_UNKNOWN"], job: ["running", null] });
});

describe("filters", () => {
  test.each([
    [{ agent: "worker-cn" }, ["b"]],
    [{ node: "mac-cn" }, ["b"]],
    [{ rule: 'x","agent":"worker-cn' }, ["c"]],
    [{ outcome: "refused" }, ["a"]],
    [{ outcome: "running" }, ["d"]],
    [{ agent: "worker-sg", outcome: "ran" }, ["c"]],
    [{ agent: "worker" }, []],
    [{ sinceMs: START_MS + 2_000 }, ["d", "c"]],
    [{ limit: 2 }, ["d", "c"]],
    [{ limit: 1, outcome: "ran" }, ["c"]],
  ])("%j", async (query, ids) => {
    await using arranged = ledgerIn("best-effort");
    const { audit } = arranged;
    const at = (index: number) => START_MS + index * 1_000;
    audit.end(call({ id: "a", node: null, startMs: at(0) }), callResult("refused", "NO_NODE_FITS", "words"));
    audit.end(call({ id: "b", agent: "worker-cn", node: "mac-cn", startMs: at(1) }), RAN_CALL);
    audit.end(call({ id: "c", rule: 'x","agent":"worker-cn', startMs: at(2) }), RAN_CALL);
    audit.open(call({ id: "d", startMs: at(3) }));
    expect((await read(arranged, query)).map(({ id }) => id)).toEqual(ids);
  });
});

test("the newest are found whatever the order of their ends, across files, as a plain reading finds them", async () => {
  const step = fc.record({
    agent: fc.constantFrom("a", "b"),
    ends: fc.constantFrom("at once", "late", "never"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      async (steps, limit) => {
        let nowMs = START_MS;
        await using arranged = ledgerIn("best-effort", { maxFileBytes: 4_000, now: () => nowMs });
        const late: CallSubject[] = [];
        const all = steps.map(({ agent, ends }, index) => {
          nowMs += 1_000;
          const one = call({ id: `${index}`, agent, startMs: nowMs });
          arranged.audit.open(one);
          if (ends === "at once") arranged.audit.end(one, RAN_CALL);
          if (ends === "late") late.push(one);
          return one;
        });
        for (const one of late) arranged.audit.end(one, RAN_CALL);
        const expected = all
          .filter(({ agent }) => agent === "a")
          .toReversed()
          .slice(0, limit)
          .map(({ id }) => [id, steps[Number(id)]?.ends === "never" ? "running" : "ran"]);
        const rows = await read(arranged, { agent: "a", limit });
        expect(rows.map(({ id, outcome }) => [id, outcome])).toEqual(expected);
      },
    ),
    { numRuns: 25 },
  );
});

test("lines that are no records, torn ones and other people's JSON are passed over", async () => {
  await using arranged = ledgerIn("best-effort");
  mkdirSync(arranged.folder, { recursive: true });
  writeFileSync(
    arranged.file,
    '\n{"v":1,"pha\n[]\nnull\n{"kind":"call"}\n{"kind":"call","id":"x","outcome":"bad","end":7}\n',
  );
  arranged.audit.end(call({ id: "one" }), RAN_CALL);
  const rows = await read(arranged);
  expect(rows.map(({ id, outcome }) => [id, outcome])).toContainEqual(["one", "ran"]);
  expect(rows.every(({ outcome }) => outcome === "ran" || outcome === "unknown")).toBe(true);
});

test("a link in place of the file is not followed", async () => {
  await using arranged = ledgerIn("best-effort");
  mkdirSync(arranged.folder, { recursive: true });
  writeFileSync(
    join(arranged.root, "elsewhere"),
    '{"kind":"call","id":"x","phase":"end","start":"","agent":null}\n',
  );
  symlinkSync(join(arranged.root, "elsewhere"), arranged.file);
  expect(await readCalls(nodeLedgerFs, arranged.file, "w", { limit: 5 })).toEqual([]);
});

test("lines that cross the pieces of a large file come whole, the newest first", async () => {
  await using arranged = ledgerIn("best-effort");
  mkdirSync(arranged.folder, { recursive: true });
  const lines = Array.from({ length: 3_000 }, (_, index) => `${index} ${"ü".repeat(index % 700)}`);
  writeFileSync(arranged.file, `${lines.join("\n")}\n`);
  const read: string[] = [];
  for await (const some of linesBack(nodeLedgerFs, arranged.file)) read.push(...some);
  expect(read.filter((line) => line !== "")).toEqual(lines.toReversed());
});
