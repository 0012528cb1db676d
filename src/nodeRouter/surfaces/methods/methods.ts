// What the gateway methods answer. The CLI and every other client ask these, never a second copy of the logic.

import { hostname } from "node:os";
import { type ResolvedConfig, resolveConfig } from "../../../config/resolve.ts";
import { PRESENCE } from "../../../presence/presence.ts";
import { NODE_READER } from "../../../presence/sources/gateway/nodeReader.ts";
import { NodeRouterError } from "../../../shared/errors.ts";
import { normalizeAgentId } from "../../../shared/hostNames.ts";
import { loadLater } from "../../../shared/loadLater.ts";
import { refusal } from "../../../shared/refusal.ts";
import { quote } from "../../../shared/safeText.ts";
import { ALERTS } from "../../alerts/alertsHealth.ts";
import { busyNodes } from "../../current/pressure.ts";
import { testedNow } from "../../current/testedConfig.ts";
import { WAITING } from "../../current/waiting.ts";
import { worldNow } from "../../current/worldNow.ts";
import { PEERS } from "../../delegation/peers/knownPeers.ts";
import type { ExplainReport } from "../../explain/report.ts";
import { discoveryOf } from "../../host/discovery.ts";
import { listedAgentIds } from "../../host/hostConfig.ts";
import { SANDBOX_PROBLEM } from "../../host/sandboxApi.ts";
import { turnGateState } from "../../hostedSessions/openclawAdapter.ts";
import { CORDONS } from "../../inventory/cordons.ts";
import { currentSnapshot, lastSnapshot, presenceRecords } from "../../inventory/currentSnapshot.ts";
import { JOBS } from "../../jobs/jobs.ts";
import { LEDGER } from "../../ledger/ledger.ts";
import { HOOKS_SEEN, hookLiveness } from "../../liveness/liveness.ts";
import type { NodeSnapshot } from "../../placement/model/snapshot.ts";
import { explainTool } from "../../policy/explainTool.ts";
import type { RouterDeps } from "../../process/deps.ts";
import { COUNTERS } from "../../state/counters.ts";
import { LAST_NODES } from "../../state/lastNodes.ts";
import { toolNamed } from "../../toolCatalog/knownTools.ts";
import { STRANGE_TOOLS } from "../../toolCatalog/strangeTools.ts";
import { SSH_TRANSPORT } from "../../transports/transport.ts";
import { TUNNELS, tunnelsOf } from "../../tunnels/tunnelStatus.ts";
import { PERSONA } from "../../workspace/persona/bindings.ts";
import type { DoctorReport } from "../doctor/doctor.ts";
import type { SshLook } from "../doctor/finding.ts";
import { type GuardPlan, planGuard } from "../guard/guardPlan.ts";
import { currentNodesReport } from "../reports/currentNodesReport.ts";
import { createEventsReport, type EventsReport } from "../reports/eventsReport.ts";
import type { NodesReport } from "../reports/nodesReport.ts";
import { parseSince, SINCE_HELP } from "../reports/since.ts";
import { sshFaults, sshStatus } from "../reports/sshStatus.ts";
import { createStatusReport, type StatusReport } from "../reports/statusReport.ts";
import { nearAndSome, type Params, readFlag, readTextParam, UsageError, unknownName } from "./params.ts";

export interface GuardReport {
  readonly agents: readonly GuardPlan[];
  /** Whether the changes were written now. */
  readonly applied: boolean;
}

/** Writes the changes into the gateway's config file. */
export type WriteGuard = (plans: readonly GuardPlan[]) => Promise<void>;

/** Asks ssh about every node with SSH settings, as a new connection would. */
export type LookAtSsh = (config: ResolvedConfig) => Promise<readonly SshLook[]>;

/** A list this fresh is read for every report: an operator asks how it is now. */
const NOW = 0;

/** Parameters of `explain` that suppose something. */
const WHAT_IF = ["down", "cordon", "require", "at"];

