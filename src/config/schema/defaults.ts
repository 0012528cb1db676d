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
/** Longer than a node's restart, shorter than whoever waits for the agent. */
export const DEFAULT_REFUSED_FOR = "5m";
export const DEFAULT_OFFLINE_FOR = "10m";
/** Where somebody is told at all. */
export const DEFAULT_ALERT = true;
/** The port that a node host connects to by default. */
export const DEFAULT_TUNNEL_PORT = 18_789;
/** What one peer may have here at once, and waiting. */
export const DEFAULT_PEER_RUNNING = 2;
export const DEFAULT_PEER_QUEUED = 20;
export const DEFAULT_PER_MINUTE = 30;
export const DEFAULT_TASK_MINUTES = 60;
/** A peer's task stays where it was sent. */
export const DEFAULT_MAY_DELEGATE = false;
/** A task that may have done something is not gone on with by itself. */
export const DEFAULT_ON_INTERRUPTED: "fail" | "continue" = "fail";
export const DEFAULT_PROTOCOL: "node-router" | "a2a" = "node-router";
export const DEFAULT_ON_NO_PEER: "refuse" | "queue" = "refuse";
export const DEFAULT_HOPS = 1;
export const DEFAULT_WAIT_SECONDS = 60;
export const DEFAULT_ACCEPT_SECONDS = 15;
export const DEFAULT_KEEP_DAYS = 7;
export const DEFAULT_TASK_KIB = 256;
