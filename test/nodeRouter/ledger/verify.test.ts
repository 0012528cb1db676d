// What the check of the chain finds, and what it must leave in peace.
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastLink, NO_LINK, sealed, sealOf } from "../../../src/nodeRouter/ledger/chain.ts";
import { createLedger } from "../../../src/nodeRouter/ledger/createLedger.ts";
import { nodeLedgerFs } from "../../../src/nodeRouter/ledger/ledgerFs.ts";
import { verifyLedger } from "../../../src/nodeRouter/ledger/verify.ts";
import { command, failingFs, ledgerIn, RAN, START_MS } from "./arrange.ts";

type Arranged = ReturnType<typeof ledgerIn>;

const check = (file: string, anchors: Parameters<typeof verifyLedger>[2] = []) =>
  verifyLedger(nodeLedgerFs, file, anchors);

async function written(count: number, change: Parameters<typeof ledgerIn>[1] = {}): Promise<Arranged> {
  const arranged = ledgerIn("best-effort", change);
  for (let index = 1; index <= count; index++) {
    arranged.audit.end(command({ id: `d-${index}` }), RAN);
    await arranged.audit.flush();
  }
  return arranged;
}

function rewrite(file: string, change: (lines: string[]) => readonly string[]): void {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  writeFileSync(file, `${change(lines).join("\n")}\n`);
}

/** Another gateway, or the next life of this one. */
function another(arranged: Arranged) {
  return createLedger({
    mode: () => "best-effort",
    keepText: () => false,
    folder: arranged.folder,
    now: () => START_MS + 2_000,
    log: { warn() {}, info() {} },
  });
}

test("records that nobody has touched hold, with their number and the newest one's hash", async () => {
  await using arranged = await written(5);
  const report = await check(arranged.file);
  expect(report).toMatchObject({ ok: true, files: 1, records: 5, unsealed: 0, torn: 0, found: 0 });
  expect(report.head).toEqual(arranged.audit.state().head);
  expect(report.head?.n).toBe(5);
});

test("a ledger that nobody has written to yet holds, and has no head", async () => {
  await using arranged = ledgerIn("best-effort");
  expect(await check(arranged.file)).toMatchObject({ ok: true, files: 0, records: 0, head: null });
});

