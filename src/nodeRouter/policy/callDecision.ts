// What is asked about one call, what is known meanwhile, and what is decided. Types alone.
import type { ConfiguredNode } from "../../config/resolveNodes.ts";
import type { NodePresence } from "../../presence/record.ts";
import type { HostNode } from "../../presence/sources/gateway/hostNode.ts";
import type { Refusal } from "../../shared/refusal.ts";
import type { SessionFacts } from "../host/sandboxProblem.ts";
import type { PlacementDecision } from "../placement/model/decision.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { LastNodes } from "../state/lastNodes.ts";
import type { KeptPlace } from "../state/sessionNodes.ts";
import type { AgentPolicy } from "./agentPolicy.ts";

/** One call in plain values. */
export interface Call {
  /** As OpenClaw names tools. */
  readonly tool: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** False when it comes from a harness that would not honour a rewrite. */
  readonly rewritable: boolean;
  readonly session: CallSession;
}

/** The session that a call is made in. */
export interface CallSession {
  /** Empty: the host named none. */
  readonly key: string;
  /** Where its workspace is until now; null: nowhere yet. */
  readonly kept: KeptPlace | null;
  /** What the host keeps about it; null: nothing. */
  readonly facts: SessionFacts | null;
  /** Device id of the machine that runs it as a whole (null: not named); undefined: the gateway runs it. */
  readonly hostedOn: string | null | undefined;
}

/** What is known of everybody, at one moment. */
export interface World {
  readonly snapshot: NodeSnapshot;
  /** The host's own list, for the tools that nodes publish. */
  readonly hostNodes: readonly HostNode[];
  /** What was observed of the nodes, by inventory name, for the words of a refusal. */
  readonly presence: ReadonlyMap<string, NodePresence>;
  /** Why the host's sandbox API cannot be used; null when it can. */
  readonly apiProblem: string | null;
  /** Another agent, whom a call is about. */
  readonly agent: (id: string) => AgentPolicy;
}

/** Where the agents' calls ran until now. */
export type LastNodesView = Pick<LastNodes, "of"> & Partial<Pick<LastNodes, "stuck">>;

/** How a workspace is reached: over SSH by the node's name in the config, over the node protocol by OpenClaw's id of it. */
export type Via = { readonly over: "ssh" } | { readonly over: "node"; readonly nodeId: string };

/** Where a session's workspace is. */
export interface WorkspacePlace {
  readonly ok: true;
  readonly node: ConfiguredNode;
  /** Over which it is reached. */
  readonly via: Via;
  /** Absolute directory on the node. */
  readonly root: string;
  readonly placement: PlacementDecision;
}

/** The same, or why it is nowhere. */
export type SessionPlace = WorkspacePlace | Refused;

/** What a step answers that will not go on. */
export interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
  /** How long waiting may help, ms; absent: not at all. */
  readonly waitMs?: number | undefined;
  /** Absent: no node was looked at, or it is about one that the session has. */
  readonly placement?: PlacementDecision;
}

/** Who asked for what, and what the rules said: in every decision, also where no node was looked at. */
interface Recorded {
  readonly agent: string;
  readonly tool: string;
  /** Name of the rule that speaks for the call; null: none. */
  readonly rule: string | null;
  /** Null where no node was looked at. */
  readonly placement: PlacementDecision | null;
}

/**
 * What becomes of one call.
 * `leave`: the host does with it what it does without us; `clearHost`: but not on a node that the model chose.
 * `refuse`: it runs nowhere, and `refusal` is what the agent reads; `waitMs`: for so long it may be asked again whether
 * it is still so, ms (absent: that changes nothing).
 * `place`: OpenClaw runs it on `placement.node`, over the node protocol; `beside`: the workspace that it goes with.
 * `workspace`: it runs in the session's workspace; `askedBy`: the setting by which a person has to say yes first.
 * `input`: it is for a command that runs already, wherever that is.
 */
export type Decision = Recorded &
  (
    | { readonly kind: "leave"; readonly clearHost: boolean }
    | { readonly kind: "refuse"; readonly refusal: Refusal; readonly waitMs?: number | undefined }
    | {
        readonly kind: "place";
        readonly placement: PlacementDecision;
        readonly beside: WorkspacePlace | null;
      }
    | {
        readonly kind: "workspace";
        readonly placement: PlacementDecision;
        readonly place: WorkspacePlace;
        readonly askedBy: string | null;
      }
    | { readonly kind: "input"; readonly askedBy: string | null }
  );
