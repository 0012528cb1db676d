// Doctor: SSH nodes that answer, and on which no command can run: their login's shell or what stands before it.
import { quote, safe } from "../../../shared/safeText.ts";
import { type DoctorCheck, finding } from "./finding.ts";

export const checkLogins: DoctorCheck = ({ sshFaults = new Map() }) =>
  [...sshFaults].map(([node, fault]) =>
    finding(
      "ssh-login",
      "error",
      `commands on node ${quote(node)} are refused: ${safe(fault)}`,
      `as the message says, then "openclaw node-router probe ${safe(node)}"; docs/ssh-nodes.md has what start files do`,
    ),
  );
