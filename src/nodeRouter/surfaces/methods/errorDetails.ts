// How the code of a refusal travels beside an error's message, from the gateway's methods to whoever asked them.
import { type ErrorCode, isErrorCode } from "../../../shared/errorCatalogue.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { isRecord } from "../../../shared/isRecord.ts";

/**
 * For `respond`: the host hands an error's `details` on to its client as they are (OpenClaw 2026.9.6,
 * GatewayProtocolRequestError in dist/protocol-request-*.mjs).
 */
export function refusalDetails(error: unknown): { details?: { refusal: ErrorCode } } {
  return error instanceof NodeRouterError ? { details: { refusal: error.code } } : {};
}

/** The code of the plugin's own error; null: it is another's. */
export function codeOf(error: unknown): ErrorCode | null {
  if (!(error instanceof Error && "details" in error) || !isRecord(error.details)) return null;
  const { refusal } = error.details;
  return isErrorCode(refusal) ? refusal : null;
}
