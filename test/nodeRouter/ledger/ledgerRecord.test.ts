import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  announcementLine,
  MAX_COMMAND_BYTES,
  recordLine,
} from "../../../src/nodeRouter/ledger/ledgerRecord.ts";
import { inputResult } from "../../../src/nodeRouter/ledger/ledgerResult.ts";
import { safe } from "../../../src/shared/safeText.ts";
import { command, fileChange, input, type Json, RAN, START_MS } from "./arrange.ts";

const read = (line: string): Json => JSON.parse(line);
const record = (change: Parameters<typeof command>[0], keepText: boolean) =>
  read(recordLine(command(change), RAN, START_MS, keepText));

test("a command's record says who, where, what and how it ended, in this order", () => {
  expect(recordLine(command(), RAN, START_MS + 1_500, false)).toBe(
    `${JSON.stringify({
      v: 1,
      phase: "end",
      id: "d-1",
      start: "2026-01-02T03:04:05.000Z",
      end: "2026-01-02T03:04:06.500Z",
      agent: "worker-sg",
      sessionKey: "agent:worker-sg:main",
      runId: "run-1",
      toolCallId: "call-1",
      kind: "command",
      operation: "exec",
      node: "mac-sg",
      transport: "ssh",
      rule: "singapore",
      commandSha256: "584a331fd6b02dcb1ecbe2eba731f609a2e1e3dac0bb73ae998dfad14c309a77",
      cwd: "/home/claw/work",
      processGroup: 4711,
      outcome: "ran",
      exitCode: 0,
      signal: null,
      bytesIn: 0,
      bytesOut: 6,
      error: null,
    })}\n`,
  );
});

test("a file change has a path, and neither a hash nor a directory", () => {
  const found = read(recordLine(fileChange(), { ...RAN, outcome: "done" }, START_MS, true));
  expect(found).toMatchObject({ kind: "file", operation: "write", path: "/home/claw/work/a.txt" });
  for (const key of ["commandSha256", "command", "cwd"]) expect(found).not.toHaveProperty(key);
});

test("a record of input has the command's id, bytes and their hash; the text only when asked for", () => {
  const bytes = Buffer.from("id\n\u0000é");
  const line = (keepText: boolean) =>
    read(recordLine(input({ bytes }), inputResult(input({ bytes }), true), START_MS, keepText));
  expect(line(false)).toMatchObject({
    kind: "input",
    operation: "input",
    commandId: "d-1",
    inputSha256: createHash("sha256").update(bytes).digest("hex"),
    inputBytes: bytes.length,
    outcome: "done",
    bytesIn: bytes.length,
  });
  for (const key of ["input", "command", "path"]) expect(line(false)).not.toHaveProperty(key);
  expect(line(true)).toMatchObject({ input: "id\n\u0000é", inputCut: false });
});

test("input that is no text, or more than a record holds, is cut to what fits and hashed whole", () => {
  const bytes = Buffer.alloc(MAX_COMMAND_BYTES + 1, 0x80);
  const found = read(recordLine(input({ bytes }), inputResult(input({ bytes }), false), START_MS, true));
  expect(found).toMatchObject({ inputBytes: bytes.length, inputCut: true, outcome: "failed", bytesIn: 0 });
  expect(found.inputSha256).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("an announcement says what is about to run, and nothing of how it ended", () => {
  const found = read(announcementLine(command(), false));
  expect(found).toMatchObject({ v: 1, phase: "begin", id: "d-1", agent: "worker-sg" });
  for (const key of ["end", "outcome", "exitCode"]) expect(found).not.toHaveProperty(key);
});

test("the text is kept only when asked for, and the hash is that of its exact bytes either way", () => {
  const text = "printf 'é\\n' > \"ü\"\n# 新加坡";
  const hash = createHash("sha256").update(Buffer.from(text)).digest("hex");
  expect(record({ command: text }, true)).toMatchObject({
    command: text,
    commandCut: false,
    commandSha256: hash,
  });
  const without = record({ command: text }, false);
  expect(without).toMatchObject({ commandSha256: hash });
  expect(JSON.stringify(without)).not.toContain("printf");
});

test.each([
  ["a", 1],
  ["é", 1],
  ["新", 1],
  ["😀", 3],
])("a long text of %s is cut between characters, and the hash stays that of the whole", (character, head) => {
  const text = `${"x".repeat(head)}${character.repeat(MAX_COMMAND_BYTES)}`;
  const found = record({ command: text }, true);
  const kept = String(found.command);
  expect(found.commandCut).toBe(true);
  expect(text.startsWith(kept)).toBe(true);
  expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(MAX_COMMAND_BYTES);
  expect(Buffer.byteLength(kept)).toBeGreaterThan(MAX_COMMAND_BYTES - 4);
  expect(found.commandSha256).toBe(createHash("sha256").update(text).digest("hex"));
});

test("a text of exactly the limit is not cut", () => {
  expect(record({ command: "x".repeat(MAX_COMMAND_BYTES) }, true).commandCut).toBe(false);
});

test("a clock that shows no time costs the time, not the record", () => {
  expect(read(recordLine(command({ startMs: Number.NaN }), RAN, 1e20, false))).toMatchObject({
    start: null,
    end: null,
    id: "d-1",
  });
});

test("whatever the values, a record is one line of JSON, safe on a terminal, and bounded", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom("\n", "\r", "\u2028", "\u001b", "\u0085", "\u202e", "\ud800", '"', "\\"),
    }),
    fc.nat(200_000).map((length) => "\u0000".repeat(length)),
  );
  fc.assert(
    fc.property(text, text, text, fc.boolean(), (id, script, cwd, keepText) => {
      const subject = command({ id, command: script, cwd, agent: cwd, rule: id });
      for (const line of [
        recordLine(subject, RAN, START_MS, keepText),
        announcementLine(subject, keepText),
      ]) {
        expect(line.endsWith("\n")).toBe(true);
        expect(line.slice(0, -1)).toBe(safe(line.slice(0, -1)));
        expect(line.slice(0, -1)).not.toContain("\n");
        expect(line.length).toBeLessThan(6 * MAX_COMMAND_BYTES + 100_000 + 1_000);
        expect(read(line).commandSha256).toBe(createHash("sha256").update(script).digest("hex"));
      }
    }),
    { numRuns: 200 },
  );
});
