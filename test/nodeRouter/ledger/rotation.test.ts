// Files that are put aside and removed: whatever an operator or another gateway does with them at the same time.
import { execFile } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { nodeLedgerFs } from "../../../src/nodeRouter/ledger/ledgerFs.ts";
import { removable } from "../../../src/nodeRouter/ledger/usage.ts";
import { verifyLedger } from "../../../src/nodeRouter/ledger/verify.ts";
import {
  clockedFs,
  command,
  failingFs,
  fill,
  ledgerIn,
  linesOfAll,
  NEVER,
  putAsideByHand,
  SMALL,
} from "./arrange.ts";

const DAY_MS = 86_400_000;

const verified = (file: string) => verifyLedger(nodeLedgerFs, file, []);

const endsIn = (folder: string) =>
  linesOfAll(folder).flatMap(({ phase, id }) => (phase === "end" ? [String(id)] : []));

describe("retention", () => {
  /** The oldest file is 40 days old, the others 15; all together are too large. */
  async function aged(): Promise<ReturnType<typeof ledgerIn>> {
    const limits = () => ({ ...NEVER, keepMs: 30 * DAY_MS, maxBytes: 1 });
    const beforeMs = Date.now() - 40 * DAY_MS;
    let nowMs = beforeMs;
    const now = () => nowMs;
    const arranged = ledgerIn("best-effort", { ...SMALL, limits, now, fs: clockedFs(now) });
    await fill(arranged, "old-", 4);
    nowMs = beforeMs + 25 * DAY_MS;
    await fill(arranged, "young-", 6);
    nowMs = Date.now();
    return arranged;
  }

  test("removes what is older than the records are to be kept, and notes it in the chain", async () => {
    await using arranged = await aged();
    await fill(arranged, "new-", 8);
    const ids = endsIn(arranged.folder);
    expect(ids).not.toContain("old-0");
    expect(ids).toEqual(expect.arrayContaining(["young-0", "new-0"]));
    expect(linesOfAll(arranged.folder).filter(({ kind }) => kind === "removed")).toHaveLength(1);
    expect(await verified(arranged.file)).toMatchObject({ ok: true });
  });

  test("removes no younger file in place of one that the operator has archived meanwhile", async () => {
    await using arranged = await aged();
    const oldest = Math.max(
      ...readdirSync(arranged.folder).map((name) => Number(name.split(".").at(-1)) || 0),
    );
    expect(readFileSync(`${arranged.file}.${oldest}`, "utf8")).toContain("old-0");
    rmSync(`${arranged.file}.${oldest}`);
    await fill(arranged, "new-", 8);
    const ids = endsIn(arranged.folder);
    for (let index = 1; index < 6; index++) expect(ids).toContain(`young-${index}`);
    expect(linesOfAll(arranged.folder).filter(({ kind }) => kind === "removed")).toEqual([]);
    expect((await verified(arranged.file)).findings.map(({ kind }) => kind)).toEqual(["start"]);
  });

  test("stops at the first file that may not go, and at the size that is allowed", () => {
    const limits = { agentBytes: 0, keepMs: 100, maxBytes: 25 };
    const files = (...ages: number[]) => ages.map((age) => ({ size: 10, changedMs: 1_000 - age }));
    expect(removable(files(1, 50, 100, 200), limits, 1_000)).toBe(2);
    expect(removable(files(1, 50, 60, 70), limits, 1_000)).toBe(0);
    expect(removable(files(1, 200, 300, 400), limits, 1_000)).toBe(2);
    expect(removable(files(200, 300), limits, 1_000)).toBe(0);
    // A clock that was ahead: what stands behind a file is no younger than that file.
    expect(removable(files(1, 150, -5_000, -9_000), limits, 1_000)).toBe(2);
    expect(removable(files(1, 50, -5_000, -9_000), limits, 1_000)).toBe(0);
  });
});

