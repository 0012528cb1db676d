// What the plugin needs from the outside, as values and functions, so that a test can stand in for the host.

import type { ListNodes } from "../../presence/sources/gateway/hostList.ts";
import type { Logger } from "../../shared/logger.ts";
import type { Memory } from "../../shared/processMemory.ts";
import type { Masks } from "../host/mask.ts";
import type { SessionFacts } from "../host/sandboxProblem.ts";
import type { SessionTotals } from "../host/sessionTotals.ts";
import type { HostedReader } from "../hostedSessions/hostedSession.ts";

export interface RouterDeps {
  readonly memory: Memory;
  readonly log: Logger;
  /** `api.runtime.nodes.list`, in the scope of the running call. */
  readonly listNodes: ListNodes;
  /** The gateway's whole config as it is now. */
  readonly hostConfig: () => unknown;
  /** The agent's workspace folder on the gateway, absolute; null when the host cannot tell. */
  readonly agentWorkspace: (agent: string) => string | null;
  /** What the host keeps about a session of the agent; null when it keeps nothing. Throws when it cannot tell. */
  readonly sessionFacts: (agent: string, sessionKey: string) => SessionFacts | null;
  /** The agent's sessions, added up; null when the host cannot tell. */
  readonly sessionTotals: (agent: string) => SessionTotals | null;
  /** The host's records of sessions that run on another machine; absent: nobody can tell. */
  readonly hosted?: HostedReader;
  /** Whether the host would hide a part of a question from the person who is asked. */
  readonly masks: Masks;
  /** The gateway user's home; null when unknown. */
  readonly home: string | null;
  /** Epoch ms. */
  readonly now: () => number;
}
