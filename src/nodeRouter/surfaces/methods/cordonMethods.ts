// The gateway methods by which the operator keeps calls away from a node, lets them come again, and sees what is left there.
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { agentOfSessionKey } from "../../../shared/hostNames.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { quote, safe, shortened } from "../../../shared/safeText.ts";
import { didYouMean } from "../../../shared/suggest.ts";
import { parseSpan, SPAN_HELP } from "../../../shared/timeSpan.ts";
import type { Transport } from "../../../shared/types.ts";
import { type CordonReport, cordonReport } from "../../explain/cordonText.ts";
import { type CordonRecord, cordonFor } from "../../inventory/cordonRecord.ts";
import { CORDONS } from "../../inventory/cordons.ts";
import { currentSnapshot, lastSnapshot } from "../../inventory/currentSnapshot.ts";
import { JOBS } from "../../jobs/jobs.ts";
import type { NodeState } from "../../placement/model/snapshot.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { CALLS, type PlacedCall } from "../../state/calls.ts";
import { SESSION_NODES } from "../../state/sessionNodes.ts";
import { NODE_TRANSPORT } from "../../transports/nodeTransport.ts";
import { SSH_TRANSPORT } from "../../transports/transport.ts";
import { type Params, readTextParam, UsageError } from "./params.ts";

/** What became of a node's cordon; `before`: what held until now. */
export interface CordonAnswer {
  readonly node: string;
  readonly cordon: CordonReport | "unreadable" | null;
  readonly before: CordonReport | "unreadable" | null;
}

export interface UncordonAnswer {
  /** Nodes to which calls may come again. */
  readonly lifted: readonly string[];
}

/** What still holds a node. */
export interface DrainReport {
  readonly node: string;
  readonly cordon: CordonReport | "unreadable" | null;
  /** Nothing runs there that this gateway knows of. */
  readonly done: boolean;
  /** Calls whose result has not come. */
  readonly calls: readonly { readonly agent: string; readonly tool: string }[];
  /** Calls whose run ended without their result in the last half hour: whether they have ended only the node knows. */
  readonly untold: DrainReport["calls"];
  /** Commands over SSH, in the background too, and those that wait for a session; null: none was ever run so. */
  readonly ssh: { readonly running: number; readonly queued: number } | null;
  /** Commands of workspaces over the node protocol, in the background too; null: none was ever run so. */
  readonly overNode: { readonly running: number } | null;
  /** Sessions whose files are there. */
  readonly sessions: readonly { readonly session: string; readonly agent: string }[];
  /** Commands that were started detached and of whose end nobody knows yet. They hold no drain: they need no gateway. */
  readonly jobs: readonly {
    readonly job: string;
    readonly agent: string;
    readonly startedAt: string | null;
  }[];
}

type Deps = Pick<RouterDeps, "memory" | "listNodes" | "now">;

/** Characters that are kept of a reason, and of a name. */
const MAX_REASON = 200;
const MAX_BY = 100;
/** Entries of one list in a report. */
const MAX_LISTED = 200;
/** OpenClaw ends a command on a node after so long, unless its agent is given more. Milliseconds. */
const UNTOLD_MS = 1_800_000;

/** @param params `{ node, reason?, for?, by? }`; @param caller as the gateway knows them. */
export function cordon(deps: Deps, params: Params, caller: string): Promise<CordonAnswer> {
  return put(deps, params, caller, { drain: false, move: false });
}

/** @param params `{ node }`, or `{ all: true }`, which also gives up what cannot be read. */
export async function uncordon(deps: Deps, params: Params): Promise<UncordonAnswer> {
  const cordons = deps.memory.part(CORDONS);
  await cordons.ready();
  const known = [...cordons.view().records.keys()];
  if (params.all === true) {
    await cordons.update(() => new Map(), true);
    return { lifted: known };
  }
  const node = readTextParam(params, "node");
  if (node === null) throw new UsageError("uncordon needs a node, or all");
  const nodeId = stateOf(deps, node)?.nodeId ?? null;
  let lifted: readonly string[] = [];
  await cordons.update((records) => {
    const isIt = (one: CordonRecord) => one.node === node || (nodeId !== null && one.nodeId === nodeId);
    lifted = [...records.values()].filter(isIt).map((one) => one.node);
    return new Map([...records].filter(([, one]) => !isIt(one)));
  });
  // One that is gone from the config may still have its cordon, and any other has to be known.
  if (lifted.length === 0) await knownNode(deps, node);
  return { lifted };
}

/** @param params `{ node, reason?, for?, by?, move? }`. */
export async function drain(deps: Deps, params: Params, caller: string): Promise<DrainReport> {
  const { node } = await put(deps, params, caller, { drain: true, move: params.move === true });
  return drained(deps, { node });
}

