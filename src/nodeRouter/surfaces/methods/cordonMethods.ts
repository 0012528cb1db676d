// The gateway methods by which the operator keeps calls away from a node, or tasks from a peer, lets them come again, and sees what is left there.
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { resolveConfig } from "../../../config/resolve.ts";
import { agentOfSessionKey } from "../../../shared/hostNames.ts";
import { isoTime } from "../../../shared/isoTime.ts";
import { quote, safe, shortened } from "../../../shared/safeText.ts";
import { parseSpan, SPAN_HELP } from "../../../shared/timeSpan.ts";
import type { Transport } from "../../../shared/types.ts";
import type { Delegation } from "../../delegation/model/delegation.ts";
import { isEnded } from "../../delegation/model/outgoing.ts";
import { OUTBOX } from "../../delegation/outbox/outbox.ts";
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
import { type Params, readFlag, readTextParam, UsageError, unknownName } from "./params.ts";

/** What became of a node's cordon; `before`: what held until now. */
export interface CordonAnswer {
  readonly node: string;
  /** It is another gateway, to which tasks are given. */
  readonly peer: boolean;
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
  readonly peer: CordonAnswer["peer"];
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
  /** Tasks that this gateway has given to the peer, or may have, and that have not ended; a node has none. Null: not known. */
  readonly tasks: readonly { readonly id: string; readonly agent: string }[] | null;
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
  noDryRun(params);
  const cordons = deps.memory.part(CORDONS);
  await cordons.ready();
  const known = [...cordons.view().records.keys()];
  if (params.all === true) {
    await cordons.update(() => new Map(), true);
    return { lifted: known };
  }
  const node = readTextParam(params, "node");
  if (node === null) throw new UsageError("uncordon needs a node, or all");
  const nodeId = idOf(deps, node);
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
  const { node } = await put(deps, params, caller, { drain: true, move: readFlag(params, "move") });
  return drained(deps, { node });
}

/** @param params `{ node }`: what it is called now, or was called when it was cordoned. */
export async function drained(deps: Deps, params: Params): Promise<DrainReport> {
  const { memory } = deps;
  const files = [memory.part(SESSION_NODES), memory.part(CORDONS), memory.part(JOBS)];
  await Promise.all(files.map((file) => file.ready()));
  const machine = machineOf(deps, await knownNode(deps, readTextParam(params, "node"), true));
  const { names, ids } = machine;
  const isThere = (name: string | undefined, nodeId: string | null | undefined): boolean =>
    nodeId == null || ids.length === 0 ? name !== undefined && names.has(name) : ids.includes(nodeId);
  const isCallThere = ({ decision: { node: at }, nodeId }: PlacedCall): boolean =>
    isThere(at?.name, nodeId ?? at?.nodeId);
  const counters = [...names].flatMap((name) => memory.part(SSH_TRANSPORT).current?.counters(name) ?? []);
  const onNode = ids.flatMap((id) => memory.part(NODE_TRANSPORT).current?.counters(id) ?? []);
  const calls = memory.part(CALLS).running().filter(isCallThere);
  const jobs = memory
    .part(JOBS)
    .open()
    .filter(({ nodeName, nodeId }) => isThere(nodeName, nodeId));
  /** What only carries on the output of detached commands. */
  const following = (over: Transport): number =>
    jobs.filter(({ jobId, through }) => through === over && memory.part(JOBS).isFollowed(jobId)).length;
  const without = (running: number, over: Transport): number => Math.max(0, running - following(over));
  const all = (counts: readonly number[]): number => counts.reduce((sum, one) => sum + one, 0);
  const running = (of: readonly { readonly running: number }[], over: Transport): number =>
    without(all(of.map((one) => one.running)), over);
  const queued = all(counters.map((one) => one.queued));
  const ssh = counters.length === 0 ? null : { running: running(counters, "ssh"), queued };
  const overNode = onNode.length === 0 ? null : { running: running(onNode, "node") };
  const tasks = givenTo(deps, names);
  const busy = [
    calls.length,
    tasks === null ? 1 : tasks.length,
    ssh?.running ?? 0,
    queued,
    overNode?.running ?? 0,
  ];
  return {
    node: machine.name,
    peer: isPeer(deps, machine.name),
    cordon: cordonOf(deps, machine),
    done: all(busy) === 0,
    calls: whose(calls),
    untold: whose(
      memory
        .part(CALLS)
        .untold(deps.now() - UNTOLD_MS)
        .filter(isCallThere),
    ),
    ssh,
    overNode,
    sessions: [...names]
      .flatMap((name) => memory.part(SESSION_NODES).on(name))
      .slice(0, MAX_LISTED)
      .map((session) => ({ session, agent: agentOfSessionKey(session) ?? "" })),
    jobs: jobs
      .slice(0, MAX_LISTED)
      .map(({ jobId, agent, startedAtMs }) => ({ job: jobId, agent, startedAt: isoTime(startedAtMs) })),
    tasks: tasks === null ? null : tasks.slice(0, MAX_LISTED).map(({ id, agent }) => ({ id, agent })),
  };
}