/**
 * The id of the agent that is asked about, in whatever form.
 * @param known null: nobody knows who there is.
 * @throws NodeRouterError AGENT_UNKNOWN
 */
function agentNamed(written: string, known: readonly string[] | null): string {
  const id = normalizeAgentId(written);
  if (known === null || known.includes(id)) return id;
  const advice = nearAndSome(written, known, "configured").replace("? c", "? C");
  throw new NodeRouterError(refusal("AGENT_UNKNOWN", `no agent ${quote(written)} is configured`, { advice }));
}

export interface Methods {
  status(): Promise<StatusReport>;
  nodes(): Promise<NodesReport>;
  /** `{ since?, node? }`; `since` as `parseSince` takes it. */
  events(params: Params): Promise<EventsReport>;
  /**
   * `{ agent, tool?, toolExists?, down?, cordon?, require?, at? }`; `toolExists`: the caller knows of the tool from
   * OpenClaw's own list. The last four suppose something (`supposed.ts`). `{ agent, delegate: true, to?, agentThere? }`
   * asks for the peer that would get a task.
   * @throws NodeRouterError AGENT_UNKNOWN, TOOL_UNKNOWN
   */
  explain(params: Params): Promise<ExplainReport>;
  doctor(): Promise<DoctorReport>;
  /** `{ dryRun?, agents? }`. Writes, unless `dryRun` is true; without `agents` for all of them. */
  guard(params: Params): Promise<GuardReport>;
  /** `{ agents? }`: what `guard` would write. Writes nothing, so that whoever may look may ask. */
  guardPlan(params: Params): Promise<GuardReport>;
}

/**
 * @param lookAtSsh for `doctor`; default: nobody is asked.
 * @throws NodeRouterError INVENTORY_UNAVAILABLE, UsageError
 */
