// What the host understands as a policy's answer about one call.

import { SANDBOX_BACKEND } from "../host/hostConfig.ts";
import type { Consent } from "../state/calls.ts";

export type PolicyResult =
  | { readonly params: Record<string, unknown>; readonly requireApproval?: ApprovalRequest }
  | { readonly block: true; readonly blockReason: string };

/** The host's `requireApproval`: a person is asked, and everything but their yes blocks the call. */
export interface ApprovalRequest {
  readonly title: string;
  readonly description: string;
  readonly severity: "warning";
  readonly allowedDecisions: ("allow-once" | "deny")[];
  /**
   * The host stamps it on hooks only; a trusted policy that leaves it out is refused as "signed plugin approval
   * owner is unavailable" (OpenClaw 2026.9.6).
   */
  readonly pluginId: string;
  readonly onResolution: (decision: string) => void;
}

/** The complete parameters of a call, and the question that stands before it. */
export function answerOf(params: Readonly<Record<string, unknown>>, consent: Consent | null): PolicyResult {
  const copy = { ...params };
  if (consent === null || consent.granted) return { params: copy };
  return {
    params: copy,
    requireApproval: {
      title: consent.title,
      description: consent.description,
      severity: "warning",
      // A yes for ever would be a yes to every later command.
      allowedDecisions: ["allow-once", "deny"],
      pluginId: SANDBOX_BACKEND,
      onResolution: (decision) => {
        consent.granted = decision === "allow-once";
      },
    },
  };
}
