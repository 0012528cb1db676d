// The ledger: what a record costs its call, how fast the newest are found among very many, and the same with SQLite.
import { randomBytes } from "node:crypto";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { finished } from "node:stream/promises";
import { NO_LINK, sealed } from "../src/nodeRouter/ledger/chain.ts";
import { createLedger, MAX_LEDGER_FILE_BYTES } from "../src/nodeRouter/ledger/createLedger.ts";
import type { Ledger } from "../src/nodeRouter/ledger/ledger.ts";
import { nodeLedgerFs } from "../src/nodeRouter/ledger/ledgerFs.ts";
import { announcementLine, recordLine } from "../src/nodeRouter/ledger/ledgerRecord.ts";
import { callResult } from "../src/nodeRouter/ledger/ledgerResult.ts";
import type { CallSubject } from "../src/nodeRouter/ledger/ledgerSubject.ts";
import { readCalls } from "../src/nodeRouter/ledger/readCalls.ts";
import { verifyLedger } from "../src/nodeRouter/ledger/verify.ts";
import { summary } from "./summary.ts";

const START_MS = Date.UTC(2026, 10, 1);
const RAN = callResult("ran", null);

function subject(index: number): CallSubject {
  return {
    kind: "call",
    id: index.toString(16).padStart(16, "0"),
    startMs: START_MS + index * 10,
    operation: "exec",
    node: `node-${index % 20}`,
    transport: index % 2 === 0 ? "node" : "ssh",
    rule: "singapore",
    agent: `worker-${index % 8}`,
    sessionKey: `agent:worker-${index % 8}:main`,
    runId: "3e0a7c5e-6f0f-4c1c-9a3b-4f1b2a7d9c11",
    toolCallId: `call_${index}`,
    place: { country: "SG", source: "declared" },
    candidates: { total: 20, fitting: 3 },
    movedFrom: null,
    command: `make test TARGET=${index}`,
  };
}

/** `calls` calls, each with its announcement and its record, in files as the ledger leaves them. */
async function fill(folder: string, calls: number): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = Math.ceil((calls * 2 * 900) / MAX_LEDGER_FILE_BYTES);
  const each = Math.ceil(calls / files);
  let link = NO_LINK;
  for (let number = files - 1, index = 0; number >= 0; number--) {
    const out = createWriteStream(join(folder, number === 0 ? "audit.jsonl" : `audit.jsonl.${number}`));
    let text = "";
    for (const end = Math.min(calls, index + each); index < end; index++) {
      const one = subject(index);
      for (const line of [announcementLine(one, false), recordLine(one, RAN, one.startMs + 5, false)]) {
        const next = sealed(line, link, "bench");
        link = next;
        text += next.line;
      }
      if (index % 1_000 === 0) {
        if (!out.write(text)) await new Promise((resolve) => out.once("drain", () => resolve(undefined)));
        text = "";
      }
    }
    out.end(text);
    await finished(out);
  }
}

function open(folder: string, mode: "best-effort" | "strict"): Ledger {
  const limits = { agentBytes: 1e12, keepMs: 1e12, maxBytes: 1e12 };
  const log = { info() {}, warn() {} };
  return createLedger({
    mode: () => mode,
    keepText: () => false,
    folder,
    now: Date.now,
    log,
    limits: () => limits,
  });
}

const msOf = async (work: () => Promise<unknown>): Promise<number> => {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
};

function row(calls: number, what: string, samples: readonly number[], unit: string): object {
  const { runs, minMs: min, p50Ms: p50, p90Ms: p90 } = summary(samples);
  return { records: calls * 2, what, runs, min, p50, p90, unit };
}

/** On a machine that does other things too, time alone says little of work this long. */
const cpuMsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

