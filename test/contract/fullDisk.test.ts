// A disk that is really full: what the operator said, what runs detached and what was recorded stay whole, and nobody is told otherwise.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { FullDiskReport } from "./fullDiskChild.ts";

const CHILD = new URL("./fullDiskChild.ts", import.meta.url).pathname;

/** Runs the child in a folder of its own. @param before shell words that make its disk what it is; `$1` is the folder. */
function run(how: "size" | "space", before: string, through: readonly string[] = []): FullDiskReport {
  const folder = mkdtempSync(join(tmpdir(), "node-router-full-"));
  try {
    const words = [...through, "sh", "-c", `${before} && exec "$2" "$3" "$1" ${how}`, "sh"];
    const [command = "", ...args] = [...words, folder, process.execPath, CHILD];
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 60_000 });
    expect([status, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout) as FullDiskReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Users, and with them mounts, of its own: no root is needed, and nothing of it is left when it ends. */
const ALONE = ["unshare", "--map-root-user", "--mount"];
const MOUNT = 'mount -t tmpfs -o size=128k,mode=700 none "$1"';

/** Why there can be no small file system here; null: there can. */
function spaceUnavailable(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "node-router-full-"));
  const [command = "", ...args] = [...ALONE, "sh", "-c", MOUNT, "sh", folder];
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  rmSync(folder, { recursive: true, force: true });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

const noSpace = spaceUnavailable();
if (noSpace !== null) console.warn(`test/contract/fullDisk on a file system of its own: skipped: ${noSpace}`);

const DISKS = [
  { title: "that takes no large file", code: "EFBIG", isThere: true, of: () => run("size", "ulimit -f 16") },
  {
    title: "that is a full file system",
    code: "ENOSPC",
    isThere: noSpace === null,
    of: () => run("space", MOUNT, ALONE),
  },
] as const;

for (const { title, code, isThere, of } of DISKS) {
  describe.skipIf(!isThere)(`on a disk ${title},`, () => {
    let seen: FullDiskReport;

    beforeAll(() => {
      seen = of();
    });

    test("a cordon is refused with the disk's own word, and those from before hold and are kept", () => {
      expect(seen.cordons.told).toMatch(
        new RegExp(
          `^STATE_NOT_WRITTEN: cordons cannot be kept in .*cordons\\.json: ${code}: .*; nothing changed`,
        ),
      );
      expect(seen.cordons).toMatchObject({ inForce: ["mac-sg"], kept: ["mac-sg"], isFileAsItWas: true });
    });

    test("a job starts all the same, with a warning, and the file has those from before", () => {
      expect(seen.jobs).toMatchObject({ told: "done", known: 201, kept: 1, isFileAsItWas: true });
      expect(seen.jobs.warnings).toEqual([expect.stringContaining(`${code}: `)]);
    });

    test("a call is refused where the audit is strict, and runs where it is not, with its records kept back", () => {
      const { strict, bestEffort, lastError, waiting, found } = seen.audit;
      expect(strict).toMatch(new RegExp(`^AUDIT_UNAVAILABLE: .*${code}`));
      expect(bestEffort).toBe("done");
      expect(lastError).toContain(code);
      expect(waiting).toBeGreaterThanOrEqual(2);
      expect(found).toBe(0);
    });

    test("no half of a file and no lock is left", () => {
      expect(seen.files).toEqual(["audit", "audit/audit.jsonl", "cordons.json", "jobs.json"]);
      expect(seen.filesLater).toEqual(seen.files);
    });

    test("what has room is written again", () => {
      expect(seen.cordons.later).toBe("done");
      // A limit of size is never lifted: there it is a small change that has room.
      if (code === "EFBIG") return expect(seen.cordons.keptLater).toEqual(["mac-sg", "mac-cn"]);
      expect(seen.cordons.keptLater).toHaveLength(201);
      expect(seen.jobs.keptLater).toBe(201);
      expect(seen.audit).toMatchObject({ waitingLater: 0, foundLater: 0, timesLater: [1, 1] });
    });
  });
}
