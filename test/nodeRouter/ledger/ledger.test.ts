import { existsSync, readdirSync, statSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import manifest from "../../../openclaw.plugin.json" with { type: "json" };
import { ledgerFolder } from "../../../src/nodeRouter/ledger/ledger.ts";
import { type LedgerFs, nodeLedgerFs } from "../../../src/nodeRouter/ledger/ledgerFs.ts";
import { command, failingFs, fileChange, ledgerIn, linesOfAll, parsed, RAN, unsealed } from "./arrange.ts";

test("best-effort writes one record a command, behind the call", async () => {
  await using arranged = ledgerIn("best-effort");
  const { audit } = arranged;
  await audit.begin(command());
  expect(existsSync(arranged.folder)).toBe(false);
  audit.end(command(), RAN);
  audit.end(fileChange(), { ...RAN, outcome: "done" });
  await audit.flush();
  expect(arranged.lines().map(({ phase, kind }) => [phase, kind])).toEqual([
    ["end", "command"],
    ["end", "file"],
  ]);
  expect(audit.state()).toEqual({
    mode: "best-effort",
    file: arranged.file,
    written: 2,
    failed: 0,
    waiting: 0,
    refused: 0,
    lastError: null,
    head: { n: 2, hash: arranged.lines()[1]?.hash },
    ends: { ran: 1 },
    full: [],
  });
});

test("strict has the announcement in the file when begin resolves, and one record behind it", async () => {
  await using arranged = ledgerIn("strict");
  const subject = command();
  await arranged.audit.begin(subject);
  expect(arranged.lines().map(({ phase, id }) => [phase, id])).toEqual([["begin", "d-1"]]);
  arranged.audit.end(subject, RAN);
  await arranged.audit.flush();
  expect(arranged.lines().map(({ phase, id }) => [phase, id])).toEqual([
    ["begin", "d-1"],
    ["end", "d-1"],
  ]);
});

test("strict puts the announcement on the disk, and the name of a new file too; best-effort asks for neither", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("best-effort", { fs: disk.fs });
  arranged.audit.end(command(), RAN);
  await arranged.audit.flush();
  expect(disk.state.operations).toEqual(["prepareFolder", "open", "append"]);
  arranged.settings.mode = "strict";
  disk.state.operations = [];
  await arranged.audit.begin(command());
  await arranged.audit.begin(command());
  expect(disk.state.operations).toEqual(["append", "sync", "syncFolder", "append", "sync"]);
});

test("calls at one time share one flush of the disk", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("strict", { fs: disk.fs });
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => arranged.audit.begin(command({ id: `${index}` }))),
  );
  expect(disk.state.operations.filter((operation) => operation === "sync").length).toBeLessThan(5);
  expect(arranged.lines().map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
});

test("off writes nothing and makes no folder", async () => {
  await using arranged = ledgerIn("off");
  await arranged.audit.begin(command());
  arranged.audit.end(command(), RAN);
  await arranged.audit.flush();
  expect(existsSync(arranged.folder)).toBe(false);
});

test("a new mode holds from the next call on, and what was announced still gets its record", async () => {
  await using arranged = ledgerIn("strict");
  const running = command({ id: "running" });
  await arranged.audit.begin(running);
  arranged.settings.mode = "off";
  arranged.audit.end(running, RAN);
  await arranged.audit.begin(command({ id: "next" }));
  arranged.audit.end(command({ id: "next" }), RAN);
  await arranged.audit.flush();
  expect(arranged.lines().map(({ phase, id }) => [phase, id])).toEqual([
    ["begin", "running"],
    ["end", "running"],
  ]);
});

test("keeping the text can be switched on and off while it runs", async () => {
  await using arranged = ledgerIn("best-effort");
  arranged.audit.end(command(), RAN);
  arranged.settings.keepText = true;
  arranged.audit.end(command(), RAN);
  await arranged.audit.flush();
  expect(arranged.lines().map((line) => line.command)).toEqual([undefined, "echo hello"]);
});

test("nobody else can read it", async () => {
  await using arranged = ledgerIn("strict");
  await arranged.audit.begin(command());
  expect(statSync(arranged.folder).mode & 0o777).toBe(0o700);
  expect(statSync(arranged.file).mode & 0o777).toBe(0o600);
});

test("a full file is put aside, and old ones go when all are larger than they may be", async () => {
  const limits = { agentBytes: 1e9, keepMs: 0, maxBytes: 6_000 };
  await using arranged = ledgerIn("best-effort", { maxFileBytes: 2_000, limits: () => limits });
  for (let index = 0; index < 60; index++) {
    arranged.audit.end(command({ id: `${index}` }), RAN);
    await arranged.audit.flush();
  }
  const names = readdirSync(arranged.folder).sort();
  expect(names).toEqual(["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2", "audit.jsonl.3"]);
  for (const name of names) {
    const { size, mode } = statSync(`${arranged.folder}/${name}`);
    expect(size).toBeLessThanOrEqual(2_000);
    expect(mode & 0o777).toBe(0o600);
  }
  const lines = linesOfAll(arranged.folder);
  const ids = lines.filter(({ phase }) => phase === "end").map(({ id }) => Number(id));
  // The newest of them, without a gap.
  expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => 60 - ids.length + index));
  expect(ids.length).toBeGreaterThan(6);
  // What is left says since when there is less: the check of the chain can tell that from a hand that removed files.
  const removed = lines.filter(({ kind }) => kind === "removed");
  expect(removed.map(({ first }) => first)).toContain(lines[0]?.before);
});

