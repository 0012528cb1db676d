// What the audit does when the disk does not: full, read-only, gone, slow, cut off in the middle of a line.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { COMMIT_TIMEOUT_MS, MAX_QUEUE_BYTES, RETRY_MS } from "../../../src/nodeRouter/ledger/journal.ts";
import { MAX_COMMAND_BYTES } from "../../../src/nodeRouter/ledger/ledgerRecord.ts";
import { SLOW } from "../../support/wait.ts";
import { command, failingFs, ledgerIn, linesOfAll, parsed, RAN, systemError } from "./arrange.ts";

afterEach(() => {
  vi.useRealTimers();
});

const FAULTS = [
  ["append", "ENOSPC", "no space left on device, write"],
  ["append", "EIO", "i/o error, write"],
  ["sync", "EIO", "i/o error, fdatasync"],
  ["open", "EROFS", "read-only file system, open"],
  ["open", "EACCES", "permission denied, open"],
  ["open", "EMFILE", "too many open files, open"],
  ["prepareFolder", "EACCES", "permission denied, mkdir"],
] as const;

describe.each(FAULTS)("%s fails with %s", (failing, code, text) => {
  const fault = (operation: string) => (operation === failing ? systemError(code, text) : null);

  test("strict refuses the call with the fact, and goes on when the disk does", async () => {
    const disk = failingFs();
    await using arranged = ledgerIn("strict", { fs: disk.fs });
    disk.state.fault = fault;
    await expect(arranged.audit.begin(command({ id: "refused" }))).rejects.toMatchObject({
      code: "AUDIT_UNAVAILABLE",
      message: `AUDIT_UNAVAILABLE: the command was not recorded in "${arranged.file}": ${code}: ${text}; nothing ran. Mend that, or set plugins.entries.node-router.config.audit to "best-effort"`,
    });
    expect(arranged.audit.state()).toMatchObject({ refused: 1, failed: 0 });
    disk.state.fault = null;
    await arranged.audit.begin(command({ id: "next" }));
    await arranged.audit.flush();
    const records = arranged.lines().filter(({ phase }) => phase === "end");
    expect(records.map(({ id, outcome, error }) => [id, outcome, error])).toEqual([
      ["refused", "not-started", "AUDIT_UNAVAILABLE"],
    ]);
    expect(arranged.audit.state().lastError).toBeNull();
  });
});

describe.each(FAULTS.filter(([operation]) => operation !== "sync"))(
  "%s fails with %s",
  (failing, code, text) => {
    const fault = (operation: string) => (operation === failing ? systemError(code, text) : null);

    test("best-effort fails no call, tells once, and writes the records when it can", async () => {
      const disk = failingFs();
      await using arranged = ledgerIn("best-effort", { fs: disk.fs });
      disk.state.fault = fault;
      for (const id of ["a", "b", "c"]) {
        await arranged.audit.begin(command({ id }));
        arranged.audit.end(command({ id }), RAN);
        await arranged.audit.flush();
      }
      expect(arranged.audit.state()).toMatchObject({
        written: 0,
        failed: 0,
        waiting: 3,
        lastError: `${code}: ${text}`,
      });
      expect(arranged.log).toEqual([
        {
          level: "warn",
          facts: { file: arranged.file, reason: `${code}: ${text}` },
          message: "AUDIT_UNAVAILABLE: audit records cannot be written",
        },
      ]);
      disk.state.fault = null;
      arranged.audit.end(command({ id: "d" }), RAN);
      await arranged.audit.flush();
      expect(arranged.lines().map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
      expect(arranged.audit.state()).toMatchObject({ written: 4, waiting: 0, lastError: null });
      expect(arranged.log.slice(1)).toEqual([
        {
          level: "info",
          facts: { file: arranged.file, lost: 0 },
          message: "audit records are written again",
        },
      ]);
    });
  },
);

test("records that wait are tried again without a call", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("best-effort", { fs: disk.fs });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  disk.state.fault = () => systemError("ENOSPC", "full");
  arranged.audit.end(command(), RAN);
  await arranged.audit.flush();
  disk.state.fault = null;
  vi.advanceTimersByTime(RETRY_MS);
  vi.useRealTimers();
  await vi.waitFor(() => expect(arranged.lines()).toHaveLength(1), SLOW);
});

