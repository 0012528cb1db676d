// exec calls of agents whose workspace is on a node, between the tool policy and the sandbox backend.
import { randomBytes } from "node:crypto";
import { FairMap } from "../../shared/fairMap.ts";
import { definePart } from "../../shared/processMemory.ts";
import type { Outcome } from "../transports/transport.ts";
import type { Consent } from "./calls.ts";

/** Variable of the call that carries its id to the backend. Never reaches the node. */
export const CALL_VARIABLE = "NODE_ROUTER_CALL";

/** Variables with this prefix are ours: what the model sets is dropped, so that it cannot name another's call. */
export const OWN_PREFIX = "NODE_ROUTER_";

/** What the policy decided about one call. */
export interface WorkspaceCall {
  /** 128 random bits as hex: nobody can name a call that is not theirs. */
  readonly callId: string;
  readonly agent: string;
  readonly sessionKey: string;
  readonly runId: string;
  readonly toolCallId: string;
  readonly rule: string;
  /** Inventory name of the node that the call was placed on. */
  readonly node: string;
  readonly decisionId: string;
  /** Whether the model asked for a terminal, which the host does not pass on to a sandbox. */
  readonly pty: boolean;
  /** Names the job on the node that the command becomes, in the background; null: it ends with its connection. */
  readonly jobId: string | null;
  /** What a person is asked to agree to, and whether they did; left out where nobody has to. */
  readonly agreed?: {
    readonly consent: Consent;
    /** The complete parameters that the question was about. */
    readonly params: Readonly<Record<string, unknown>>;
  };
  /** Set by the backend when the host brings it the call: a result without it ran somewhere else. */
  claimed: boolean;
  /** Set by the backend when the node has told that the command began; absent: it was not told yet. */
  begun?: true;
  /** Set by the backend when the command has ended; null before, and for one that goes on in the background. */
  outcome: Outcome | null;
}

/** As for other calls: a forgotten one is refused by the backend, or loses its line in the result. */
const MAX_CALLS = 4_096;

export type WorkspaceCalls = FairMap<string, WorkspaceCall>;

export const WORKSPACE_CALLS = definePart("workspace-calls", 4, createWorkspaceCalls);

/** Empty; keys are the ids under which the backend claims a call. */
export function createWorkspaceCalls(): WorkspaceCalls {
  return new FairMap(MAX_CALLS, (_callId, { agent }) => agent);
}

/** An id that cannot be guessed. */
export function newCallId(): string {
  return randomBytes(16).toString("hex");
}
