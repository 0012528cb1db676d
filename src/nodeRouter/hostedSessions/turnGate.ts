// Refuses every turn of a routed agent that the host would run on a machine which its rule does not allow.

import { PLUGIN_CONFIG } from "../../config/currentConfig.ts";
import { NODE_READER } from "../../presence/sources/gateway/nodeReader.ts";
import { BoundedMap } from "../../shared/bounded.ts";
import { messageOf, NodeRouterError } from "../../shared/errors.ts";
import { agentOfSessionKey, normalizeAgentId } from "../../shared/hostNames.ts";
import type { Logger } from "../../shared/logger.ts";
import { definePart } from "../../shared/processMemory.ts";
import { coded, type Refusal, refusal, refusalWords } from "../../shared/refusal.ts";
import { mayCloseNodes } from "../current/closing.ts";
import { currentPolicy, policyNow } from "../current/worldNow.ts";
import { currentSnapshot, lastSnapshot, type SnapshotDeps } from "../inventory/currentSnapshot.ts";
import type { NodeSnapshot } from "../placement/model/snapshot.ts";
import type { AgentPolicy } from "../policy/agentPolicy.ts";
import { fittingHosts, hostingProblem, nodeLabel } from "../policy/hosting.ts";
import { COUNTERS } from "../state/counters.ts";
import type { Evidence, HostedReader, HostedSession, Turn, TurnGate } from "./hostedSession.ts";
import { hostingHosts } from "./hosts.ts";
import { hostedElsewhere } from "./words.ts";

export interface TurnGateDeps extends SnapshotDeps {
  readonly log: Logger;
  readonly hostConfig: () => unknown;
  readonly reader: HostedReader;
  /** Device id of the node on which a command line agent would run this session's turns; null: on the gateway. */
  readonly cliNode: (agent: string, sessionKey: string) => string | null;
}

/** Runs that the host has on another machine, with its device id. */
export const HOSTED_RUNS = definePart("hosted-runs", 1, () => new BoundedMap<string, string | null>(4_096));

/** An older list of the nodes says nothing about where one is now. */
const LIST_MAX_AGE_MS = 120_000;

/** States in which the host has not chosen the machine for good: it is asked again when it has. */
const UNSETTLED = ["requested", "provisioning", "syncing", "starting"];