test("a disk that stays full costs the newest records and no more memory than the queue's limit", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("best-effort", { fs: disk.fs });
  arranged.settings.keepText = true;
  disk.state.fault = () => systemError("ENOSPC", "full");
  const text = "x".repeat(MAX_COMMAND_BYTES);
  for (let index = 0; index < 1_500; index++) {
    arranged.audit.end(command({ id: `${index}`, command: text }), RAN);
  }
  await arranged.audit.flush();
  const { waiting, failed } = arranged.audit.state();
  expect(waiting + failed).toBe(1_500);
  expect(failed).toBeGreaterThan(50);
  expect(waiting * MAX_COMMAND_BYTES).toBeLessThanOrEqual(MAX_QUEUE_BYTES);
  disk.state.fault = null;
  await arranged.audit.flush();
  expect(arranged.lines().map(({ id }) => id)).toEqual(
    Array.from({ length: waiting }, (_, index) => `${index}`),
  );
});

test("a full queue refuses a strict call at once", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("best-effort", { fs: disk.fs });
  arranged.settings.keepText = true;
  arranged.audit.end(command(), RAN);
  await arranged.audit.flush();
  disk.state.fault = () => systemError("ENOSPC", "full");
  const text = "x".repeat(MAX_COMMAND_BYTES);
  for (let index = 0; index < 1_500; index++) arranged.audit.end(command({ command: text }), RAN);
  arranged.settings.mode = "strict";
  await expect(arranged.audit.begin(command({ command: text }))).rejects.toThrow(
    `${MAX_QUEUE_BYTES} bytes of records wait for the disk already`,
  );
});

test("a disk that fills up in the middle of a line leaves a torn one, and the record comes once, whole", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("best-effort", { fs: disk.fs });
  arranged.audit.end(command({ id: "a" }), RAN);
  await arranged.audit.flush();
  const lineLength = arranged.text().length;
  disk.state.room = lineLength + 40;
  for (const id of ["b", "c", "d"]) arranged.audit.end(command({ id }), RAN);
  await arranged.audit.flush();
  expect(arranged.text()).toHaveLength(2 * lineLength + 40);
  expect(arranged.audit.state()).toMatchObject({ written: 2, waiting: 2 });
  disk.state.room = null;
  await arranged.audit.flush();
  const lines = arranged.text().trimEnd().split("\n");
  expect(lines).toHaveLength(5);
  const [torn] = lines.splice(2, 1);
  expect(torn).toHaveLength(40);
  expect(parsed(lines.join("\n")).map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
});

test("a strict call whose disk hangs is refused after a while, and the writer recovers when the disk does", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("strict", { fs: disk.fs });
  await arranged.audit.begin(command({ id: "before" }));
  const gate = Promise.withResolvers<void>();
  disk.state.gate = gate.promise;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const flying = arranged.audit.begin(command({ id: "flying" }));
  await new Promise((resolve) => setImmediate(resolve));
  const waiting = arranged.audit.begin(command({ id: "waiting" }));
  const refusals = Promise.allSettled([flying, waiting]);
  vi.advanceTimersByTime(COMMIT_TIMEOUT_MS);
  vi.useRealTimers();
  const late = `it was not on the disk after ${COMMIT_TIMEOUT_MS} ms`;
  for (const refusal of await refusals) {
    expect(refusal).toMatchObject({ status: "rejected", reason: { code: "AUDIT_UNAVAILABLE" } });
    expect(String(refusal.status === "rejected" && refusal.reason)).toContain(late);
  }
  expect(arranged.audit.state().lastError).toBe(late);
  gate.resolve();
  await arranged.audit.flush();
  // What could not be taken back is in the file, and its record says that nothing ran.
  expect(arranged.lines().map(({ phase, id, outcome }) => [phase, id, outcome])).toEqual([
    ["begin", "before", undefined],
    ["begin", "flying", undefined],
    ["end", "flying", "not-started"],
    ["end", "waiting", "not-started"],
  ]);
  expect(arranged.audit.state().lastError).toBeNull();
});