/** @param calls in the ledger before. */
async function rowsOf(calls: number): Promise<readonly object[]> {
  const folder = join(mkdtempSync(join(tmpdir(), "node-router-bench-")), "audit");
  const file = join(folder, "audit.jsonl");
  const rows: object[] = [];
  const add = (what: string, samples: readonly number[], unit: string): void => {
    rows.push(row(calls, what, samples, unit));
  };
  try {
    await fill(folder, calls);
    const newest = await sampled(5, () => readCalls(nodeLedgerFs, file, "w", { limit: 50 }));
    add("the newest 50", newest, "ms");
    add(
      "the newest 50 of one agent",
      await sampled(5, () => readCalls(nodeLedgerFs, file, "w", { limit: 50, agent: "worker-3" })),
      "ms",
    );
    add(
      "none among all (refused)",
      await sampled(2, () => readCalls(nodeLedgerFs, file, "w", { limit: 50, outcome: "refused" })),
      "ms",
    );
    add(
      "the chain checked, processor time",
      [await cpuMsOf(() => verifyLedger(nodeLedgerFs, file, []))],
      "ms",
    );
    const ledger = open(folder, "best-effort");
    add(
      "first record after a start, in the file",
      [
        await msOf(async () => {
          ledger.end(subject(calls), RAN);
          await ledger.flush();
        }),
      ],
      "ms",
    );
    const costs: number[] = [];
    for (let index = 0; index < 5_000; index++) {
      const one = subject(calls + index);
      const beganMs = performance.now();
      ledger.open(one);
      ledger.end(one, RAN);
      costs.push((performance.now() - beganMs) * 1_000);
      if (index % 100 === 0) await ledger.flush();
    }
    add("best-effort: both records of a call", costs, "us");
    await ledger.close();
    const strict = open(folder, "strict");
    await strict.begin(subject(calls));
    const flushes: number[] = [];
    for (let index = 0; index < 200; index++)
      flushes.push(await msOf(() => strict.begin(subject(calls + index))));
    add("strict: a call until its record is on the disk", flushes, "ms");
    await strict.close();
  } finally {
    rmSync(join(folder, ".."), { recursive: true, force: true });
  }
  return rows;
}

async function sampled(count: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let index = 0; index < count; index++) samples.push(await msOf(work));
  return samples;
}

/** The other store that this Node has: what decision 17 compares. */
function sqliteRows(calls: number): readonly object[] {
  const folder = mkdtempSync(join(tmpdir(), "node-router-bench-"));
  const rows: object[] = [];
  const add = (what: string, samples: readonly number[], unit: string): void => {
    rows.push(row(calls, `sqlite: ${what}`, samples, unit));
  };
  try {
    const db = new DatabaseSync(join(folder, "ledger.sqlite"));
    db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
    db.exec(
      "CREATE TABLE r (n INTEGER PRIMARY KEY, id TEXT, at TEXT, agent TEXT, node TEXT, outcome TEXT, line TEXT)",
    );
    db.exec(
      "CREATE INDEX ra ON r (agent, n); CREATE INDEX rn ON r (node, n); CREATE INDEX ro ON r (outcome, n)",
    );
    const put = db.prepare("INSERT INTO r (id, at, agent, node, outcome, line) VALUES (?, ?, ?, ?, ?, ?)");
    const insert = (index: number): void => {
      const one = subject(index);
      for (const line of [announcementLine(one, false), recordLine(one, RAN, one.startMs + 5, false)]) {
        put.run(one.id, String(one.startMs), one.agent, one.node, "ran", sealed(line, NO_LINK, "bench").line);
      }
    };
    db.exec("BEGIN");
    for (let index = 0; index < calls; index++) insert(index);
    db.exec("COMMIT");
    const timed = (count: number, scale: number, work: (index: number) => void): readonly number[] =>
      Array.from({ length: count }, (_, index) => {
        const beganMs = performance.now();
        work(index);
        return (performance.now() - beganMs) * scale;
      });
    const newest = db.prepare("SELECT line FROM r ORDER BY n DESC LIMIT 100");
    add(
      "the newest 50",
      timed(5, 1, () => newest.all().map(({ line }) => JSON.parse(String(line)))),
      "ms",
    );
    add(
      "both records of a call, on the event loop",
      timed(2_000, 1_000, (index) => insert(calls + index)),
      "us",
    );
    db.exec("PRAGMA synchronous=FULL");
    add(
      "one record on the disk, on the event loop",
      timed(200, 1, (index) => {
        put.run(randomBytes(8).toString("hex"), "", "", "", "", recordLine(subject(index), RAN, 0, false));
      }),
      "ms",
    );
    db.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

/** Rows of one table. */
export async function benchLedger(): Promise<readonly object[]> {
  return [...(await rowsOf(50_000)), ...sqliteRows(50_000), ...(await rowsOf(500_000))];
}

if (import.meta.main) console.table(await benchLedger());
