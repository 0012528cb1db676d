// Values that hold where the config says nothing. The schema shows them and `resolveConfig` applies them.
import type {
  FilesPolicy,
  OnUnavailable,
  Stick,
  UntoleratedAgents,
} from "../../nodeRouter/placement/model/rule.ts";
import type { TransportChoice } from "../../nodeRouter/placement/model/snapshot.ts";
import type { AuditMode, Mode } from "../../shared/types.ts";

export const DEFAULT_MODE: Mode = "enforce";
/** A node's own public address is known only where a service is named for it. */
export const DEFAULT_EGRESS = false;
/** Whoever taints a node under rules alone changes nothing for agents without one. */
export const DEFAULT_UNTOLERATED_AGENTS: UntoleratedAgents = "leave";
export const DEFAULT_TRANSPORT: TransportChoice = "auto";
/** The gateway runs a routed agent's call only where the operator wrote it. */
export const DEFAULT_ON_UNAVAILABLE: OnUnavailable = "refuse";
/** A call comes back to the node of the last one unless another is clearly better; nobody waits for it. */
export const DEFAULT_STICK: Stick = "none";
/** File tools take no host parameter, so an exec binding leaves them where the host runs them. */
export const DEFAULT_FILES: FilesPolicy = "gateway";
/** Records are kept where they can be; a full disk must not stop every agent unless the operator says so. */
export const DEFAULT_AUDIT: AuditMode = "best-effort";
export const DEFAULT_AUDIT_COMMAND_TEXT = false;
/** About 50,000 commands of one agent in that time. */
export const DEFAULT_AUDIT_AGENT_MIB = 64;
export const DEFAULT_AUDIT_KEEP_DAYS = 30;
export const DEFAULT_AUDIT_MAX_MIB = 512;
/** Without a connection nobody knows whether a node with SSH is there before a call needs it. */
export const DEFAULT_PRESENCE_CONNECT = true;
/** A profile can be slow or talkative. */
export const DEFAULT_LOGIN_SHELL = false;
/** The port that a node host connects to by default. */
export const DEFAULT_TUNNEL_PORT = 18_789;
