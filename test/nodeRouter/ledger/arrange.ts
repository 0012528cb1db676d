// An audit in a folder of its own, a disk that fails on demand, and what a reader finds.
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLedger, type LedgerOptions } from "../../../src/nodeRouter/ledger/createLedger.ts";
import { type LedgerFs, type LedgerHandle, nodeLedgerFs } from "../../../src/nodeRouter/ledger/ledgerFs.ts";
import type { LedgerResult } from "../../../src/nodeRouter/ledger/ledgerResult.ts";
import type {
  CommandSubject,
  FileSubject,
  InputSubject,
} from "../../../src/nodeRouter/ledger/ledgerSubject.ts";
import type { AuditMode } from "../../../src/shared/types.ts";

export const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

export function command(change: Partial<CommandSubject> = {}): CommandSubject {
  return {
    id: "d-1",
    startMs: START_MS,
    kind: "command",
    operation: "exec",
    node: "mac-sg",
    transport: "ssh",
    rule: "singapore",
    agent: "worker-sg",
    sessionKey: "agent:worker-sg:main",
    runId: "run-1",
    toolCallId: "call-1",
    command: "echo hello",
    cwd: "/home/claw/work",
    ...change,
  };
}

export function fileChange(change: Partial<FileSubject> = {}): FileSubject {
  const { command: _command, cwd: _cwd, ...common } = command();
  return { ...common, kind: "file", operation: "write", path: "/home/claw/work/a.txt", ...change };
}

export function input(change: Partial<InputSubject> = {}): InputSubject {
  const { command: _command, cwd: _cwd, ...common } = command();
  const bytes = Buffer.from("ls\n");
  return { ...common, id: "i-1", kind: "input", operation: "input", commandId: "d-1", bytes, ...change };
}

export const RAN: LedgerResult = {
  outcome: "ran",
  exitCode: 0,
  signal: null,
  processGroup: 4711,
  bytesIn: 0,
  bytesOut: 6,
  error: null,
};

export type Json = Readonly<Record<string, unknown>>;

/** An audit whose mode can be changed and whose folder is removed at the end. */
export function ledgerIn(mode: AuditMode, change: Partial<LedgerOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), "node-router-audit-"));
  const settings = { mode, keepText: false };
  const log: { level: string; facts: object; message: string }[] = [];
  const note = (level: string) => (facts: object, message: string) => {
    log.push({ level, facts, message });
  };
  const folder = join(root, "state", "node-router", "audit");
  const audit = createLedger({
    mode: () => settings.mode,
    keepText: () => settings.keepText,
    folder,
    now: () => START_MS + 1_500,
    log: { warn: note("warn"), info: note("info") },
    ...change,
  });
  const file = audit.state().file;
  return {
    audit,
    root,
    folder,
    file,
    settings,
    log,
    text: () => (existsSync(file) ? readFileSync(file, "utf8") : ""),
    lines: () => parsed(existsSync(file) ? readFileSync(file, "utf8") : ""),
    async [Symbol.asyncDispose]() {
      await audit.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Every line as JSON; throws for one that is not. */
export function parsed(text: string): Json[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The record without its place in the chain. */
export function unsealed(line: Json | undefined): Json {
  const { n: _n, writer: _writer, before: _before, hash: _hash, ...record } = line ?? {};
  return record;
}

/** Lines of all files, the oldest first. */
export function linesOfAll(folder: string): Json[] {
  const age = (name: string) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
  return readdirSync(folder)
    .sort((left, right) => age(right) - age(left))
    .flatMap((name) => parsed(readFileSync(join(folder, name), "utf8")));
}

export function systemError(code: string, text: string): Error {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}

/** The real disk, whose files say that they were changed when our clock says. @param now epoch ms. */
export function clockedFs(now: () => number): LedgerFs {
  return {
    ...nodeLedgerFs,
    async open(file) {
      const handle = await nodeLedgerFs.open(file);
      return {
        ...handle,
        async append(bytes) {
          const written = await handle.append(bytes);
          utimesSync(file, now() / 1_000, now() / 1_000);
          return written;
        },
      };
    },
  };
}

/** Nobody's share is ever used up, and no file removed. */
export const NEVER = { agentBytes: 1e9, keepMs: 1e12, maxBytes: 1e12 };
/** Three records a file. */
export const SMALL = { maxFileBytes: 2_500, limits: () => NEVER };

/** So many records, one after the other. */
export async function fill(
  { audit }: Pick<ReturnType<typeof ledgerIn>, "audit">,
  prefix: string,
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    audit.end(command({ id: `${prefix}${index}` }), RAN);
    await audit.flush();
  }
}

/** As another gateway puts the file aside. */
export function putAsideByHand(file: string): void {
  let free = 1;
  while (existsSync(`${file}.${free}`)) free++;
  for (let number = free - 1; number >= 1; number--) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
  renameSync(file, `${file}.1`);
}

/** The real disk until `fault` is set; each operation asks it first. */
export function failingFs() {
  const state: {
    fault: ((operation: string) => Error | null) | null;
    /** Bytes that the disk still takes; null: any number. */
    room: number | null;
    operations: string[];
    /** Appends wait for it. */
    gate: Promise<void>;
  } = { fault: null, room: null, operations: [], gate: Promise.resolve() };
  const check = (operation: string) => {
    state.operations.push(operation);
    const error = state.fault?.(operation) ?? null;
    if (error !== null) throw error;
  };
  const wrapped = (handle: LedgerHandle): LedgerHandle => ({
    identity: handle.identity,
    tail: (max) => handle.tail(max),
    async append(bytes) {
      await state.gate;
      check("append");
      if (state.room === null) return handle.append(bytes);
      if (state.room === 0) throw systemError("ENOSPC", "no space left on device, write");
      const taken = Math.min(state.room, bytes.length);
      state.room -= taken;
      return handle.append(bytes.subarray(0, taken));
    },
    async sync() {
      check("sync");
      await handle.sync();
    },
    close: () => handle.close(),
  });
  const fs: LedgerFs = {
    async prepareFolder(folder) {
      check("prepareFolder");
      await nodeLedgerFs.prepareFolder(folder);
    },
    async open(file) {
      check("open");
      return wrapped(await nodeLedgerFs.open(file));
    },
    look: (file) => nodeLedgerFs.look(file),
    async rename(from, to) {
      check("rename");
      return nodeLedgerFs.rename(from, to);
    },
    async syncFolder(folder) {
      check("syncFolder");
      await nodeLedgerFs.syncFolder(folder);
    },
    numbered: (folder, file) => nodeLedgerFs.numbered(folder, file),
    read: (file, identity) => nodeLedgerFs.read(file, identity),
    async remove(file) {
      check("remove");
      return nodeLedgerFs.remove(file);
    },
    async alone(file, work) {
      check("alone");
      await nodeLedgerFs.alone(file, work);
    },
  };
  return { fs, state };
}