export function createMethods(
  deps: RouterDeps,
  version: string,
  writeGuard: WriteGuard,
  lookAtSsh: LookAtSsh = async () => [],
): Methods {
  const { memory } = deps;
  const config = (): ResolvedConfig => testedNow(deps) ?? resolveConfig({});
  const knownNodes = () => {
    const listed = lastSnapshot(deps, config()).nodes.map(({ name }) => name);
    return [...new Set([...config().nodes.keys(), ...listed])];
  };
  // A node that left has a history all the same.
  const isKnown = (node: string) =>
    knownNodes().includes(node) ||
    config().peers.has(node) ||
    (memory.part(PRESENCE).current?.history(node) ?? null) !== null;
  const guardPlans = async ({ agents }: Params) => {
    if (agents !== undefined && !Array.isArray(agents)) throw new UsageError("agents is a list of ids");
    // Whoever misspells an agent must not be told that there is nothing to guard.
    const known = listedAgentIds(deps.hostConfig());
    const wanted = agents?.map((agent) => agentNamed(String(agent), known)) ?? null;
    const plans = planGuard(config(), deps.hostConfig(), await currentSnapshot(deps, config(), NOW));
    return plans.filter(({ agent }) => wanted === null || wanted.includes(agent));
  };
  // What status and doctor are both made of.
  const knownNow = (snapshot: NodeSnapshot) => ({
    snapshot,
    config: config(),
    hostConfig: deps.hostConfig(),
    hostNodes: memory.part(NODE_READER).last()?.nodes ?? [],
    hooks: hookLiveness(memory.part(HOOKS_SEEN), deps.now()),
    counters: memory.part(COUNTERS),
    discovery: discoveryOf(process.env, hostname()),
    audit: memory.part(LEDGER).current?.state() ?? null,
    apiProblem: memory.part(SANDBOX_PROBLEM).current,
    presence: presenceRecords(deps),
    sources: memory.part(PRESENCE).current?.sources() ?? [],
    lastNodes: memory.part(LAST_NODES),
    hosted: deps.hosted?.all(),
    tunnels: tunnelsOf(config(), memory.part(TUNNELS).current),
    nowMs: deps.now(),
  });
  return {
    async status() {
      await memory.part(JOBS).ready();
      return createStatusReport({
        ...knownNow(await currentSnapshot(deps, config(), NOW)),
        version,
        waiting: memory.part(WAITING).calls,
        busy: busyNodes(memory, config()),
        ssh: sshStatus(memory.part(SSH_TRANSPORT).current),
        sessions: deps.sessionTotals,
        gatewayWorkspace: deps.agentWorkspace,
      });
    },

    async nodes() {
      const snapshot = await currentSnapshot(deps, config(), NOW);
      // Before that nobody knows how many run.
      await memory.part(JOBS).ready();
      return currentNodesReport(deps, config(), snapshot);
    },

    async events(params) {
      const [since, node] = [readTextParam(params, "since"), readTextParam(params, "node")];
      const sinceMs = since === null ? null : parseSince(since, deps.now());
      if (since !== null && sinceMs === null) {
        throw new UsageError(`since takes ${SINCE_HELP}, not ${quote(since)}`);
      }
      if (node !== null && !isKnown(node)) {
        throw unknownName("node", node, [...knownNodes(), ...config().peers.keys()]);
      }
      const peers = memory.part(PEERS).current?.changes?.();
      return createEventsReport(memory.part(PRESENCE).current, { sinceMs, node }, peers);
    },

    async explain(params) {
      const agent = readTextParam(params, "agent");
      if (agent === null) throw new UsageError("explain needs an agent");
      const id = agentNamed(agent, listedAgentIds(deps.hostConfig()));
      if (params.delegate === true) {
        const { explainDelegation } = await loadLater(() => import("./laterMethods.ts"));
        return explainDelegation(deps, config(), id, params);
      }
      const tool = toolNamed(readTextParam(params, "tool") ?? "exec", params.toolExists === true);
      const snapshot = await currentSnapshot(deps, config(), NOW);
      const world = worldNow(deps, config(), snapshot);
      const lastNodes = memory.part(LAST_NODES);
      if (!WHAT_IF.some((key) => params[key] !== undefined))
        return explainTool(world.agent(id), tool, world, deps.now(), lastNodes);
      const { suppose } = await loadLater(() => import("./laterMethods.ts"));
      const policy = world.agent(id);
      // In a workspace the rule of exec speaks for its tools.
      const rule = policy.ruleFor(tool) ?? policy.execRule;
      const { words: supposed, ...other } = suppose(params, config(), snapshot, rule, deps.now());
      const then = worldNow(deps, other.config, other.snapshot);
      return { ...explainTool(then.agent(id), tool, then, deps.now(), lastNodes), supposed };
    },

    async doctor() {
      const [snapshot, ssh] = await Promise.all([currentSnapshot(deps, config(), NOW), lookAtSsh(config())]);
      const { runDoctor } = await loadLater(() => import("./laterMethods.ts"));
      const known = knownNow(snapshot);
      return runDoctor({
        ...known,
        ssh,
        missedAgents: memory.part(HOOKS_SEEN).missedAgents,
        strangeTools: [...memory.part(STRANGE_TOOLS).values()],
        workspace: { apiProblem: known.apiProblem, persona: memory.part(PERSONA) },
        sshFaults: sshFaults(memory.part(SSH_TRANSPORT).current),
        turnGate: turnGateState(memory),
        cordons: memory.part(CORDONS).view(),
        peers: memory.part(PEERS).current?.known() ?? new Map(),
        alerts: memory.part(ALERTS).health,
      });
    },

    async guard(params) {
      const isDry = readFlag(params, "dryRun");
      const plans = await guardPlans(params);
      const wanted = plans.some((plan) => plan.changes.length > 0) && !isDry;
      if (wanted) await writeGuard(plans);
      return { agents: plans, applied: wanted };
    },

    async guardPlan(params) {
      return { agents: await guardPlans(params), applied: false };
    },
  };
}
