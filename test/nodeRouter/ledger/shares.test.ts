// Whoever is audited cannot push out what was recorded before, of itself or of others.
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLedger } from "../../../src/nodeRouter/ledger/createLedger.ts";
import { nodeLedgerFs } from "../../../src/nodeRouter/ledger/ledgerFs.ts";
import { announcementLine, recordLine } from "../../../src/nodeRouter/ledger/ledgerRecord.ts";
import { scanLedger } from "../../../src/nodeRouter/ledger/scan.ts";
import { agentOfLine } from "../../../src/nodeRouter/ledger/usage.ts";
import { clockedFs, command, fileChange, type Json, ledgerIn, linesOfAll, RAN, START_MS } from "./arrange.ts";

const DAY_MS = 86_400_000;
const LIMITS = { agentBytes: 20_000, keepMs: 30 * DAY_MS, maxBytes: 30_000 };
const SMALL = { maxFileBytes: 4_000, limits: () => LIMITS };

const idsOf = (folder: string) => linesOfAll(folder).map(({ id }) => id);
const notesIn = (folder: string): Json[] => linesOfAll(folder).filter(({ phase }) => phase === "note");

test("strict refuses an agent whose share is used up, says so, and goes on with the others", async () => {
  await using arranged = ledgerIn("strict", SMALL);
  const { audit, folder } = arranged;
  const first = command({ id: "first", command: "curl evil" });
  await audit.begin(first);
  audit.end(first, RAN);
  const other = command({ id: "other", agent: "worker-cn" });
  await audit.begin(other);
  audit.end(other, RAN);
  let refusal: unknown = null;
  for (let index = 0; refusal === null && index < 1_000; index++) {
    const subject = command({ id: `${index}`, command: "x".repeat(10_000) });
    await audit.begin(subject).then(
      () => audit.end(subject, RAN),
      (error: unknown) => {
        refusal = error;
      },
    );
  }
  expect(refusal).toMatchObject({
    code: "AUDIT_UNAVAILABLE",
    message: expect.stringMatching(
      /^AUDIT_UNAVAILABLE: the command was not recorded in ".*": agent "worker-sg" has used up its share of the audit, 0\.02 MiB in 30 days; nothing ran\. .*config\.auditAgentMiB/,
    ),
  });
  const next = command({ id: "next", agent: "worker-cn" });
  await audit.begin(next);
  audit.end(next, RAN);
  await audit.flush();
  expect(idsOf(folder)).toEqual(expect.arrayContaining(["first", "other", "next"]));
  expect(audit.state()).toMatchObject({ refused: 1, full: [{ agent: "worker-sg", refused: 1, dropped: 0 }] });
  expect(arranged.log.filter(({ level }) => level === "warn")).toHaveLength(1);
});

test("what was announced has its record, also when the share is used up meanwhile", async () => {
  await using arranged = ledgerIn("strict", SMALL);
  const running: ReturnType<typeof command>[] = [];
  const refused: unknown[] = [];
  for (let index = 0; index < 100; index++) {
    const subject = command({ id: `${index}` });
    await arranged.audit.begin(subject).then(
      () => running.push(subject),
      (error: unknown) => refused.push(error),
    );
  }
  expect(refused.length).toBeGreaterThan(10);
  for (const subject of running) arranged.audit.end(subject, RAN);
  await arranged.audit.flush();
  const ends = linesOfAll(arranged.folder).filter(({ phase }) => phase === "end");
  expect(ends.map(({ id }) => id)).toEqual(running.map(({ id }) => id));
});

test("best-effort leaves out what is beyond the share, counts it, and notes the count in the audit", async () => {
  await using arranged = ledgerIn("best-effort", SMALL);
  const { audit, folder } = arranged;
  audit.end(command({ id: "first" }), RAN);
  audit.end(command({ id: "other", agent: "worker-cn" }), RAN);
  for (let index = 0; index < 500; index++) audit.end(command({ id: `${index}` }), RAN);
  audit.end(command({ id: "next", agent: "worker-cn" }), RAN);
  await audit.close();
  const ids = idsOf(folder);
  expect(ids).toEqual(expect.arrayContaining(["first", "other", "next"]));
  const [full] = audit.state().full;
  expect(full).toMatchObject({ agent: "worker-sg", refused: 0 });
  const kept = ids.filter((id) => /^\d+$/.test(String(id))).length;
  expect(full?.dropped).toBe(500 - kept);
  const notes = notesIn(folder);
  expect(notes.at(-1)).toMatchObject({
    agent: "worker-sg",
    kind: "share-used",
    dropped: full?.dropped,
    shareBytes: 20_000,
    shareDays: 30,
  });
  // As few as there are doublings: a note is no flood either.
  expect(notes.length).toBeLessThanOrEqual(11);
  expect(ids.filter((id) => id === "share-used")).toHaveLength(notes.length);
});

