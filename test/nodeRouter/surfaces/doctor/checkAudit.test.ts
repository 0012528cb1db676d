import { expect, test } from "vitest";
import type { LedgerState } from "../../../../src/nodeRouter/ledger/ledger.ts";
import { checkAudit } from "../../../../src/nodeRouter/surfaces/doctor/checkAudit.ts";
import { inputOf } from "./arrange.ts";

const STATE: LedgerState = {
  mode: "best-effort",
  file: "/state/node-router/audit/audit.jsonl",
  written: 4,
  failed: 2,
  waiting: 0,
  refused: 0,
  lastError: "ENOSPC: no space left on device",
  head: null,
  ends: {},
  full: [],
};
const found = (changes: Partial<LedgerState>) =>
  checkAudit(inputOf({ doctor: { audit: { ...STATE, ...changes } } }));

test("an audit that cannot be written is told with its file, its error and what is lost", () => {
  const [first, ...more] = found({});
  expect(more).toEqual([]);
  expect(first).toMatchObject({ id: "node-router/audit-failing", severity: "warning" });
  expect(first?.message).toBe(
    'the audit cannot be written to "/state/node-router/audit/audit.jsonl": ENOSPC: no space left on device; 2 records are lost',
  );
});

test("in strict mode it is an error, because calls are refused", () => {
  expect(found({ mode: "strict", failed: 1, refused: 1 })[0]).toMatchObject({
    severity: "error",
    message: expect.stringContaining("1 record is lost, 1 call was refused"),
  });
});

test("an agent that has used up its share is told, with what was not recorded of it", () => {
  const full = [{ agent: "worker-sg", refused: 3, dropped: 0 }];
  const [first, ...more] = found({ lastError: null, mode: "strict", full });
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    id: "node-router/audit-share-used",
    severity: "error",
    path: "plugins.entries.node-router.config.auditAgentMiB",
    message:
      'agent "worker-sg" has used up its share of the audit; since then 3 of its calls were refused and 0 ran without a record',
  });
  expect(found({ lastError: null, full })[0]?.severity).toBe("warning");
  expect(found({ lastError: null, mode: "off", full })).toEqual([]);
});

test("an audit that works, is off, or was never used is no finding", () => {
  expect(found({ lastError: null })).toEqual([]);
  expect(found({ mode: "off" })).toEqual([]);
  expect(checkAudit(inputOf())).toEqual([]);
});
