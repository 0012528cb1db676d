// The catalogue of refusals and faults: every code, and the one class that carries a fault.

/** Codes an agent, an operator or a script can meet. docs/errors.md says what each means. */
export const ERROR_CODES = [
  "AGENT_UNKNOWN",
  "APPROVAL_NOT_SHOWN",
  "AUDIT_UNAVAILABLE",
  "AUTH_FAILED",
  "BACKGROUND_UNSUPPORTED",
  "CONFIG_INVALID",
  "ENV_INVALID",
  "FILES_REFUSED",
  "FILE_CHANGED",
  "FILE_EXISTS",
  "FILE_FAILED",
  "FILE_NOT_FOUND",
  "FILE_TOO_LARGE",
  "GATEWAY_CONFIG_REFUSED",
  "GATEWAY_PORT_REFUSED",
  "GATEWAY_SHELL_REFUSED",
  "GATEWAY_UNREACHABLE",
  "GATEWAY_URL_REFUSED",
  "HOOKS_NOT_LIVE",
  "HOSTED_ELSEWHERE",
  "HOST_KEY_CHANGED",
  "HOST_KEY_REVOKED",
  "HOST_KEY_UNKNOWN",
  "INVENTORY_UNAVAILABLE",
  "JOB_UNKNOWN",
  "JOB_UNREACHABLE",
  "NODE_BUSY",
  "NODE_MISMATCH",
  "NODE_NOT_ALLOWED",
  "NODE_UNREACHABLE",
  "NOT_STARTED",
  "NO_NODE_FITS",
  "OUTCOME_UNKNOWN",
  "PACKAGE_REPLACED",
  "PATH_NOT_ALLOWED",
  "RUNTIME_NOT_ROUTABLE",
  "RUN_NOT_ALLOWED",
  "SECRET_UNAVAILABLE",
  "SSH_SETTINGS_INVALID",
  "STATE_NOT_WRITTEN",
  "TOOL_UNKNOWN",
  "WORKDIR_UNAVAILABLE",
  "WORKSPACE_UNAVAILABLE",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The same in every copy of this code: a reload brings a new one, and what outlives it is of an older one. */
const MARK = Symbol.for("openclaw-node-router.error");

/** A fault (not an expected outcome): thrown, with a code and what caused it. */
export class NodeRouterError extends Error {
  readonly code: ErrorCode;

  /** True for an error of any copy of this code. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && MARK in value;
  }

  constructor(code: ErrorCode, text: string, options?: { cause?: unknown }) {
    super(`${code}: ${text}`, options);
    this.name = "NodeRouterError";
    this.code = code;
    Object.defineProperty(this, MARK, { value: true });
  }
}

/** The message of anything thrown, on one line and without its stack. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
