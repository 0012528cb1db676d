// Puts a peer's task into the ledger: announced before it is accepted, and told once when it has ended.
import { NodeRouterError } from "../../../shared/errors.ts";
import type { Refusal } from "../../../shared/refusal.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type LedgerResult, UNCOUNTED } from "../../ledger/ledgerResult.ts";
import type { DelegationSubject } from "../../ledger/ledgerSubject.ts";
import { type InboundTask, mayHaveRun } from "../model/incoming.ts";
import type { InboundLedger } from "./inbox.ts";

/** @param ledger asked at every record; null: there is none yet */
export function inboxLedger(ledger: () => Ledger | null): InboundLedger {
  /** Of this registration; one of an earlier one is announced in the file all the same. */
  const open = new Map<string, DelegationSubject>();
  return {
    async accepted(task): Promise<Refusal | null> {
      const to = ledger();
      const subject = subjectOf(task);
      if (to?.isStrict() === true) {
        try {
          await to.begin(subject);
        } catch (error) {
          if (error instanceof NodeRouterError) return error.refusal;
          throw error;
        }
      } else to?.open(subject);
      open.set(task.id, subject);
      return null;
    },
    ended(accepted, task) {
      const to = ledger();
      const subject = open.get(accepted.id);
      open.delete(accepted.id);
      const result = task === null ? { ...NOTHING, outcome: "not-started" as const } : resultOf(task);
      if (subject !== undefined) to?.end(subject, result);
      else to?.endLate(to.announcement(subjectOf(accepted)), result);
    },
  };
}

function subjectOf(task: InboundTask): DelegationSubject {
  return {
    kind: "delegation",
    direction: "in",
    id: task.messageId,
    startMs: task.acceptedAtMs,
    operation: "delegate",
    node: null,
    transport: null,
    rule: null,
    agent: task.agent,
    sessionKey: task.session,
    runId: task.id,
    toolCallId: null,
    peer: task.peer,
    peerAgent: task.requester,
    chain: task.chain,
    task: task.text,
  };
}

const NOTHING = { ...UNCOUNTED, exitCode: null, signal: null, error: null } as const;

function resultOf(task: InboundTask): LedgerResult {
  const { phase, reason, result, textBytes } = task;
  const outcome = phase === "completed" ? "done" : mayHaveRun(task) ? OUTCOMES[phase] : "not-started";
  return {
    ...NOTHING,
    outcome: outcome ?? "unknown",
    bytesIn: textBytes,
    bytesOut: result === null ? null : Buffer.byteLength(result),
    error: phase === "interrupted" ? "OUTCOME_UNKNOWN" : null,
    ...(result === null ? {} : { answer: result }),
    ...(reason === null ? {} : { reason }),
  };
}

const OUTCOMES: Readonly<Record<string, LedgerResult["outcome"]>> = { failed: "failed", canceled: "failed" };