/** @param params `{ node }`. */
export async function drained(deps: Deps, params: Params): Promise<DrainReport> {
  const node = await knownNode(deps, readTextParam(params, "node"));
  const { memory } = deps;
  const files = [memory.part(SESSION_NODES), memory.part(CORDONS), memory.part(JOBS)];
  await Promise.all(files.map((file) => file.ready()));
  const counters = memory.part(SSH_TRANSPORT).current?.counters(node) ?? null;
  const nodeId = stateOf(deps, node)?.nodeId ?? null;
  const onNode = nodeId === null ? null : (memory.part(NODE_TRANSPORT).current?.counters(nodeId) ?? null);
  const calls = memory.part(CALLS).runningOn(node);
  const jobs = memory.part(JOBS).on(node);
  /** What only carries on the output of detached commands. */
  const following = (over: Transport): number =>
    jobs.filter(({ jobId, through }) => through === over && memory.part(JOBS).isFollowed(jobId)).length;
  const without = (running: number, over: Transport): number => Math.max(0, running - following(over));
  const ssh =
    counters === null ? null : { running: without(counters.running, "ssh"), queued: counters.queued };
  const overNode = onNode && { running: without(onNode.running, "node") };
  return {
    node,
    cordon: cordonOf(deps, node),
    done: calls.length + (ssh?.running ?? 0) + (ssh?.queued ?? 0) + (overNode?.running ?? 0) === 0,
    calls: whose(calls),
    untold: whose(memory.part(CALLS).untoldOn(node, deps.now() - UNTOLD_MS)),
    ssh,
    overNode,
    sessions: memory
      .part(SESSION_NODES)
      .on(node)
      .slice(0, MAX_LISTED)
      .map((session) => ({ session, agent: agentOfSessionKey(session) ?? "" })),
    jobs: jobs
      .slice(0, MAX_LISTED)
      .map(({ jobId, agent, startedAtMs }) => ({ job: jobId, agent, startedAt: isoTime(startedAtMs) })),
  };
}

function whose(calls: readonly PlacedCall[]): DrainReport["calls"] {
  return calls.slice(0, MAX_LISTED).map(({ agent, tool }) => ({ agent, tool }));
}

async function put(
  deps: Deps,
  params: Params,
  caller: string,
  how: Pick<CordonRecord, "drain" | "move">,
): Promise<CordonAnswer> {
  const node = await knownNode(deps, readTextParam(params, "node"));
  if (params.for !== undefined && typeof params.for !== "string")
    throw new UsageError(`for takes ${SPAN_HELP}`);
  const span = readTextParam(params, "for");
  const forMs = span === null ? null : parseSpan(span);
  if (span !== null && forMs === null) throw new UsageError(`for takes ${SPAN_HELP}, not ${quote(span)}`);
  const reason = readTextParam(params, "reason");
  const atMs = deps.now();
  const said = readTextParam(params, "by");
  const by = shortened(safe(caller), MAX_BY);
  const record: CordonRecord = {
    node,
    nodeId: stateOf(deps, node)?.nodeId ?? null,
    // Who sits there is the client's word, the client the gateway's.
    by: said === null ? by : `${shortened(safe(said), MAX_BY)} (${by})`,
    reason: reason === null ? null : shortened(safe(reason), MAX_REASON),
    atMs,
    untilMs: forMs === null ? null : atMs + forMs,
    ...how,
  };
  const before = cordonOf(deps, node);
  await deps.memory.part(CORDONS).update((records) => new Map([...records, [node, record]]));
  return { node, cordon: cordonOf(deps, node), before };
}

function cordonOf(deps: Deps, node: string): CordonAnswer["cordon"] {
  const { records, problem } = deps.memory.part(CORDONS).view();
  const machine = { name: node, nodeId: stateOf(deps, node)?.nodeId ?? null };
  return cordonReport(problem === null ? cordonFor(records, machine) : "unreadable");
}

function stateOf(deps: Deps, node: string): NodeState | undefined {
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  return config === null ? undefined : lastSnapshot(deps, config).nodes.find(({ name }) => name === node);
}

/** @throws UsageError for a name that neither the config nor the gateway's list has. */
async function knownNode(deps: Deps, name: string | null): Promise<string> {
  if (name === null) throw new UsageError("a node is needed");
  const config = deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const snapshot = await currentSnapshot(deps, config, 0).catch(() => lastSnapshot(deps, config));
  const known = [...new Set([...config.nodes.keys(), ...snapshot.nodes.map((node) => node.name)])];
  if (known.includes(name)) return name;
  const suggestion = didYouMean(name, known);
  const listed = known.slice(0, 10).map(quote).join(", ") || "none";
  throw new UsageError(
    `no node ${quote(name)} is known; ${suggestion === null ? "" : `${suggestion} `}known are ${listed}`,
  );
}