test("a rotation that fails costs no record, and is told once", async () => {
  const disk = failingFs();
  await using arranged = ledgerIn("strict", { fs: disk.fs, maxFileBytes: 1_000 });
  disk.state.fault = (operation) => (operation === "rename" ? systemError("EACCES", "no") : null);
  for (let index = 0; index < 10; index++) await arranged.audit.begin(command({ id: `${index}` }));
  expect(arranged.lines()).toHaveLength(10);
  expect(arranged.log.map(({ message }) => message)).toEqual([
    "the audit file cannot be put aside; it grows on",
  ]);
  disk.state.fault = null;
  await arranged.audit.begin(command({ id: "10" }));
  expect(arranged.lines()).toHaveLength(1);
  expect(linesOfAll(arranged.folder)).toHaveLength(11);
});

test("a logger that throws does not stop the writer", async () => {
  const disk = failingFs();
  const log = {
    warn() {
      throw new Error("no log");
    },
    info() {
      throw new Error("no log");
    },
  };
  await using arranged = ledgerIn("best-effort", { fs: disk.fs, log });
  disk.state.fault = () => systemError("ENOSPC", "full");
  arranged.audit.end(command({ id: "a" }), RAN);
  await arranged.audit.flush();
  disk.state.fault = null;
  arranged.audit.end(command({ id: "b" }), RAN);
  await arranged.audit.flush();
  expect(arranged.lines().map(({ id }) => id)).toEqual(["a", "b"]);
});

