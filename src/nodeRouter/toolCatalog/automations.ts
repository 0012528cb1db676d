// Which automations would start a process on the gateway. Pure; parameters as in OpenClaw 2026.9.
import { readJson } from "../../shared/jsonParts.ts";

/**
 * Whether an `automations` call would start a process on the gateway: a command payload, or a schedule that
 * watches a command's output or end. Looks at every depth, because updates may carry parts of a job, and into
 * text that is JSON.
 */
export function startsGatewayProcess(params: unknown): boolean {
  if (Array.isArray(params)) return params.some(startsGatewayProcess);
  // Objects and lists only: no text has JSON text in it for ever.
  if (typeof params === "string") return /^\s*[{[]/.test(params) && startsGatewayProcess(readJson(params));
  if (typeof params !== "object" || params === null) return false;
  return Object.entries(params).some(([given, value]) => {
    // The host mends keys with blanks around them, and reads kinds without regard to case.
    const key = given.trim();
    return (
      ((key === "kind" || key === "scheduleKind") && isProcessKind(value)) ||
      key === "argv" ||
      (key === "command" && value !== null) ||
      startsGatewayProcess(value)
    );
  });
}

function isProcessKind(value: unknown): boolean {
  return typeof value === "string" && ["command", "stream", "on-exit"].includes(value.trim().toLowerCase());
}
