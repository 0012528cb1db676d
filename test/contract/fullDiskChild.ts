// A process of its own on a disk that is full: tries to keep cordons, jobs and records there, and prints what it saw as JSON.
//
// Arguments: a folder; `size`: no file may grow past a few KiB (the process was started so), or `space`: the folder is a
// file system of its own, which is filled here and emptied again.
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { CordonRecord } from "../../src/nodeRouter/inventory/cordonRecord.ts";
import { createCordons } from "../../src/nodeRouter/inventory/cordons.ts";
import type { Job } from "../../src/nodeRouter/jobs/jobRecord.ts";
import { createJobRegistry } from "../../src/nodeRouter/jobs/jobs.ts";
import { createLedger } from "../../src/nodeRouter/ledger/createLedger.ts";
import { nodeLedgerFs } from "../../src/nodeRouter/ledger/ledgerFs.ts";
import { callResult } from "../../src/nodeRouter/ledger/ledgerResult.ts";
import type { CommandSubject } from "../../src/nodeRouter/ledger/ledgerSubject.ts";
import { verifyLedger } from "../../src/nodeRouter/ledger/verify.ts";
import { errorCode } from "../../src/shared/errorCode.ts";
import { messageOf } from "../../src/shared/errors.ts";
import { sharedFile } from "../../src/shared/stateFile.ts";
import type { AuditMode } from "../../src/shared/types.ts";

export interface FullDiskReport {
  readonly cordons: {
    /** What the second change was told. */
    readonly told: string;
    /** In force after that, and read anew from the file. */
    readonly inForce: readonly string[];
    readonly kept: readonly string[];
    readonly isFileAsItWas: boolean;
    /** When there is room again: what was told, and what is kept then. */
    readonly later: string;
    readonly keptLater: readonly string[];
  };
  readonly jobs: {
    readonly told: string;
    readonly warnings: readonly string[];
    /** Jobs that are known in the process, and that are kept. */
    readonly known: number;
    readonly kept: number;
    readonly isFileAsItWas: boolean;
    readonly keptLater: number;
  };
  readonly audit: {
    /** What a call was told in each mode. */
    readonly strict: string;
    readonly bestEffort: string;
    readonly lastError: string | null;
    /** Records that wait for room, and what a check of the chain found. */
    readonly waiting: number;
    readonly found: number;
    readonly waitingLater: number;
    readonly foundLater: number;
    /** Of the records that had to wait: how often each is in the file when there is room again. */
    readonly timesLater: readonly number[];
  };
  /** Everything in the folder while it was full, and at the end. */
  readonly files: readonly string[];
  readonly filesLater: readonly string[];
}

const [folder = "", how = ""] = process.argv.slice(2);
const BALLAST = join(folder, "ballast");
const MANY = 200;

function fill(): void {
  if (how !== "space") return;
  const file = openSync(BALLAST, "w");
  try {
    for (const block = Buffer.alloc(4_096); ; ) writeSync(file, block);
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  } finally {
    closeSync(file);
  }
}

const files = (): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name !== "ballast")
    .sort();
const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
const told = (work: Promise<unknown>): Promise<string> => work.then(() => "done", messageOf);

const record = (node: string): CordonRecord => ({
  node,
  by: "alice",
  reason: "disk",
  atMs: Date.now(),
  untilMs: null,
  drain: true,
  move: false,
});
const job = (number: number): Job => ({
  jobId: `nr-${String(number).padStart(12, "0")}`,
  agent: "worker-sg",
  sessionKey: "agent:worker-sg:main",
  nodeId: null,
  nodeName: "mac-sg",
  through: "ssh",
  startedAtMs: Date.now(),
  auditRecord: "",
  seen: true,
  offset: 0,
  end: null,
});
const command = (id: string): CommandSubject => ({
  id,
  startMs: Date.now(),
  kind: "command",
  operation: "exec",
  node: "mac-sg",
  transport: "ssh",
  rule: "singapore",
  agent: "worker-sg",
  sessionKey: "agent:worker-sg:main",
  runId: "run",
  toolCallId: id,
  command: `echo ${"x".repeat(7_000)}`,
  cwd: "/home",
});