/** Reads the host's records at every question: a session can be dispatched between two turns, and while one waits. */
export function createTurnGate(deps: TurnGateDeps): TurnGate {
  const log = deps.log.child({ part: "hosted" });
  const { memory } = deps;
  /** The turn of each session that the log was last told of. */
  const told = new BoundedMap<string, string | null>(256);

  const agentsOf = (turn: Turn): readonly string[] => {
    const stated = turn.agent ? normalizeAgentId(turn.agent) : null;
    const named = agentOfSessionKey(turn.sessionKey ?? "");
    return [...new Set([stated, named].filter((agent) => agent !== null))];
  };
  /** A turn that names nobody is of whoever its record names. */
  const concerned = (turn: Turn, session: HostedSession | null): readonly string[] => {
    const config = memory.part(PLUGIN_CONFIG).current;
    if (config === null) return [];
    const agents = session === null ? agentsOf(turn) : [...new Set([...agentsOf(turn), session.agent])];
    return agents.filter(
      (agent) => policyNow(deps, config, agent).mustBePlaced || mayCloseNodes(memory, config),
    );
  };

  const refuse = (agent: string, turn: Turn, why: Refusal): void => {
    const fact = { agent, session: turn.sessionKey, runId: turn.runId };
    const reason = refusalWords(why);
    // A workspace on a node is the sandbox that the operator chose, whatever the mode.
    const policy = currentPolicy(deps, agent);
    if (policy?.config.mode === "shadow" && policy.binding !== "workspace") {
      // Of one turn the host asks several times.
      if (told.get(turn.sessionId) === turn.runId) return;
      told.set(turn.sessionId, turn.runId);
      log.warn({ ...fact, reason }, coded(why.code, "shadow mode lets the turn run"));
      return;
    }
    memory.part(COUNTERS).hostedRefused += 1;
    log.error({ ...fact, reason }, coded(why.code, "a turn was refused"));
    throw new NodeRouterError(why);
  };

  /** A fault while deciding is a reason too: nothing runs on a guess. */
  const problemNow = (policy: AgentPolicy, nodeId: string | null, snapshot: NodeSnapshot): string | null => {
    try {
      const isOld = snapshot.takenAtMs === null || deps.now() - snapshot.takenAtMs > LIST_MAX_AGE_MS;
      return isOld
        ? "and the gateway has not listed its nodes lately"
        : hostingProblem(policy, nodeId, snapshot);
    } catch (error) {
      return `and it could not be decided whether it may be (${messageOf(error)})`;
    }
  };

  const checkSession = (turn: Turn, evidence: Evidence, session: HostedSession): void => {
    const config = memory.part(PLUGIN_CONFIG).current;
    if (config === null) return;
    const isUnsettled = UNSETTLED.includes(session.state);
    // The host ends such a turn itself, with the reason of the failure.
    if (session.state === "failed" && evidence === "none") return;
    const snapshot = lastSnapshot(deps, config);
    for (const agent of concerned(turn, session)) {
      if (isUnsettled && session.nodeId === null && evidence !== "hosted") continue;
      const policy = policyNow(deps, config, agent);
      const problem = problemNow(policy, session.nodeId, snapshot);
      if (problem !== null) {
        const fitting = fittingHosts(policy, snapshot, hostingHosts(memory.part(NODE_READER).last()));
        refuse(agent, turn, hostedElsewhere(agent, session, problem, snapshot, fitting));
      }
    }
    if (turn.runId !== null) memory.part(HOSTED_RUNS).set(turn.runId, session.nodeId);
  };

  const unreadable = (turn: Turn, reason: string): void => {
    for (const agent of concerned(turn, null)) {
      const what = `session "${turn.sessionKey ?? turn.sessionId}" of agent "${agent}" is hosted on another machine, and which one cannot be told: ${reason}`;
      const advice = 'start a new session, and run "openclaw node-router doctor"';
      refuse(agent, turn, refusal("HOSTED_ELSEWHERE", what, { advice }));
    }
  };

  return {
    concerns(turn) {
      // A turn that names no agent is looked up; a turn of any other agent costs nothing.
      return agentsOf(turn).length === 0
        ? memory.part(PLUGIN_CONFIG).current !== null
        : concerned(turn, null).length > 0;
    },
    async prepare(turn) {
      const config = memory.part(PLUGIN_CONFIG).current;
      const record = deps.reader.ofSession(turn.sessionId);
      if (config === null || (record.ok && record.session === null)) return;
      // Without the list every node is unknown, and so refused.
      await currentSnapshot(deps, config, 0).catch((error) =>
        log.error({ reason: messageOf(error) }, "the nodes could not be listed before a hosted turn"),
      );
    },
    check(turn, evidence) {
      const record = deps.reader.ofSession(turn.sessionId);
      if (record.ok && record.session !== null) return checkSession(turn, evidence, record.session);
      // The host's own word outweighs a record that is missing.
      if (evidence === "hosted") {
        unreadable(turn, record.ok ? "the host keeps no record of it" : record.reason);
      } else if (evidence === "waiting" && !record.ok) {
        unreadable(turn, record.reason);
      }
    },
    checkCli(turn) {
      const config = memory.part(PLUGIN_CONFIG).current;
      if (config === null) return;
      for (const agent of concerned(turn, null)) {
        let nodeId: string | null;
        try {
          nodeId = deps.cliNode(agent, turn.sessionKey ?? "");
        } catch (error) {
          return unreadable(turn, messageOf(error));
        }
        if (nodeId === null) continue;
        const snapshot = lastSnapshot(deps, config);
        const problem = problemNow(policyNow(deps, config, agent), nodeId, snapshot);
        if (problem === null) continue;
        const what = `the command line agent of session "${turn.sessionKey ?? ""}" (agent "${agent}") would run on ${nodeLabel(nodeId, snapshot)}, ${problem}`;
        const advice = "set the session's execNode to a node that fits, or start a new session";
        refuse(agent, turn, refusal("HOSTED_ELSEWHERE", what, { advice }));
      }
    },
  };
}
