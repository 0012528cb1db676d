// Doctor: an audit that cannot be written.
import { quote, safe } from "../../safeText.ts";
import { type Check, finding } from "./finding.ts";

export const checkAudit: Check = ({ audit }) => {
  if (audit === null || audit.mode === "off" || audit.lastError === null) return [];
  const strict = audit.mode === "strict";
  const lost = `${audit.failed} ${audit.failed === 1 ? "record is" : "records are"} lost`;
  const refused = strict
    ? `, ${audit.refused} ${audit.refused === 1 ? "call was" : "calls were"} refused`
    : "";
  return [
    finding(
      "audit-failing",
      strict ? "error" : "warning",
      `the audit cannot be written to ${quote(audit.file)}: ${safe(audit.lastError)}; ${lost}${refused}`,
      strict
        ? 'make the file writable; with audit: "best-effort" calls run without a record'
        : "make the file writable",
      "plugins.entries.node-router.config.audit",
    ),
  ];
};
