// The gateway methods about peers, and about the tasks that go to and come from them.
import { hostname } from "node:os";
import { PLUGIN_CONFIG } from "../../../config/currentConfig.ts";
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote, shortened } from "../../../shared/safeText.ts";
import { INBOX } from "../../delegation/inbox/inbox.ts";
import { delegationsFolder, gatewayIdIn } from "../../delegation/journal/gatewayId.ts";
import { hasEnded } from "../../delegation/model/incoming.ts";
import { isEnded } from "../../delegation/model/outgoing.ts";
import { isRefusal, OUTBOX } from "../../delegation/outbox/outbox.ts";
import { currentPeers } from "../../delegation/peers/currentPeers.ts";
import { PEERS } from "../../delegation/peers/knownPeers.ts";
import type { RouterDeps } from "../../process/deps.ts";
import {
  briefly,
  type DelegationReport,
  type DelegationsReport,
  incomingReport,
  outgoingReport,
} from "../reports/delegationsReport.ts";
import { createPeersOverview, type PeersOverview } from "../reports/peersOverview.ts";
import { createPeersReport, type PeerReport, type PeersReport } from "../reports/peersReport.ts";
import { speaker } from "./cordonMethods.ts";
import { requireKnown } from "./knownNames.ts";
import { type Params, readTextParam, UsageError, unknownName } from "./params.ts";

type Deps = Pick<RouterDeps, "memory" | "now">;

const DEFAULT_LISTED = 50;
const MAX_LISTED = 1_000;
/** Characters that are kept of a reason. */
const MAX_REASON = 200;

/** @param stateFolder the host's. */
export async function peers(deps: Deps, stateFolder: string): Promise<PeersReport> {
  const { gatewayName, peers } = configOf(deps);
  return reportWith(deps, {
    name: gatewayName ?? hostname(),
    id: peers.size === 0 ? null : await gatewayIdIn(delegationsFolder(stateFolder)),
  });
}

/** For the page and metrics; null: no peer is configured. */
export async function peersOverview(deps: Deps): Promise<PeersOverview | null> {
  const { memory } = deps;
  const config = configOf(deps);
  if (config.peers.size === 0) return null;
  return createPeersOverview({
    peers: config.peers,
    known: memory.part(PEERS).current?.known() ?? new Map(),
    reports: (await reportWith(deps, { name: "", id: null })).peers,
    given: memory.part(OUTBOX).current?.all().map(outgoingReport) ?? null,
    taken: memory.part(INBOX).current?.tasks().map(incomingReport) ?? null,
  });
}

async function reportWith(deps: Deps, gateway: PeersReport["gateway"]): Promise<PeersReport> {
  const { memory } = deps;
  const config = configOf(deps);
  const tasks = memory.part(INBOX).current?.tasks() ?? [];
  const given = memory.part(OUTBOX).current?.all() ?? [];
  return createPeersReport({
    config,
    gateway,
    known: memory.part(PEERS).current?.known() ?? new Map(),
    snapshot: await currentPeers(deps, config),
    here(peer) {
      const open = tasks.filter((task) => task.peer === peer && !hasEnded(task));
      const queued = open.filter(({ phase }) => phase === "accepted").length;
      return { running: open.length - queued, queued };
    },
    open: (peer) => given.filter((one) => one.peer === peer && !isEnded(one)).length,
  });
}

/** Asks the peer now. @param params `{ peer }`. */
export async function probePeer(deps: Deps, stateFolder: string, params: Params): Promise<PeerReport> {
  const name = readTextParam(params, "peer");
  if (name === null) throw new UsageError("a peer is needed");
  const known = [...configOf(deps).peers.keys()];
  if (!known.includes(name)) throw unknownName("peer", name, known, "configured");
  await deps.memory.part(PEERS).current?.probe(name);
  const report = (await peers(deps, stateFolder)).peers.find((peer) => peer.name === name);
  if (report === undefined) throw unknownName("peer", name, known, "configured");
  return report;
}

/** @param params `{ peer?, state?, agent?, open?, limit? }`; `open`: only what has not ended. */
export function delegations(deps: Deps, params: Params): DelegationsReport {
  const { limit = DEFAULT_LISTED, open } = params;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED)
    throw new UsageError(`limit is a whole number from 1 to ${MAX_LISTED}`);
  const [peer, state, agent] = ["peer", "state", "agent"].map((key) => readTextParam(params, key));
  const isAgent = (name: string | null) =>
    agent == null || (name !== null && normalizeAgentId(name) === normalizeAgentId(agent));
  const wanted = all(deps).filter(
    (one) =>
      (peer == null || one.peer === peer) &&
      (state == null || one.state === state) &&
      (isAgent(one.agent) || isAgent(one.requester)) &&
      (open !== true || one.endedAt === null),
  );
  if (wanted.length === 0) requireKnown(deps, { peer });
  return { delegations: wanted.slice(0, limit).map(briefly), left: Math.max(0, wanted.length - limit) };
}

