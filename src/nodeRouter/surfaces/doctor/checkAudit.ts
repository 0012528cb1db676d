// Doctor: an audit that cannot be written, and agents that have used up their share of it.
import { quote, safe } from "../../../shared/safeText.ts";
import type { LedgerState } from "../../ledger/ledger.ts";
import { type DoctorCheck, type Finding, finding, found } from "./finding.ts";

const KEY = "plugins.entries.node-router.config.audit";

export const checkAudit: DoctorCheck = ({ audit }) =>
  audit === null || audit.mode === "off" ? [] : found(failing(audit), ...shares(audit));

function failing(audit: LedgerState): Finding | null {
  if (audit.lastError === null) return null;
  const strict = audit.mode === "strict";
  const lost = `${audit.failed} ${audit.failed === 1 ? "record is" : "records are"} lost`;
  const refused = strict
    ? `, ${audit.refused} ${audit.refused === 1 ? "call was" : "calls were"} refused`
    : "";
  return finding(
    "audit-failing",
    strict ? "error" : "warning",
    `the audit cannot be written to ${quote(audit.file)}: ${safe(audit.lastError)}; ${lost}${refused}`,
    strict
      ? 'make the file writable; with audit: "best-effort" calls run without a record'
      : "make the file writable",
    KEY,
  );
}

function shares({ full, mode }: LedgerState): readonly Finding[] {
  return full.map(({ agent, refused, dropped }) => {
    const who = agent === "" ? "what belongs to no agent" : `agent ${quote(agent)}`;
    return finding(
      "audit-share-used",
      mode === "strict" ? "error" : "warning",
      `${who} has used up its share of the audit; since then ${refused} of its calls were refused and ${dropped} ran without a record`,
      "look what it does in the audit's file; raise auditAgentMiB, or lower auditKeepDays, if that is what it is for",
      `${KEY}AgentMiB`,
    );
  });
}