test("a record larger than a file is written all the same", async () => {
  await using arranged = ledgerIn("best-effort", { maxFileBytes: 100 });
  arranged.audit.end(command({ id: "a" }), RAN);
  await arranged.audit.flush();
  arranged.audit.end(command({ id: "b" }), RAN);
  await arranged.audit.flush();
  expect(linesOfAll(arranged.folder).map(({ id }) => id)).toEqual(["a", "b"]);
});

test("a large file that was put aside is counted for the next start by the time that the ledger is closed, not after it", async () => {
  const closing = Promise.withResolvers<void>();
  const fs: LedgerFs = {
    ...nodeLedgerFs,
    async *read(file) {
      if (file.endsWith(".1")) await closing.promise;
      yield* nodeLedgerFs.read(file);
    },
  };
  await using arranged = ledgerIn("best-effort", { fs, maxFileBytes: 1_200_000 });
  for (const round of ["a", "b"]) {
    for (let at = 0; at < 5_000; at++) arranged.audit.end(command({ id: `${round}-${at}` }), RAN);
    await arranged.audit.flush();
  }
  const closed = arranged.audit.close();
  closing.resolve();
  await closed;
  expect(readdirSync(arranged.folder)).toContain("audit.jsonl.1");
  expect(existsSync(`${arranged.folder}-usage.json`)).toBe(true);
});

test("10,000 records of calls at one time are whole, in order and each there once, across rotations", async () => {
  await using arranged = ledgerIn("strict", { maxFileBytes: 400_000 });
  const ids = Array.from({ length: 5_000 }, (_, index) => `d-${index}`);
  await Promise.all(
    ids.map(async (id) => {
      const subject = command({ id });
      await arranged.audit.begin(subject);
      arranged.audit.end(subject, RAN);
    }),
  );
  await arranged.audit.flush();
  const lines = linesOfAll(arranged.folder);
  expect(readdirSync(arranged.folder).length).toBeGreaterThan(3);
  for (const phase of ["begin", "end"]) {
    expect(lines.filter((line) => line.phase === phase).map(({ id }) => id)).toEqual(ids);
  }
  const first = new Map<unknown, unknown>();
  for (const { id, phase } of lines) if (!first.has(id)) first.set(id, phase);
  expect(new Set(first.values())).toEqual(new Set(["begin"]));
  expect(arranged.audit.state()).toMatchObject({ written: 5_000, failed: 0 });
});

test("whatever is recorded in whatever order, every line parses and every announced id has one record", async () => {
  const step = fc.record({
    text: fc.string({ unit: "binary", maxLength: 40 }),
    strict: fc.boolean(),
    kind: fc.constantFrom("command", "file"),
    wait: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await using arranged = ledgerIn("strict", { maxFileBytes: 3_000 });
      arranged.settings.keepText = true;
      const calls: Promise<void>[] = [];
      for (const [index, { text, strict, kind, wait }] of steps.entries()) {
        arranged.settings.mode = strict ? "strict" : "best-effort";
        const id = `${index}`;
        const subject =
          kind === "command" ? command({ id, command: text, cwd: text }) : fileChange({ id, path: text });
        const call = arranged.audit.begin(subject).then(() => arranged.audit.end(subject, RAN));
        calls.push(call);
        if (wait) await call;
      }
      await Promise.all(calls);
      await arranged.audit.flush();
      const lines = steps.length === 0 ? [] : linesOfAll(arranged.folder);
      const idsOf = (phase: string) =>
        lines
          .filter((line) => line.phase === phase)
          .map(({ id }) => Number(id))
          .sort((a, b) => a - b);
      expect(idsOf("end")).toEqual(steps.map((_, index) => index));
      expect(idsOf("begin")).toEqual(steps.flatMap(({ strict }, index) => (strict ? [index] : [])));
    }),
    { numRuns: 30 },
  );
});

test("close writes what waits, and a later call opens the file again", async () => {
  await using arranged = ledgerIn("best-effort");
  arranged.audit.end(command({ id: "a" }), RAN);
  await arranged.audit.close();
  expect(arranged.lines()).toHaveLength(1);
  arranged.audit.end(command({ id: "b" }), RAN);
  await arranged.audit.close();
  expect(parsed(arranged.text()).map(({ id }) => id)).toEqual(["a", "b"]);
});

test("the manifest has the host back up the folder that is written to", () => {
  const [resource] = manifest.backupResources;
  expect(resource).toEqual({ disposition: "include", scope: "state", relativePath: "node-router/audit" });
  expect(ledgerFolder("/state").replaceAll("\\", "/")).toBe(`/state/${resource?.relativePath}`);
});

test("what a gateway that ended had begun gets the record that it lacked, with its own subject", async () => {
  await using arranged = ledgerIn("strict");
  const { audit } = arranged;
  const announced = audit.announcement(command());
  audit.endLate(announced, { ...RAN, exitCode: 3 });
  await audit.flush();
  const [late] = arranged.lines();
  audit.end(command(), { ...RAN, exitCode: 3 });
  await audit.flush();
  expect(unsealed(late)).toEqual(unsealed(arranged.lines()[1]));
});

test.each(["", "{}", "no JSON", '{"v":1,"phase":"end","id":"d-1"}', '{"v":2,"phase":"begin"}'])(
  "%j is no announcement, and nothing is recorded of it",
  async (text) => {
    await using arranged = ledgerIn("best-effort");
    arranged.audit.endLate(text, RAN);
    await arranged.audit.flush();
    expect(existsSync(arranged.folder)).toBe(false);
  },
);

test("an audit that is off takes no late end either", async () => {
  await using arranged = ledgerIn("off");
  arranged.audit.endLate(arranged.audit.announcement(command()), RAN);
  await arranged.audit.flush();
  expect(existsSync(arranged.folder)).toBe(false);
});