describe("two gateways on one state folder", () => {
  test("that put files aside at one moment overwrite none of them, and write one chain", async () => {
    await using arranged = ledgerIn("best-effort");
    const child = join(import.meta.dirname, "writeBeside.ts");
    const CALLS = 1_000;
    const said = await Promise.all(
      ["a", "b"].map((name) =>
        promisify(execFile)(process.execPath, [child, arranged.folder, name, String(CALLS)]),
      ),
    );
    for (const { stdout } of said) {
      expect(JSON.parse(stdout)).toEqual({ written: CALLS, failed: 0, waiting: 0 });
    }
    const ids = linesOfAll(arranged.folder).map(({ id }) => id);
    expect(ids).toHaveLength(2 * CALLS);
    expect(new Set(ids).size).toBe(2 * CALLS);
    expect(readdirSync(arranged.folder).length).toBeGreaterThan(20);
    expect(await verified(arranged.file)).toMatchObject({ ok: true, records: 2 * CALLS, found: 0 });
  });

  test("of which the other puts the file aside: the next record stands in the new file, in one chain", async () => {
    await using arranged = ledgerIn("strict");
    await using other = ledgerIn("strict", { folder: arranged.folder });
    await arranged.audit.begin(command({ id: "a" }));
    putAsideByHand(arranged.file);
    await arranged.audit.begin(command({ id: "b" }));
    await other.audit.begin(command({ id: "c" }));
    putAsideByHand(arranged.file);
    // It has written the record before the newest: the chain goes on behind what the other one wrote.
    await arranged.audit.begin(command({ id: "d" }));
    expect(arranged.lines().map(({ id }) => id)).toEqual(["d"]);
    expect(await verified(arranged.file)).toMatchObject({ ok: true, files: 3, records: 4, forks: 0 });
  });

  test("of which the other puts the file aside where nobody can read it any more: no call is refused for that", async () => {
    await using arranged = ledgerIn("strict");
    await arranged.audit.begin(command({ id: "a" }));
    renameSync(arranged.file, join(arranged.root, "elsewhere"));
    symlinkSync(join(arranged.root, "elsewhere"), `${arranged.file}.1`);
    await arranged.audit.begin(command({ id: "b" }));
    expect(arranged.lines().map(({ id, n }) => [id, n])).toEqual([["b", 2]]);
  });

  test("of which only the other puts files aside: what an agent wrote in them counts no longer than it has to", async () => {
    let nowMs = Date.now();
    const limits = () => ({ agentBytes: 4_000, keepMs: DAY_MS, maxBytes: 1e9 });
    await using arranged = ledgerIn("strict", { now: () => nowMs, limits });
    await arranged.audit.begin(command({ id: "a" }));
    putAsideByHand(arranged.file);
    await arranged.audit.begin(command({ id: "b", agent: "worker-cn" }));
    await arranged.audit.begin(command({ id: "c" }));
    await expect(arranged.audit.begin(command({ id: "d" }))).rejects.toThrow("has used up its share");
    nowMs += 2 * DAY_MS;
    await arranged.audit.begin(command({ id: "e" }));
  });

  test("of which the other holds the lock: nothing waits, the file grows on, and is put aside afterwards", async () => {
    await using arranged = ledgerIn("strict", SMALL);
    await fill(arranged, "a-", 2);
    // Ours as if it were another's: it lives.
    writeFileSync(`${arranged.file}.lock`, String(process.pid));
    const beganMs = performance.now();
    for (let index = 0; index < 5; index++) await arranged.audit.begin(command({ id: `b-${index}` }));
    expect(performance.now() - beganMs).toBeLessThan(1_000);
    expect(existsSync(`${arranged.file}.1`)).toBe(false);
    expect(arranged.lines()).toHaveLength(7);
    expect(arranged.log).toEqual([]);
    rmSync(`${arranged.file}.lock`);
    await arranged.audit.begin(command({ id: "c" }));
    expect(arranged.lines()).toHaveLength(1);
    expect(await verified(arranged.file)).toMatchObject({ ok: true, files: 2, records: 8 });
  });

  test("of which the other died in the middle of it: its lock is taken over, and the gap that it left is filled", async () => {
    await using arranged = ledgerIn("strict", SMALL);
    await fill(arranged, "a-", 5);
    expect(existsSync(`${arranged.file}.1`)).toBe(true);
    renameSync(`${arranged.file}.1`, `${arranged.file}.2`);
    // No process has this id: it is above every limit of Linux and macOS.
    writeFileSync(`${arranged.file}.lock`, "99999999");
    await fill(arranged, "b-", 5);
    expect(readdirSync(arranged.folder).sort()).toEqual(
      expect.arrayContaining(["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]),
    );
    expect(await verified(arranged.file)).toMatchObject({ ok: true, records: 10 });
  });

  test("a lock that cannot be made costs no record, and is told once", async () => {
    const disk = failingFs();
    await using arranged = ledgerIn("strict", { ...SMALL, fs: disk.fs });
    disk.state.fault = (operation) => (operation === "alone" ? new Error("EROFS: read-only") : null);
    for (let index = 0; index < 9; index++) await arranged.audit.begin(command({ id: `${index}` }));
    expect(arranged.lines()).toHaveLength(9);
    expect(arranged.log.map(({ message }) => message)).toEqual([
      "the audit file cannot be put aside; it grows on",
    ]);
  });
});
