// Asks the node's own exec approvals before a command begins: the node's owner decides, and not the gateway.
import type { NotBegun } from "./hostedCommands.ts";

/** What the host hands to a command's handler, as far as it is used. */
export interface InvokeContext {
  readonly signal?: AbortSignal | undefined;
  /** The node's own exec approvals: throws where they do not allow it, and gives what throws right before the start. */
  readonly prepareExecAuthorization?: ((source: "human-approved" | "session-full") => () => void) | undefined;
}

export type Allowed =
  | { readonly ok: false; readonly denied: NotBegun }
  | {
      readonly ok: true;
      /** Throws where it is not allowed any more: to be called right before the start. */
      readonly assert: () => void;
      readonly stillDenied: () => NotBegun | null;
    };

/** SECURITY: the node's owner decides what runs there, so without a way to ask nothing does. */
export function askApprovals(
  { prepareExecAuthorization: prepare }: InvokeContext,
  approved: boolean,
): Allowed {
  if (typeof prepare !== "function")
    return { ok: false, denied: deniedBecause("OpenClaw there offers no way to ask them") };
  try {
    const assert = prepare(approved ? "human-approved" : "session-full");
    const stillDenied = (): NotBegun | null => {
      try {
        assert();
        return null;
      } catch (error) {
        return deniedBecause(messageOf(error));
      }
    };
    return { ok: true, assert, stillDenied };
  } catch (error) {
    return { ok: false, denied: deniedBecause(messageOf(error)) };
  }
}

function deniedBecause(fact: string): NotBegun {
  return { why: "denied", fact: `its exec approvals do not allow it: ${fact}` };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
