// Audit records of what the file tools change on a node.
import { randomUUID } from "node:crypto";
import type { LedgerResult } from "../ledger/ledgerResult.ts";
import type { LedgerSubject } from "../ledger/ledgerSubject.ts";
import type { FileBridgeOptions, FileChange, PlannedChange } from "./files/fileBridge.ts";
import type { WorkspaceParts } from "./registrations.ts";

export interface FileAuditInput {
  readonly agent: string;
  readonly sessionKey: string;
  /** Node, transport and rule of the run; asked at each change. */
  readonly where: () => Pick<LedgerSubject, "node" | "transport" | "rule">;
  readonly audit: () => WorkspaceParts["audit"];
  /** Told of each change that was made; left out: no call of a tool is behind it. */
  readonly changed?: () => void;
}

/** The bridge's two callbacks. Calls of one run overlap, so a change is known by what it is, not by its order. */
export function fileAudit(
  input: FileAuditInput,
): Required<Pick<FileBridgeOptions, "beforeChange" | "onChange">> {
  const begun = new Map<
    string,
    { readonly subject: LedgerSubject; readonly audit: WorkspaceParts["audit"] }[]
  >();
  return {
    async beforeChange(change) {
      const { agent, sessionKey } = input;
      const subject: LedgerSubject = {
        kind: "file",
        id: randomUUID(),
        startMs: change.startedAtMs,
        operation: change.operation,
        path: change.to === undefined ? change.path : `${change.path} -> ${change.to}`,
        ...input.where(),
        agent,
        sessionKey,
        // The host does not tell a file bridge which call it works for.
        runId: null,
        toolCallId: null,
      };
      const audit = input.audit();
      await audit.begin(subject);
      const key = keyOf(change);
      begun.set(key, [...(begun.get(key) ?? []), { subject, audit }]);
    },
    onChange(change) {
      const key = keyOf(change);
      const [first, ...rest] = begun.get(key) ?? [];
      if (rest.length > 0) begun.set(key, rest);
      else begun.delete(key);
      first?.audit.end(first.subject, resultOf(change));
      if (change.outcome === "done") input.changed?.();
    },
  };
}

function keyOf({ operation, path, to, startedAtMs }: PlannedChange): string {
  return JSON.stringify([operation, path, to, startedAtMs]);
}

function resultOf({ outcome, bytes }: FileChange): LedgerResult {
  return {
    outcome,
    exitCode: null,
    signal: null,
    processGroup: null,
    bytesIn: bytes,
    bytesOut: null,
    error: outcome === "done" ? null : outcome === "unknown" ? "OUTCOME_UNKNOWN" : "FILE_FAILED",
  };
}
