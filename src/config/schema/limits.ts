// Upper bounds of the config: far above real use, low enough that checking stays quick and messages short.

export const MAX_NODES = 10_000;
export const MAX_RULES = 1_000;
export const MAX_TESTS = 500;
export const MAX_TAGS = 64;
export const MAX_TAINTS = 64;
/** Of a rule's residency: more than there are. */
export const MAX_COUNTRIES = 256;
export const MAX_AGENTS = 100;
export const MAX_TOOLS = 64;
export const MAX_PREFERENCES = 64;
export const MAX_DIRECTORIES = 64;
export const MAX_ENV = 256;

/** Calls that a node may run at once. */
export const MAX_RUNNING = 10_000;
/**
 * How long a call may wait for a node. OpenClaw gives up a run of which it hears nothing for five minutes
 * (docs/concepts/agent-loop.md, "Stuck session diagnostics").
 */
export const LONGEST_WAIT_MS = 240_000;
/** Characters of a name: node, rule, agent pattern, tool, host, user, city. 253 is the longest DNS name. */
export const MAX_NAME_LENGTH = 253;
/** Characters of one tag: two Kubernetes label parts (317 and 63) and "=". */
export const MAX_TAG_LENGTH = 381;
/** Characters of one taint or toleration: a tag, ":" and "PreferNoSchedule". */
export const MAX_TAINT_LENGTH = 398;
/** Characters of one selector. */
export const MAX_SELECTOR_LENGTH = 2048;
/** Characters of a path: PATH_MAX on Linux. */
export const MAX_PATH_LENGTH = 4096;
/** Idle processors that a rule may ask for: more than any machine has. */
export const MAX_IDLE_CPUS = 4096;
/** GiB of memory or disk that a rule may ask for: 1 PiB. */
export const MAX_FREE_GIB = 1_048_576;
/** Characters of an address on the web. */
export const MAX_URL_LENGTH = 2048;
/** MiB of audit records, of one agent and of all: 1 TiB. */
export const MAX_AUDIT_MIB = 1_048_576;
/** Days that audit records are kept: ten years. */
export const MAX_AUDIT_DAYS = 3_653;
/** Characters of a secret: a 16384-bit RSA key in PEM is about 12 KiB. */
export const MAX_SECRET_LENGTH = 65_536;
/** Other gateways. */
export const MAX_PEERS = 1_000;
/** Tasks of one peer that run at once, and that wait. */
export const MAX_PEER_RUNNING = 1_000;
export const MAX_PEER_QUEUED = 10_000;
export const MAX_PER_MINUTE = 100_000;
/** A day. */
export const MAX_TASK_MINUTES = 1_440;
/** Gateways that a task may go through. */
export const MAX_HOPS = 8;
/** Seconds that a tool call may wait: the host gives up a run of which it hears nothing for five minutes. */
export const MAX_WAIT_SECONDS = 240;
export const MAX_ACCEPT_SECONDS = 86_400;
export const MAX_KEEP_DAYS = 365;
/** KiB of a task, and of a result. */
export const MAX_TASK_KIB = 1_024;
/** Characters of what gateways present to each other: 32 of base64 are 192 bits. */
export const MIN_TOKEN_LENGTH = 32;