const cordonsFile = join(folder, "cordons.json");
const jobsFile = join(folder, "jobs.json");
const cordons = createCordons(Date.now);
cordons.keepIn(sharedFile(cordonsFile));
const jobs = createJobRegistry();
const warnings: string[] = [];
jobs.keepIn(sharedFile(jobsFile), (error) => void warnings.push(messageOf(error)));
let mode: AuditMode = "strict";
const audit = createLedger({
  mode: () => mode,
  keepText: () => true,
  folder: join(folder, "audit"),
  now: Date.now,
  log: { warn() {}, info() {} },
});

const put = (nodes: readonly string[]) =>
  told(
    cordons.update((records) => new Map([...records, ...nodes.map((one) => [one, record(one)] as const)])),
  );
const keptCordons = async (): Promise<readonly string[]> => {
  const other = createCordons(Date.now);
  other.keepIn(sharedFile(cordonsFile));
  await other.ready();
  const { records, problem } = other.view();
  return problem === null ? [...records.keys()] : [problem];
};
const keptJobs = (): number => (JSON.parse(textOf(jobsFile)) as { jobs: unknown[] }).jobs.length;
const foundInChain = async (): Promise<number> => (await verifyLedger(nodeLedgerFs, audit.file, [])).found;
const nodes = Array.from({ length: MANY }, (_, at) => `node-${at}`);

// While there is room.
await put(["mac-sg"]);
await jobs.add(job(0));
await audit.begin(command("first"));
audit.end(command("first"), callResult("ran", null));
await audit.flush();
const before = [textOf(cordonsFile), textOf(jobsFile)];

fill();
const cordoned = await put(nodes);
const added = await told(Promise.all(nodes.map((_, at) => jobs.add(job(at + 1)))));
const strict = await told(audit.begin(command("second")));
mode = "best-effort";
const bestEffort = await told(audit.begin(command("third")));
const late = ["third", "fourth"];
for (const id of late) audit.end(command(id), callResult("ran", null));
await audit.flush();
const after = [textOf(cordonsFile), textOf(jobsFile)];
const whileFull = {
  inForce: [...cordons.view().records.keys()],
  kept: await keptCordons(),
  jobsKept: keptJobs(),
  known: jobs.of("worker-sg").length,
  state: audit.state(),
  found: await foundInChain(),
  files: files(),
};

rmSync(BALLAST, { force: true });
// No file may grow for a process that was started so: what is small has room there.
const later = await put(how === "space" ? nodes : ["mac-cn"]);
jobs.begun(job(0).jobId);
jobs.end(job(0).jobId, { outcome: "ran", exitCode: 0, signal: null });
await jobs.flush();
await audit.flush();
const inChain = textOf(audit.file);
const report: FullDiskReport = {
  cordons: {
    told: cordoned,
    inForce: whileFull.inForce,
    kept: whileFull.kept,
    isFileAsItWas: after[0] === before[0],
    later,
    keptLater: await keptCordons(),
  },
  jobs: {
    told: added,
    warnings: [...new Set(warnings)],
    known: whileFull.known,
    kept: whileFull.jobsKept,
    isFileAsItWas: after[1] === before[1],
    keptLater: keptJobs(),
  },
  audit: {
    strict,
    bestEffort,
    lastError: whileFull.state.lastError,
    waiting: whileFull.state.waiting,
    found: whileFull.found,
    waitingLater: audit.state().waiting,
    foundLater: await foundInChain(),
    timesLater: late.map((id) => inChain.split(`"phase":"end","id":"${id}"`).length - 1),
  },
  files: whileFull.files,
  filesLater: files(),
};
await audit.close();
writeFileSync(1, JSON.stringify(report));
