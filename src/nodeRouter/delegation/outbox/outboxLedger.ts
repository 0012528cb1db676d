// Puts a task that was given away into the ledger: announced before it is sent, and told once when it has ended.
import { refusalWords } from "../../../shared/refusal.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type LedgerResult, UNCOUNTED } from "../../ledger/ledgerResult.ts";
import type { DelegationSubject } from "../../ledger/ledgerSubject.ts";
import type { Delegation, DelegationState } from "../model/delegation.ts";
import type { OutboxOptions } from "./createOutbox.ts";

/** @param ledger asked at every record; null: there is none yet */
export function outboxLedger(ledger: () => Ledger | null): OutboxOptions["ledger"] {
  /** Of this life; what an earlier one announced is in the file. */
  const open = new Map<string, DelegationSubject>();
  return {
    async begin(delegation) {
      const to = ledger();
      const subject = subjectOf(delegation);
      if (to?.isStrict() === true) await to.begin(subject);
      else to?.open(subject);
      open.set(delegation.id, subject);
    },
    end(delegation) {
      const to = ledger();
      const begun = open.get(delegation.id);
      open.delete(delegation.id);
      const result = resultOf(delegation);
      // The record says where it went in the end, which was not known when it was announced.
      if (begun === undefined) to?.endLate(to.announcement(subjectOf(delegation)), result);
      else {
        const { peer, peerAgent, rule } = subjectOf(delegation);
        to?.end(Object.assign(begun, { peer, peerAgent, rule }), result);
      }
    },
  };
}

function subjectOf(delegation: Delegation): DelegationSubject {
  const { id, createdAtMs, rule, requester, peer, agent, chain, task } = delegation;
  return {
    kind: "delegation",
    direction: "out",
    id,
    startMs: createdAtMs,
    operation: "delegate",
    node: null,
    transport: null,
    rule: rule === "" ? null : rule,
    agent: requester.agent,
    sessionKey: requester.session,
    runId: requester.run,
    toolCallId: requester.call,
    peer,
    peerAgent: agent === "" ? null : agent,
    chain: chain.slice(0, -1),
    task,
  };
}

function resultOf({ state, mayHaveRun, reason, task, result }: Delegation): LedgerResult {
  const outcome = mayHaveRun ? (OUTCOMES[state] ?? "unknown") : "not-started";
  return {
    ...UNCOUNTED,
    exitCode: null,
    signal: null,
    outcome,
    bytesIn: Buffer.byteLength(task),
    bytesOut: result === null ? null : Buffer.byteLength(result),
    error: reason?.code ?? null,
    ...(result === null ? {} : { answer: result }),
    ...(reason === null ? {} : { reason: refusalWords(reason) }),
  };
}

const OUTCOMES: Partial<Record<DelegationState, LedgerResult["outcome"]>> = {
  completed: "done",
  failed: "failed",
  canceled: "failed",
  rejected: "failed",
};