describe("on a real disk", () => {
  test("a symbolic link in place of the file is refused, and its target is not touched", async () => {
    await using arranged = ledgerIn("strict");
    mkdirSync(arranged.folder, { recursive: true });
    const target = join(arranged.root, "target");
    writeFileSync(target, "");
    symlinkSync(target, arranged.file);
    await expect(arranged.audit.begin(command())).rejects.toThrow(`${arranged.file} is a symbolic link`);
    expect(readFileSync(target, "utf8")).toBe("");
  });

  test("a link to nowhere is refused too, and what it names is not made", async () => {
    await using arranged = ledgerIn("strict");
    mkdirSync(arranged.folder, { recursive: true });
    symlinkSync(join(arranged.root, "nowhere"), arranged.file);
    await expect(arranged.audit.begin(command())).rejects.toThrow("is a symbolic link");
    expect(existsSync(join(arranged.root, "nowhere"))).toBe(false);
  });

  test("a symbolic link in place of the folder is refused", async () => {
    await using arranged = ledgerIn("strict");
    mkdirSync(dirname(arranged.folder), { recursive: true });
    mkdirSync(join(arranged.root, "elsewhere"));
    symlinkSync(join(arranged.root, "elsewhere"), arranged.folder);
    await expect(arranged.audit.begin(command())).rejects.toThrow("is not a folder but a link or a file");
    expect(existsSync(join(arranged.root, "elsewhere", "audit.jsonl"))).toBe(false);
  });

  test("a folder in place of the file, or a file in place of a folder above it, refuses a strict call", async () => {
    await using blocked = ledgerIn("strict");
    mkdirSync(blocked.file, { recursive: true });
    await expect(blocked.audit.begin(command())).rejects.toThrow("EISDIR");
    await using below = ledgerIn("strict");
    writeFileSync(join(below.root, "state"), "");
    await expect(below.audit.begin(command())).rejects.toThrow(/ENOTDIR|EEXIST/);
  });

  test.skipIf(process.getuid?.() === 0)(
    "a read-only folder refuses a strict call (root may write anyway: skipped there)",
    async () => {
      await using arranged = ledgerIn("strict");
      mkdirSync(arranged.folder, { recursive: true });
      chmodSync(arranged.folder, 0o500);
      await expect(arranged.audit.begin(command())).rejects.toThrow("EACCES");
      chmodSync(arranged.folder, 0o700);
    },
  );

  test("a folder and a file that others could read are closed to them", async () => {
    await using arranged = ledgerIn("strict");
    mkdirSync(arranged.folder, { recursive: true });
    chmodSync(arranged.folder, 0o755);
    writeFileSync(arranged.file, "", { mode: 0o644 });
    await arranged.audit.begin(command());
    expect(statSync(arranged.folder).mode & 0o777).toBe(0o700);
    expect(statSync(arranged.file).mode & 0o777).toBe(0o600);
  });

  test("a file that was moved away, removed or emptied is begun anew, and no record goes into the old one", async () => {
    await using arranged = ledgerIn("strict");
    await arranged.audit.begin(command({ id: "a" }));
    renameSync(arranged.file, `${arranged.file}.moved`);
    await arranged.audit.begin(command({ id: "b" }));
    expect(arranged.lines().map(({ id }) => id)).toEqual(["b"]);
    expect(parsed(readFileSync(`${arranged.file}.moved`, "utf8")).map(({ id }) => id)).toEqual(["a"]);
    rmSync(arranged.folder, { recursive: true });
    await arranged.audit.begin(command({ id: "c" }));
    expect(arranged.lines().map(({ id }) => id)).toEqual(["c"]);
    truncateSync(arranged.file);
    await arranged.audit.begin(command({ id: "d" }));
    expect(arranged.lines().map(({ id }) => id)).toEqual(["d"]);
  });

  test("a backup that links the file does not stop it", async () => {
    await using arranged = ledgerIn("strict");
    await arranged.audit.begin(command({ id: "a" }));
    linkSync(arranged.file, join(arranged.root, "backup"));
    await arranged.audit.begin(command({ id: "b" }));
    expect(arranged.lines()).toHaveLength(2);
  });

  test("a last line that a crash cut off is left as it is, and the next record has a line of its own", async () => {
    await using before = ledgerIn("strict");
    await before.audit.begin(command({ id: "a" }));
    await before.audit.close();
    appendFileSync(before.file, '{"v":1,"phase":"beg');
    await using after = ledgerIn("strict", { folder: before.folder });
    await after.audit.begin(command({ id: "b" }));
    await after.audit.begin(command({ id: "c" }));
    const [first = "", torn, second = "", third = "", ...rest] = before.text().split("\n");
    expect(torn).toBe('{"v":1,"phase":"beg');
    expect(parsed([first, second, third].join("\n")).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(rest).toEqual([""]);
  });

  test("kill -9 in the middle of writing loses nothing that strict had promised", async () => {
    await using arranged = ledgerIn("strict");
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "writeUntilKilled.ts"), arranged.folder],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let promised = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      promised += text;
      if (promised.split("\n").length > 300) child.kill("SIGKILL");
    });
    await once(child, "close");
    expect(child.signalCode).toBe("SIGKILL");
    await arranged.audit.begin(command({ id: "after" }));
    const lines = arranged.text().trimEnd().split("\n");
    const ids = lines.flatMap((line) => {
      try {
        return parsed(line).flatMap(({ phase, id }) => (phase === "begin" ? [id] : []));
      } catch {
        // Only the line that was being written may be torn: the last but ours.
        expect(line).toBe(lines.at(-2));
        return [];
      }
    });
    const kept = promised.split("\n").slice(0, -1);
    expect(kept.length).toBeGreaterThan(290);
    expect(kept.filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids.at(-1)).toBe("after");
  });
});
