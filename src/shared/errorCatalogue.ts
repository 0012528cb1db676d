// The catalogue of refusals and faults: every code, whether something may have run, and what its texts end with.

/** Of one code. A new code cannot be used before it stands here. */
interface Entry {
  /**
   * What whoever reads it may believe. `nothingRan`: nothing of it was done. `unknown`: it may have been done, so look
   * first. `told`: the text itself says what was done.
   */
  readonly outcome: "nothingRan" | "unknown" | "told";
  /** Says in words that nothing came of it, where nothing else is said. */
  readonly nothingRan?: string;
  /** What to do, where nothing else is said; `{name}` stands for what `adviceOf` is given. */
  readonly advice?: string;
  /** What an agent is told to do, where nothing else is said: the operator alone can do what `advice` says. */
  readonly agentAdvice?: string;
  /** The caller named something that is not there. */
  readonly isMistake?: true;
}

/** What an agent can do about what its operator has to mend. */
export const TELL_USER =
  "Trying again does not help before the operator has mended it: tell your user what this says";
const TRY_AGAIN = "Try again once; if it stays so, tell your user what this says";

/** Codes an agent, an operator or a script can meet. docs/errors.md says what each means. */
export const CATALOGUE = {
  AGENT_UNKNOWN: { outcome: "nothingRan", isMistake: true },
  APPROVAL_NOT_SHOWN: { outcome: "nothingRan", nothingRan: "nothing ran" },
  AUDIT_UNAVAILABLE: {
    outcome: "nothingRan",
    nothingRan: "nothing ran",
    advice: 'Mend that, or set plugins.entries.node-router.config.audit to "best-effort"',
    agentAdvice: TELL_USER,
  },
  AUTH_FAILED: {
    outcome: "nothingRan",
    advice: "put a key that it accepts into ssh-agent, or name it in {setting}",
    agentAdvice: TELL_USER,
  },
  BACKGROUND_UNSUPPORTED: { outcome: "nothingRan", advice: "leave background out" },
  CONFIG_INVALID: {
    outcome: "nothingRan",
    advice: "{mend}, the gateway reloads by itself{more}",
    agentAdvice: TELL_USER,
  },
  CORDONS_UNREADABLE: {
    outcome: "nothingRan",
    nothingRan: "nothing changed, and until then every node is taken for cordoned",
    advice:
      'Put the file back, or run "openclaw node-router uncordon --all", which begins anew without a cordon',
  },
  DELEGATION_FAILED: { outcome: "told" },
  DELEGATION_REFUSED: { outcome: "nothingRan", nothingRan: "nothing was sent" },
  DELEGATION_UNKNOWN: { outcome: "nothingRan", isMistake: true },
  ENV_INVALID: { outcome: "nothingRan" },
  FILES_REFUSED: { outcome: "nothingRan", advice: "use exec on the node" },
  FILE_CHANGED: { outcome: "nothingRan", nothingRan: "nothing was changed" },
  FILE_EXISTS: { outcome: "nothingRan" },
  FILE_FAILED: { outcome: "told" },
  FILE_NOT_FOUND: { outcome: "nothingRan" },
  FILE_TOO_LARGE: { outcome: "nothingRan" },
  GATEWAY_CONFIG_REFUSED: {
    outcome: "nothingRan",
    nothingRan: "nothing was changed",
    advice: "Ask the operator to do it, or from an agent without a rule",
  },
  GATEWAY_PORT_REFUSED: {
    outcome: "nothingRan",
    nothingRan: "nothing was opened",
    advice: "Give the user the node's own address",
  },
  GATEWAY_SHELL_REFUSED: { outcome: "nothingRan", advice: "use exec" },
  GATEWAY_UNREACHABLE: { outcome: "told" },
  GATEWAY_URL_REFUSED: { outcome: "nothingRan", advice: "leave gatewayUrl and gatewayToken out" },
  HOOKS_NOT_LIVE: { outcome: "told", agentAdvice: TRY_AGAIN },
  HOSTED_ELSEWHERE: { outcome: "nothingRan" },
  HOST_KEY_CHANGED: { outcome: "nothingRan", agentAdvice: TELL_USER },
  HOST_KEY_REVOKED: { outcome: "nothingRan", agentAdvice: TELL_USER },
  HOST_KEY_UNKNOWN: { outcome: "nothingRan", agentAdvice: TELL_USER },
  INVENTORY_UNAVAILABLE: { outcome: "nothingRan", agentAdvice: TRY_AGAIN },
  JOB_UNKNOWN: { outcome: "nothingRan" },
  JOB_UNREACHABLE: {
    outcome: "told",
    advice: "the job itself may still be running, ask again when the node is back",
  },
  NODE_BUSY: {
    outcome: "nothingRan",
    nothingRan: "nothing ran",
    advice: "Wait for some to end, or end them with process kill",
  },
  NODE_MISMATCH: { outcome: "told" },
  NODE_NOT_ALLOWED: { outcome: "nothingRan" },
  NODE_UNREACHABLE: {
    outcome: "nothingRan",
    agentAdvice:
      "Trying again is safe, and helps once the node answers again; if it cannot wait, tell your user",
  },
  NOT_STARTED: { outcome: "nothingRan", advice: "trying again is safe" },
  NO_NODE_FITS: {
    outcome: "nothingRan",
    advice:
      'Run "{command}" to see each node; change plugins.entries.node-router.config.rules or bring a node up',
    agentAdvice: TELL_USER,
  },
  OUTCOME_UNKNOWN: {
    outcome: "unknown",
    advice: "it was not run again and must not be before you looked at what it did",
  },
  PACKAGE_REPLACED: {
    outcome: "nothingRan",
    nothingRan: "nothing ran",
    advice: "Restart the gateway",
    agentAdvice: TELL_USER,
  },
  PATH_NOT_ALLOWED: { outcome: "nothingRan" },
  PEER_REFUSED: { outcome: "nothingRan", nothingRan: "nothing of it ran there" },
  PEER_UNREACHABLE: { outcome: "told" },
  RUNTIME_NOT_ROUTABLE: {
    outcome: "nothingRan",
    advice:
      'set agentRuntime: { id: "openclaw" } for its model in agents.entries.{agent}.models, or {wayOut}',
    agentAdvice: TELL_USER,
  },
  RUN_NOT_ALLOWED: { outcome: "nothingRan", nothingRan: "nothing ran" },
  SECRET_UNAVAILABLE: {
    outcome: "nothingRan",
    advice: "make the secret available to the gateway and reload it",
    agentAdvice: TELL_USER,
  },
  SETUP_FAILED: {
    outcome: "told",
    advice: "Mend that and run the same command again: what is there stays there",
  },
  SSH_SETTINGS_INVALID: { outcome: "nothingRan", advice: "mend it", agentAdvice: TELL_USER },
  STATE_NOT_WRITTEN: {
    outcome: "nothingRan",
    nothingRan: "nothing changed",
    advice: "Make node-router/names.json in OpenClaw's state folder writable, or write the id as {path}",
  },
  TOOL_UNKNOWN: { outcome: "nothingRan", isMistake: true },
  TUNNEL_EXPOSED: { outcome: "nothingRan", nothingRan: "it was closed, and nobody was let in" },
  TUNNEL_FORBIDDEN: { outcome: "nothingRan" },
  TUNNEL_NO_AUTH: {
    outcome: "nothingRan",
    nothingRan: "no tunnel is open",
    advice: "Set gateway.auth.mode to token or password",
  },
  TUNNEL_PORT_TAKEN: { outcome: "nothingRan" },
  USAGE_UNAVAILABLE: { outcome: "nothingRan", advice: "see the gateway's log, then ask again" },
  WORKDIR_UNAVAILABLE: {
    outcome: "nothingRan",
    nothingRan: "the command was not run",
    advice: "Make the directory there, or leave workdir out",
  },
  WORKSPACE_UNAVAILABLE: { outcome: "nothingRan", agentAdvice: TELL_USER },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof CATALOGUE;

/** In order. */
export const ERROR_CODES: readonly string[] = Object.keys(CATALOGUE);

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && ERROR_CODES.includes(value);
}

/** Whether the caller named something that is not there. */
export function isMistake(code: ErrorCode): boolean {
  return entryOf(code).isMistake === true;
}

/** What is known of the code. */
export function entryOf(code: ErrorCode): Entry {
  return CATALOGUE[code];
}
