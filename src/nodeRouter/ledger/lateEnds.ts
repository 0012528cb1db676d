// Closes the records of commands whose gateway ended before them, with what their node says of them.
import type { Memory } from "../../shared/processMemory.ts";
import type { Outcome } from "../transports/transport.ts";
import { LEDGER } from "./ledger.ts";
import { commandResult, UNCOUNTED } from "./ledgerResult.ts";

/** @returns what tells the audit of one: what it once announced of the command, and how that ended. */
export function ledgerLateEnds(
  memory: Memory,
): (command: { readonly auditRecord: string }, outcome: Outcome) => void {
  return ({ auditRecord }, outcome) =>
    memory.part(LEDGER).current?.endLate(auditRecord, commandResult(outcome, UNCOUNTED));
}