/** One with its whole texts. @param params `{ id }`, or its beginning where that is enough. */
export function showDelegation(deps: Deps, params: Params): DelegationReport {
  return found(deps, params);
}

/**
 * Ends a task: one that was given, at the peer; one that was taken, here.
 * @param params `{ id }`.
 */
export async function cancelDelegation(deps: Deps, params: Params): Promise<DelegationReport> {
  const { id, direction } = found(deps, params);
  if (direction === "in") {
    const inbox = deps.memory.part(INBOX).current;
    const task = inbox?.tasks().findLast(({ messageId }) => messageId === id);
    if (inbox == null || task === undefined) throw unknownDelegation(id);
    const answer = await inbox.cancel(task.id);
    if (!("is" in answer)) throw notDone(`delegation ${quote(id)} cannot be canceled: ${answer.message}`);
    return incomingReport(answer);
  }
  const answer = (await deps.memory.part(OUTBOX).current?.cancel(id)) ?? null;
  if (answer === null) throw unknownDelegation(id);
  if (isRefusal(answer)) throw new NodeRouterError(answer);
  return outgoingReport(answer);
}

/**
 * Ends a task that was given and of which nobody knows, as lost: for a peer that is gone for good.
 * @param params `{ id, reason, by? }`; @param caller as the gateway knows them.
 */
export async function endDelegation(
  deps: Deps & Pick<RouterDeps, "log">,
  params: Params,
  caller: string,
): Promise<DelegationReport> {
  const said = readTextParam(params, "reason");
  if (said === null) throw new UsageError("a reason is needed, which the agent that gave the task is told");
  const { id, direction, peer } = found(deps, params);
  if (direction === "in")
    throw new UsageError(`delegation ${quote(id)} is another gateway's: cancel ends it here`);
  const why = `${quote(shortened(said, MAX_REASON))}, says ${speaker(params, caller)}`;
  const fact = `peer ${quote(peer ?? "")} is asked about the task no more: ${why}`;
  const reason = refusal("OUTCOME_UNKNOWN", fact);
  const answer = (await deps.memory.part(OUTBOX).current?.writeOff(id, reason)) ?? null;
  if (answer === null) throw unknownDelegation(id);
  if (isRefusal(answer)) throw new NodeRouterError(answer);
  deps.log.info({ id, peer, reason: why }, "an operator has ended a delegation of which nobody knows");
  return outgoingReport(answer);
}

/** The same task as a new one. @param params `{ id, again? }`; `again`: also where something of it may have run. */
export async function retryDelegation(deps: Deps, params: Params): Promise<DelegationReport> {
  const { id, direction } = found(deps, params);
  if (direction === "in")
    throw new UsageError(`delegation ${quote(id)} is another gateway's: it is given anew there`);
  const answer = (await deps.memory.part(OUTBOX).current?.retry(id, params.again === true)) ?? null;
  if (answer === null) throw unknownDelegation(id);
  if (isRefusal(answer)) throw new NodeRouterError(answer);
  return outgoingReport(answer);
}

/** Newest first. */
function all({ memory }: Deps): readonly DelegationReport[] {
  const given = (memory.part(OUTBOX).current?.all() ?? []).map(outgoingReport);
  const taken = (memory.part(INBOX).current?.tasks() ?? []).map(incomingReport);
  return [...given, ...taken].sort((a, b) => ((a.createdAt ?? "") < (b.createdAt ?? "") ? 1 : -1));
}

const MIN_BEGINNING = 8;

function found(deps: Deps, params: Params): DelegationReport {
  const id = readTextParam(params, "id");
  if (id === null) throw new UsageError("the id of a delegation is needed");
  const known = all(deps);
  const exact = known.find((one) => one.id === id);
  if (exact !== undefined) return exact;
  const like = id.length < MIN_BEGINNING ? [] : known.filter((one) => one.id.startsWith(id));
  const [only] = like;
  if (only === undefined) throw unknownDelegation(id);
  if (like.length > 1) throw new UsageError(`${quote(id)} is the beginning of ${like.length} delegations`);
  return only;
}

function unknownDelegation(id: string): NodeRouterError {
  return new NodeRouterError(refusal("DELEGATION_UNKNOWN", `no delegation ${quote(id)} is kept here`));
}

function notDone(fact: string): NodeRouterError {
  return new NodeRouterError(refusal("DELEGATION_FAILED", fact));
}

function configOf({ memory }: Deps): ResolvedConfig {
  return memory.part(PLUGIN_CONFIG).current ?? resolveConfig({});
}