test("a restart begins no share anew, and finds who wrote what in every file", async () => {
  await using arranged = ledgerIn("best-effort", SMALL);
  for (let index = 0; index < 500; index++) arranged.audit.end(command({ id: `${index}` }), RAN);
  await arranged.audit.close();
  const before = idsOf(arranged.folder);
  const next = createLedger({
    mode: () => "strict",
    keepText: () => false,
    folder: arranged.folder,
    now: () => START_MS + 2_000,
    log: { warn() {}, info() {} },
    ...SMALL,
  });
  await expect(next.begin(command({ id: "again" }))).rejects.toThrow("has used up its share");
  const other = command({ id: "other", agent: "worker-cn" });
  await next.begin(other);
  next.end(other, RAN);
  await next.close();
  expect(idsOf(arranged.folder)).toEqual(expect.arrayContaining([...before, "other"]));
});

describe("time", () => {
  const fill = async (arranged: ReturnType<typeof ledgerIn>, prefix: string): Promise<void> => {
    for (let index = 0; index < 100; index++) {
      arranged.audit.end(command({ id: `${prefix}${index}` }), RAN);
      await arranged.audit.flush();
    }
  };

  test("records that are old enough count no more, and go only when all together are too large", async () => {
    let nowMs = START_MS;
    const now = () => nowMs;
    await using arranged = ledgerIn("best-effort", { ...SMALL, now, fs: clockedFs(now) });
    await fill(arranged, "old-");
    expect(arranged.audit.state().full).toHaveLength(1);
    nowMs += 29 * DAY_MS;
    await fill(arranged, "later-");
    expect(idsOf(arranged.folder).filter((id) => String(id).startsWith("later-"))).toEqual([]);
    nowMs += 2 * DAY_MS;
    await fill(arranged, "new-");
    const ids = idsOf(arranged.folder);
    expect(ids.filter((id) => String(id).startsWith("new-")).length).toBeGreaterThan(20);
    // 20 kB of each time are more than 30 kB: the oldest went, and nothing else did.
    expect(ids).not.toContain("old-0");
    expect(ids).toContain("old-25");
    expect(ids).toContain("new-0");
  });

  test("a clock that is set back makes nothing old, and one that was ahead blocks nobody for ever", async () => {
    let nowMs = START_MS + 3_650 * DAY_MS;
    const now = () => nowMs;
    await using arranged = ledgerIn("best-effort", { ...SMALL, now, fs: clockedFs(now) });
    await fill(arranged, "ahead-");
    nowMs = START_MS;
    await fill(arranged, "back-");
    expect(idsOf(arranged.folder)).toContain("ahead-0");
    const other = (id: string) => command({ id, agent: "worker-cn", cwd: "/".padEnd(400, "x") });
    for (let index = 0; index < 10; index++) {
      arranged.audit.end(other(`${index}`), RAN);
      await arranged.audit.flush();
    }
    nowMs += 31 * DAY_MS;
    await fill(arranged, "month-");
    expect(idsOf(arranged.folder)).toContain("month-0");
  });

  test("a jump ahead gives one agent no more than another share: what was there stays", async () => {
    let nowMs = START_MS;
    const now = () => nowMs;
    const limits = { ...LIMITS, maxBytes: 60_000 };
    await using arranged = ledgerIn("best-effort", {
      ...SMALL,
      limits: () => limits,
      now,
      fs: clockedFs(now),
    });
    await fill(arranged, "before-");
    nowMs += 3_650 * DAY_MS;
    await fill(arranged, "after-");
    expect(idsOf(arranged.folder)).toContain("before-0");
  });
});

test("many agents on many nodes take their own shares, and none of another's", async () => {
  await using arranged = ledgerIn("best-effort", SMALL);
  const agents = Array.from({ length: 12 }, (_, index) => `worker-${index}`);
  for (const agent of agents) arranged.audit.end(command({ id: `${agent} first`, agent }), RAN);
  for (let round = 0; round < 60; round++) {
    for (const agent of agents) {
      const node = `node-${round % 7}`;
      arranged.audit.end(command({ id: `${agent} ${round}`, agent, node }), RAN);
      arranged.audit.end(fileChange({ id: `${agent} ${round} file`, agent, node }), RAN);
    }
    await arranged.audit.flush();
  }
  const ids = new Set(idsOf(arranged.folder));
  for (const agent of agents) expect(ids.has(`${agent} first`)).toBe(true);
  expect(arranged.audit.state().full.map(({ agent }) => agent)).toEqual(agents);
  const bytes = new Map<string, number>();
  for (const name of readdirSync(arranged.folder)) {
    for (const line of readFileSync(join(arranged.folder, name), "utf8").split("\n")) {
      const agent = agentOfLine(line);
      if (!line.includes('"phase":"note"')) bytes.set(agent, (bytes.get(agent) ?? 0) + line.length);
    }
  }
  for (const agent of agents) expect(bytes.get(agent)).toBeLessThanOrEqual(LIMITS.agentBytes);
});