/** Null: the records are not read yet, as after a start of the gateway, so nobody knows what a peer has. */
function givenTo({ memory }: Deps, names: ReadonlySet<string>): readonly Delegation[] | null {
  const outbox = memory.part(OUTBOX).current;
  if (outbox !== null)
    return outbox.all().filter(({ peer, state }) => peer !== null && names.has(peer) && !isEnded({ state }));
  const peers = [...(memory.part(PLUGIN_CONFIG).current?.peers.values() ?? [])];
  const mayHave = peers.some(({ name, token, way }) => names.has(name) && token !== null && way !== null);
  return mayHave ? null : [];
}

/** The machine that is meant, by its id where it has one: names move, also while it is drained, and a new pairing has a new id. */
function machineOf(deps: Deps, asked: string) {
  const { records } = deps.memory.part(CORDONS).view();
  const kept = records.get(asked)?.nodeId ?? null;
  const same = kept === null ? undefined : stateOf(deps, ({ nodeId }) => nodeId === kept);
  const { name, nodeId } = same ??
    stateOf(deps, (node) => node.name === asked) ?? { name: asked, nodeId: kept };
  const ids = [...new Set([nodeId, kept])].filter((id) => id !== null);
  const earlier = [...records.values()].filter((one) => ids.some((id) => id === one.nodeId));
  return { name, nodeId, ids, names: new Set([name, asked, ...earlier.map((one) => one.node)]) };
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
  noDryRun(params);
  const node = await knownNode(deps, readTextParam(params, "node"));
  if (params.for !== undefined && typeof params.for !== "string")
    throw new UsageError(`for takes ${SPAN_HELP}`);
  const span = readTextParam(params, "for");
  const forMs = span === null ? null : parseSpan(span);
  if (span !== null && forMs === null) throw new UsageError(`for takes ${SPAN_HELP}, not ${quote(span)}`);
  const reason = readTextParam(params, "reason");
  const atMs = deps.now();
  const record: CordonRecord = {
    node,
    nodeId: idOf(deps, node),
    by: speaker(params, caller),
    reason: reason === null ? null : shortened(safe(reason), MAX_REASON),
    atMs,
    untilMs: forMs === null ? null : atMs + forMs,
    ...how,
  };
  const machine = { name: node, nodeId: idOf(deps, node) };
  const before = cordonOf(deps, machine);
  await deps.memory.part(CORDONS).update((records) => new Map([...records, [node, record]]));
  return { node, peer: isPeer(deps, node), cordon: cordonOf(deps, machine), before };
}

/** The option of the command is not one of the method: whoever sends it must not find the node cordoned. @throws UsageError */
function noDryRun(params: Params): void {
  if (readFlag(params, "dryRun"))
    throw new UsageError("there is no dry run of this: ask noderouter.plan with cordon");
}

/** Who says it: who sits there is the client's word (`by`), the client the gateway's. */
export function speaker(params: Params, caller: string): string {
  const said = readTextParam(params, "by");
  const by = shortened(safe(caller), MAX_BY);
  return said === null ? by : `${shortened(safe(said), MAX_BY)} (${by})`;
}

function cordonOf(deps: Deps, machine: Pick<NodeState, "name" | "nodeId">): CordonAnswer["cordon"] {
  const { records, problem } = deps.memory.part(CORDONS).view();
  return cordonReport(problem === null ? cordonFor(records, machine) : "unreadable");
}

function stateOf(deps: Deps, isIt: (node: NodeState) => boolean): NodeState | undefined {
  const config = deps.memory.part(PLUGIN_CONFIG).current;
  return config === null ? undefined : lastSnapshot(deps, config).nodes.find(isIt);
}

function isPeer(deps: Deps, name: string): boolean {
  return deps.memory.part(PLUGIN_CONFIG).current?.peers.has(name) === true;
}

function idOf(deps: Deps, node: string): string | null {
  return stateOf(deps, ({ name }) => name === node)?.nodeId ?? null;
}

/** @throws UsageError for a name that neither the config nor the gateway's list has, nor, `orCordoned`, a cordon. */
async function knownNode(deps: Deps, name: string | null, orCordoned = false): Promise<string> {
  if (name === null) throw new UsageError("a node is needed");
  const config = deps.memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
  const snapshot = await currentSnapshot(deps, config, 0).catch(() => lastSnapshot(deps, config));
  const known = [
    ...new Set([...config.nodes.keys(), ...snapshot.nodes.map((node) => node.name), ...config.peers.keys()]),
  ];
  if (known.includes(name)) return name;
  if (orCordoned && deps.memory.part(CORDONS).view().records.has(name)) return name;
  throw unknownName("node", name, known);
}
