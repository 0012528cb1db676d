// What every instance of this module in one gateway process shares. The host evaluates the module several
// times (one `full` instance with the services, `discovery` instances with the hooks of agent runs), so
// module-level variables would be several truths.
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Hub } from "../../presence/hub.ts";
import type { Presence } from "../../presence/presence.ts";
import { createNodeReader, type NodeReader } from "../../presence/sources/gateway/nodeReader.ts";
import { BoundedMap } from "../../shared/bounded.ts";
import { FairMap } from "../../shared/fairMap.ts";
import { createNodeNames, type NodeNames } from "../inventory/nodeNames.ts";
import { createJobRegistry, type JobRegistry } from "../jobs/jobs.ts";
import { type CallRegistry, createCallRegistry } from "../state/calls.ts";
import { type Counters, createCounters } from "../state/counters.ts";
import { createLastNodes, type LastNodes } from "../state/lastNodes.ts";
import { createWorkspaceState, type WorkspaceState } from "../workspace/workspaceState.ts";

/** Raised when the shape changes: an old instance keeps its old state, a new one starts afresh. */
const VERSION = 4;
const KEY = Symbol.for("openclaw-node-router");

/** Runs remembered as seen; one that is still going is put in again at its every model call. */
const MAX_RUNS = 4_096;

/** Names remembered of tools that are not the host's. */
const MAX_STRANGE_TOOLS = 512;

/** A routed agent's tool that no catalogue has. */
export interface StrangeTool {
  readonly agent: string;
  readonly tool: string;
}

export interface SharedState {
  readonly version: typeof VERSION;
  /** What the newest registration was configured with; null before the first. */
  config: ResolvedConfig | null;
  readonly reader: NodeReader;
  /** What is known of every node; null until the service that observes them was started. */
  presence: Presence | null;
  /** The same with its ways in; a reload of the plugin goes on with it. */
  presenceHub: Hub | null;
  /** Which paired node each configured name stands for. */
  readonly names: NodeNames;
  /** Where each agent's calls last ran: a call stays there unless another node is clearly better. */
  readonly lastNodes: LastNodes;
  readonly calls: CallRegistry;
  readonly jobs: JobRegistry;
  readonly counters: Counters;
  /** Runs of OpenClaw's own harness, whose exec honours `host` and `node`. */
  readonly embeddedRuns: BoundedMap<string, true>;
  /** Runs in which our policy was asked at least once. */
  readonly evaluatedRuns: BoundedMap<string, true>;
  /** Epoch ms of the last `full` and of the last hook-carrying registration; null before the first. */
  fullRegisteredAtMs: number | null;
  hooksRegisteredAtMs: number | null;
  /** How often the hooks were to be brought to life since they were last seen live. */
  revivals: number;
  /** Agents whose last exec was seen to run without our hooks. */
  readonly missedAgents: Set<string>;
  /** Tools of no catalogue that routed agents called, so of other plugins; for doctor. */
  readonly strangeTools: FairMap<string, StrangeTool>;
  /** Of agents whose workspace is on a node. */
  readonly workspace: WorkspaceState;
}

/** The state of this process; made at the first call. */
export function sharedState(): SharedState {
  const present: unknown = Reflect.get(globalThis, KEY);
  if (isCurrent(present)) return present;
  const fresh = createSharedState(Date.now);
  Reflect.set(globalThis, KEY, fresh);
  return fresh;
}

function isCurrent(value: unknown): value is SharedState {
  return typeof value === "object" && value !== null && "version" in value && value.version === VERSION;
}

/** @param now epoch ms. */
export function createSharedState(now: () => number): SharedState {
  return {
    version: VERSION,
    config: null,
    reader: createNodeReader(now),
    presence: null,
    presenceHub: null,
    names: createNodeNames(),
    lastNodes: createLastNodes(),
    calls: createCallRegistry(),
    jobs: createJobRegistry(),
    counters: createCounters(),
    embeddedRuns: new BoundedMap(MAX_RUNS),
    evaluatedRuns: new BoundedMap(MAX_RUNS),
    fullRegisteredAtMs: null,
    hooksRegisteredAtMs: null,
    revivals: 0,
    missedAgents: new Set(),
    strangeTools: new FairMap(MAX_STRANGE_TOOLS, (_key, { agent }) => agent),
    workspace: createWorkspaceState(),
  };
}