test("what is nobody's has a share of its own", async () => {
  await using arranged = ledgerIn("best-effort", SMALL);
  for (let index = 0; index < 200; index++) arranged.audit.end(command({ agent: null }), RAN);
  arranged.audit.end(command({ id: "somebody's" }), RAN);
  await arranged.audit.flush();
  expect(arranged.audit.state().full).toMatchObject([{ agent: "" }]);
  expect(idsOf(arranged.folder)).toContain("somebody's");
});

test("a raised share holds from the next call on", async () => {
  let agentBytes = 1_900;
  await using arranged = ledgerIn("strict", { limits: () => ({ ...LIMITS, agentBytes }) });
  await arranged.audit.begin(command({ id: "a" }));
  await expect(arranged.audit.begin(command({ id: "b" }))).rejects.toThrow("has used up its share");
  agentBytes = 50_000;
  await arranged.audit.begin(command({ id: "c" }));
  expect(arranged.audit.state().full).toEqual([]);
});

test("no file is ever put over another one, and what is not ours is neither counted nor removed", async () => {
  await using arranged = ledgerIn("best-effort", {
    maxFileBytes: 1_500,
    limits: () => ({ ...LIMITS, agentBytes: 1e9, keepMs: 0, maxBytes: 4_000 }),
  });
  arranged.audit.end(command({ id: "0" }), RAN);
  await arranged.audit.flush();
  for (const name of ["audit.jsonl.bak", "audit.jsonl.01", "notes"]) {
    writeFileSync(join(arranged.folder, name), `{"kept":true}\n`);
  }
  const future = new Date(Date.now() + 10 * DAY_MS);
  utimesSync(join(arranged.folder, "notes"), future, future);
  for (let index = 1; index < 40; index++) {
    arranged.audit.end(command({ id: `${index}` }), RAN);
    await arranged.audit.flush();
  }
  expect(readdirSync(arranged.folder)).toEqual(
    expect.arrayContaining(["audit.jsonl", "audit.jsonl.01", "audit.jsonl.1", "audit.jsonl.bak", "notes"]),
  );
});

test("the agent of a line is who wrote it, whatever the texts of the record say", () => {
  const text = fc.oneof(
    fc.constantFrom('{"v":1,"phase":"end","agent":"other"}', '","agent":"other"', "\\", '"', "\n", "\u202e"),
    fc.string(),
  );
  fc.assert(
    fc.property(text, text, fc.boolean(), (agent, other, isEnd) => {
      const subject = command({
        id: "d-1",
        agent,
        command: other,
        cwd: other,
        sessionKey: other,
        rule: other,
      });
      const line = isEnd ? recordLine(subject, RAN, START_MS, true) : announcementLine(subject, true);
      expect(agentOfLine(line.slice(0, 6_000))).toBe(agent);
    }),
  );
  expect(agentOfLine("torn")).toBe("");
});

test("files that were put aside are read once: later starts know them, and a note that is wrong in form or file is none", async () => {
  await using arranged = ledgerIn("best-effort", {
    ...SMALL,
    limits: () => ({ ...LIMITS, agentBytes: 1e9 }),
  });
  for (let index = 0; index < 30; index++) {
    arranged.audit.end(command({ id: `${index}` }), RAN);
    await arranged.audit.flush();
  }
  await arranged.audit.close();
  const stored: { text: string | null } = { text: null };
  const notes = {
    read: async () => stored.text,
    write: async (text: string) => {
      stored.text = text;
    },
  };
  const read: string[] = [];
  const fs = {
    ...nodeLedgerFs,
    read: (file: string) => {
      read.push(file.slice(arranged.file.length));
      return nodeLedgerFs.read(file);
    },
  };
  const first = await scanLedger(fs, arranged.file, notes);
  expect(read.length).toBeGreaterThan(3);
  read.length = 0;
  expect(await scanLedger(fs, arranged.file, notes)).toEqual(first);
  expect(read).toEqual([""]);
  writeFileSync(`${arranged.file}.2`, `${readFileSync(`${arranged.file}.2`, "utf8")}{"more":1}\n`);
  read.length = 0;
  await scanLedger(fs, arranged.file, notes);
  expect(read).toEqual(["", ".2"]);
  for (const text of ["", "no JSON", "[[1,2]]", '[["k",[["a","many"]]]]']) {
    stored.text = text;
    read.length = 0;
    await scanLedger(fs, arranged.file, notes);
    expect(read.length).toBeGreaterThan(3);
  }
});