test("whichever byte of whichever record is changed, the check says which record it is about", async () => {
  await using arranged = await written(6);
  const original = readFileSync(arranged.file);
  const starts = [0, ...[...original.keys()].filter((at) => original[at] === 10).map((at) => at + 1)];
  await fc.assert(
    fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(original);
      changed[at] = (original[at] ?? 0) ^ by;
      // A line feed more or less makes other lines of it: tested below.
      fc.pre(original[at] !== 10 && changed[at] !== 10);
      writeFileSync(arranged.file, changed);
      const { ok, findings } = await check(arranged.file);
      const line = starts.findLastIndex((start) => start <= at) + 1;
      const isLast = line === 6;
      // What is no record any more is a torn line, and it is the next one that misses it; of the last one its count tells.
      if (ok && isLast) expect((await check(arranged.file)).torn).toBe(1);
      else expect(findings.some((found) => found.line === line || found.line === line + 1)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

describe("a hand that knows the format", () => {
  const kinds = async (arranged: Arranged) => {
    const { ok, findings } = await check(arranged.file);
    expect(ok).toBe(findings.length === 0);
    return findings.map(({ kind, line, record, text }) => [kind, line, record, text]);
  };

  test("that removes records is found at the one behind them, with their numbers", async () => {
    await using arranged = await written(6);
    rewrite(arranged.file, (lines) => lines.toSpliced(2, 2));
    expect(await kinds(arranged)).toEqual([["missing", 3, 5, "records 3 to 4 are missing"]]);
  });

  test("that swaps two records is found", async () => {
    await using arranged = await written(5);
    rewrite(arranged.file, ([a = "", b = "", c = "", ...rest]) => [a, c, b, ...rest]);
    expect((await kinds(arranged)).map(([kind, line]) => [kind, line])).toEqual([
      ["missing", 2],
      ["order", 3],
      ["missing", 4],
    ]);
  });

  test("that writes a record anew, with a hash that is right, is found at the next one", async () => {
    await using arranged = await written(4);
    rewrite(arranged.file, (lines) => {
      const seal = sealOf(lines[1] ?? "");
      const record = (lines[1] ?? "").replace(/,"n":2.*$/, "}\n").replace('"ran"', '"not-started"');
      const forged = sealed(record, { n: 1, hash: seal?.before ?? "" }, seal?.writer ?? "");
      return lines.with(1, forged.line.trimEnd());
    });
    expect(await kinds(arranged)).toEqual([
      ["changed", 3, 3, "record 2 is another one than record 3 was written after"],
    ]);
  });

  test("that copies a record, or puts in a line of its own, is found", async () => {
    await using arranged = await written(4);
    rewrite(arranged.file, ([a = "", ...rest]) => [a, a, '{"v":1,"phase":"end","id":"x"}', ...rest]);
    expect((await kinds(arranged)).map(([kind, line]) => [kind, line])).toEqual([
      ["order", 2],
      ["foreign", 3],
    ]);
  });

  test("that removes the oldest records is found, and a removal that the ledger made itself is not", async () => {
    await using arranged = await written(4);
    rewrite(arranged.file, (lines) => lines.slice(1));
    expect(await kinds(arranged)).toEqual([
      ["start", 1, 2, "the ledger begins with record 2, and no note says that older files were removed"],
    ]);
    const limits = { agentBytes: 1e9, keepMs: 0, maxBytes: 6_000 };
    await using rotated = await written(60, { maxFileBytes: 2_000, limits: () => limits });
    expect(existsSync(`${rotated.file}.1`)).toBe(true);
    const report = await check(rotated.file);
    expect(report.findings).toEqual([]);
    expect(report.head).toEqual(rotated.audit.state().head);
    expect(report.head?.n).toBeGreaterThan(60);
  });

  test("that removes a file in the middle, or makes a link of one, is found", async () => {
    await using arranged = await written(20, { maxFileBytes: 3_000 });
    expect(readdirSync(arranged.folder).length).toBeGreaterThan(3);
    renameSync(`${arranged.file}.2`, join(arranged.root, "elsewhere"));
    expect((await check(arranged.file)).findings.map(({ kind }) => kind)).toEqual(["missing"]);
    symlinkSync(join(arranged.root, "elsewhere"), `${arranged.file}.2`);
    expect((await check(arranged.file)).findings.map(({ kind }) => kind)).toEqual(["unreadable", "missing"]);
  });

  test("that cuts the end off is found by whoever kept a later head, and by nobody else", async () => {
    await using arranged = await written(5);
    const { head } = await check(arranged.file);
    rewrite(arranged.file, (lines) => lines.slice(0, 3));
    expect((await check(arranged.file)).ok).toBe(true);
    const anchor = { hash: head?.hash ?? "", text: "the noted record" };
    expect((await check(arranged.file, [anchor])).findings).toMatchObject([
      { kind: "end", text: "the noted record is not in the ledger" },
    ]);
  });

  test("that cuts the end off under a running gateway is found, for its next record names what is gone", async () => {
    await using arranged = await written(5);
    rewrite(arranged.file, (lines) => lines.slice(0, 3));
    arranged.audit.end(command({ id: "next" }), RAN);
    await arranged.audit.flush();
    expect(await kinds(arranged)).toEqual([["missing", 4, 6, "records 4 to 5 are missing"]]);
    truncateSync(arranged.file);
    arranged.audit.end(command({ id: "again" }), RAN);
    await arranged.audit.flush();
    expect((await kinds(arranged)).map(([kind]) => kind)).toEqual(["start"]);
  });
});

describe("what is no hand", () => {
  test("a crash in the middle of a line is a torn line, and the chain goes on behind it", async () => {
    await using arranged = await written(3);
    await arranged.audit.close();
    appendFileSync(arranged.file, '{"v":1,"phase":"end","id":"d-4","sta');
    expect(await check(arranged.file)).toMatchObject({ ok: true, records: 3, torn: 1 });
    const next = another(arranged);
    next.end(command({ id: "after" }), RAN);
    await next.close();
    expect(await check(arranged.file)).toMatchObject({ ok: true, records: 4, torn: 1, found: 0 });
  });

  test("a disk that fills up in the middle of a line loses nothing of the chain", async () => {
    const disk = failingFs();
    await using arranged = await written(2, { fs: disk.fs });
    disk.state.room = 1_000;
    for (const id of ["a", "b", "c"]) arranged.audit.end(command({ id }), RAN);
    await arranged.audit.flush();
    disk.state.room = null;
    await arranged.audit.flush();
    expect(await check(arranged.file)).toMatchObject({ ok: true, records: 5, torn: 1, found: 0 });
  });

  test("a crash between putting a file aside and the next line leaves one chain", async () => {
    await using arranged = await written(3);
    await arranged.audit.close();
    renameSync(arranged.file, `${arranged.file}.1`);
    const next = another(arranged);
    next.end(command({ id: "after" }), RAN);
    await next.close();
    expect(await check(arranged.file)).toMatchObject({ ok: true, files: 2, records: 4, found: 0 });
  });

  test("records of the time before there was a chain are counted, and prove nothing", async () => {
    await using arranged = ledgerIn("best-effort");
    arranged.audit.end(command({ id: "a" }), RAN);
    await arranged.audit.flush();
    const old = '{"v":1,"phase":"end","id":"old","start":null,"agent":null}';
    rmSync(arranged.file);
    writeFileSync(arranged.file, `${old}\n${old}\n`);
    const next = another(arranged);
    next.end(command({ id: "b" }), RAN);
    await next.close();
    expect(await check(arranged.file)).toMatchObject({ ok: true, unsealed: 2, records: 1 });
  });

  test("two gateways on one state folder write one chain, also at one moment", async () => {
    await using arranged = ledgerIn("best-effort");
    const other = another(arranged);
    for (let round = 0; round < 30; round++) {
      arranged.audit.end(command({ id: `a-${round}` }), RAN);
      other.end(command({ id: `b-${round}` }), RAN);
      if (round % 3 === 0) await Promise.all([arranged.audit.flush(), other.flush()]);
      if (round % 3 === 1) await arranged.audit.flush();
    }
    await Promise.all([arranged.audit.flush(), other.close()]);
    expect(await check(arranged.file)).toMatchObject({ ok: true, records: 60, found: 0 });
    const lines = readFileSync(arranged.file, "utf8").trimEnd().split("\n");
    // Whichever is removed: only the last one of each can be, as ever.
    for (let index = 0; index < 50; index++) {
      writeFileSync(arranged.file, `${lines.toSpliced(index, 1).join("\n")}\n`);
      expect((await check(arranged.file)).ok, `without line ${index + 1}`).toBe(false);
    }
  });
});

test("the end of a file is the newest whole record, whatever stands behind it", () => {
  const one = sealed('{"a":1}\n', NO_LINK, "w");
  const two = sealed('{"a":2}\n', one, "w");
  expect(lastLink(one.line + two.line)).toEqual({ n: 2, hash: two.hash });
  expect(lastLink(`${one.line}${two.line.slice(0, -9)}\n`)).toEqual({ n: 1, hash: one.hash });
  expect(lastLink(`${one.line}{"torn`)).toEqual({ n: 1, hash: one.hash });
  expect(lastLink("")).toBeNull();
  expect(lastLink("no record\n")).toBeNull();
});
