// A reader meets every record once, also when files are put aside or removed while it reads.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type LedgerFs, nodeLedgerFs } from "../../../src/nodeRouter/ledger/ledgerFs.ts";
import { readCalls } from "../../../src/nodeRouter/ledger/readCalls.ts";
import { verifyLedger } from "../../../src/nodeRouter/ledger/verify.ts";
import { fill, ledgerIn, NEVER, putAsideByHand, SMALL } from "./arrange.ts";

const verified = (file: string, fs: LedgerFs) => verifyLedger(fs, file, []);

describe("a file that is put aside while the ledger is read", () => {
  /** Does something at the first read of the file that ends so. */
  function during(ending: string, act: () => unknown): LedgerFs {
    let done = false;
    return {
      ...nodeLedgerFs,
      async *read(file, identity) {
        if (!done && file.endsWith(ending)) {
          done = true;
          await act();
        }
        yield* nodeLedgerFs.read(file, identity);
      },
    };
  }

  test("is no finding: every record is checked once, whatever its file is called by then", async () => {
    await using arranged = ledgerIn("best-effort", SMALL);
    await fill(arranged, "a-", 20);
    const files = readdirSync(arranged.folder).length;
    for (const ending of [".4", ".2", "audit.jsonl"]) {
      const fs = during(ending, () => putAsideByHand(arranged.file));
      expect(await verified(arranged.file, fs), ending).toMatchObject({ ok: true, files, records: 20 });
      putBack(arranged.file);
    }
  });

  test("is no finding either where the ledger removed its oldest file then, and one that a hand took away is", async () => {
    await using arranged = ledgerIn("best-effort", SMALL);
    await fill(arranged, "a-", 20);
    const limits = () => ({ ...NEVER, keepMs: 0, maxBytes: 6_000 });
    await using next = ledgerIn("best-effort", { ...SMALL, folder: arranged.folder, limits });
    const before = readdirSync(arranged.folder).length;
    const removing = during("", () => fill(next, "b-", 4));
    expect(await verified(arranged.file, removing)).toMatchObject({ ok: true, found: 0 });
    expect(readdirSync(arranged.folder).length).toBeLessThan(before);
    const taken = during(".2", () => rmSync(`${arranged.file}.1`));
    expect((await verified(arranged.file, taken)).findings.map(({ kind }) => kind)).toEqual(["missing"]);
  });

  test("costs the list of calls no row, and gives none twice", async () => {
    await using arranged = ledgerIn("best-effort", SMALL);
    await fill(arranged, "a-", 20);
    let isAside = false;
    const fs = {
      async numbered(folder: string, name: string) {
        const numbers = await nodeLedgerFs.numbered(folder, name);
        if (!isAside) putAsideByHand(name);
        isAside = true;
        return numbers;
      },
    };
    const rows = await readCalls(fs, arranged.file, "w", { limit: 100 });
    expect(rows.map(({ id }) => id).sort()).toEqual(
      Array.from({ length: 20 }, (_, index) => `a-${index}`).sort(),
    );
  });

  function putBack(file: string): void {
    for (let number = 0; existsSync(`${file}.${number + 1}`); number++) {
      const to = number === 0 ? file : `${file}.${number}`;
      writeFileSync(to, readFileSync(`${file}.${number + 1}`));
      rmSync(`${file}.${number + 1}`);
    }
  }
});
