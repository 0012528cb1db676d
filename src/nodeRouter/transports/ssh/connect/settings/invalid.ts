// The one fault of settings that no connection can be made from.
import { NodeRouterError } from "../../../../../shared/errors.ts";

/** `text` says what, where and what to do. */
export function invalid(text: string, cause?: unknown): NodeRouterError {
  return new NodeRouterError("SSH_SETTINGS_INVALID", text, { cause });
}
